import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import type { ImageRequest, RequestPage, RequestsNews } from '@/api/exchange';
import { takeRequests } from './news';

const counts = { asked: { open: 0, being_handled: 0 }, received: { open: 1, being_handled: 0 } };
const told = (state: ImageRequest['state'], changed_at: string): RequestsNews => ({
    counts,
    items: [{ id: 'r', state, changed_at }],
});

test('a request that has changed is asked for anew where it is shown', () => {
    const client = new QueryClient();
    const shown = { id: 'r', state: 'open', changed_at: '1' } as ImageRequest;
    const page: RequestPage = { items: [shown], next: null, counts };
    client.setQueryData(['requests', 'list', 'received', 'waiting'], { pages: [page], pageParams: [undefined] });
    client.setQueryData(['requests', 'one', 'r'], shown);
    const isOld = (...key: string[]) => client.getQueryState(key)?.isInvalidated;
    takeRequests(client, told('open', '1'));
    expect(isOld('requests', 'list', 'received', 'waiting')).toBe(false);
    // It has run out: nothing was changed, and yet it is another.
    takeRequests(client, told('expired', '1'));
    expect(isOld('requests', 'list', 'received', 'waiting')).toBe(true);
    expect(isOld('requests', 'one', 'r')).toBe(true);
});

test('a new one is asked for, whichever list it belongs to', () => {
    const client = new QueryClient();
    const page: RequestPage = { items: [], next: null, counts };
    client.setQueryData(['requests', 'list', 'received', 'waiting'], { pages: [page], pageParams: [undefined] });
    takeRequests(client, { counts, items: [] });
    takeRequests(client, told('open', '1'));
    expect(client.getQueryState(['requests', 'list', 'received', 'waiting'])?.isInvalidated).toBe(true);
});
