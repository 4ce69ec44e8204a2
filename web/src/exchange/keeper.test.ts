import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProblemError } from '@/api/problem';
import type { Draft } from './basket';
import { exchange } from './calls';
import { keeper } from './keeper';

vi.mock('./calls', () => ({ exchange: { keepDraft: vi.fn(), dropDraft: vi.fn(async () => undefined) } }));
const put = vi.mocked(exchange.keepDraft);
const draft = (message: string) => ({ message }) as Draft;
const refused = (status: number) => new ProblemError({ word: 'x', status, mayRetry: true });

beforeEach(() => {
    vi.useFakeTimers();
    put.mockReset();
});
afterEach(async () => {
    await keeper.drop();
    vi.useRealTimers();
});

test('what is typed fast is kept once, as it stands last', async () => {
    keeper.keep('anna', draft('a'));
    keeper.keep('anna', draft('ab'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(put.mock.calls).toEqual([[draft('ab'), false]]);
    expect(keeper.unkept('anna')).toBeUndefined();
});

test('what could not be kept is tried again', async () => {
    put.mockRejectedValueOnce(refused(503));
    keeper.keep('anna', draft('a'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(keeper.unkept('anna')).toEqual(draft('a'));
    await vi.advanceTimersByTimeAsync(6000);
    expect(put).toHaveBeenCalledTimes(2);
    expect(keeper.unkept('anna')).toBeUndefined();
});

test('logged out, it waits for the same person and for nobody else', async () => {
    put.mockRejectedValueOnce(refused(401));
    keeper.keep('anna', draft('a'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(put).toHaveBeenCalledTimes(1);
    expect(keeper.unkept('anna')).toEqual(draft('a'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(put).toHaveBeenCalledTimes(2);

    put.mockRejectedValueOnce(refused(401));
    keeper.keep('anna', draft('b'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(keeper.unkept('erik')).toBeUndefined();
    expect(keeper.unkept('anna')).toBeUndefined();
});
