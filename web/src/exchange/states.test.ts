import { expect, test } from 'vitest';
import type { InboxItem, Recipient, ShareProgress } from '@/api/exchange';
import en from '@/i18n/en/exchange';
import sv from '@/i18n/sv/exchange';
import { nearest, ordered } from './recipients';
import {
    CONDITIONS,
    DELIVERY_CONDITIONS,
    isWaiting,
    NEXT_CONDITIONS,
    nextOf,
    requestCondition,
    shareLine,
} from './states';

test('every state has words in both languages', () => {
    for (const words of [sv, en]) {
        expect(Object.keys(words.share).sort()).toEqual(Object.keys(CONDITIONS).sort());
        expect(Object.keys(words.delivery).sort()).toEqual(Object.keys(DELIVERY_CONDITIONS).sort());
        expect(Object.keys(words.next).sort()).toEqual(Object.keys(NEXT_CONDITIONS).sort());
    }
});

const share = (some: Partial<ShareProgress>): ShareProgress => ({
    state: 'under_way',
    expected: 312,
    here: 312,
    delivered: 0,
    changed_at: '',
    ...some,
});

test('the line fills from the left, and stands where it stopped', () => {
    expect(shareLine(share({ state: 'fetching', here: 80 }))).toEqual({
        counts: { received: 80, atHub: 80, allowed: 0, underWay: 0, inPacs: 0 },
        of: 312,
        stoppedAt: undefined,
    });
    expect(shareLine(share({ state: 'held' })).counts).toMatchObject({ atHub: 312, allowed: 0 });
    expect(shareLine(share({ delivered: 180 })).counts).toMatchObject({ allowed: 312, underWay: 312, inPacs: 180 });
    expect(shareLine(share({ state: 'stopped', delivered: 9 })).stoppedAt).toBe('inPacs');
    expect(shareLine(share({ state: 'stopped', here: 9 })).stoppedAt).toBe('received');
    expect(shareLine(share({ expected: null, here: 0 })).of).toBe(1);
});

test('a recall goes before all else in the inbox', () => {
    const item = (some: Partial<InboxItem>) =>
        ({ state: 'delivered', recall: null, opened_at: null, ...some }) as InboxItem;
    expect(nextOf(item({ recall: { at: '', why: 'other' } }))).toBe('recall');
    expect(nextOf(item({}))).toBe('unopened');
    expect(nextOf(item({ opened_at: 'x' }))).toBe('opened');
    expect(nextOf(item({ state: 'under_way' }))).toBe('unopenedComing');
    expect(nextOf(item({ state: 'held' }))).toBe('held');
});

test('favourites first, then the latest, the closed last; the chosen stay in sight', () => {
    const one = (id: string, some: Partial<Recipient>) =>
        ({ id, name: id, takes: 'open', favourite: false, last_at: null, ...some }) as Recipient;
    const all = ordered([
        one('d', {}),
        one('c', { last_at: '2026-01-01' }),
        one('b', { last_at: '2026-02-01' }),
        one('x', { takes: 'closed', last_at: '2026-03-01' }),
        one('a', { favourite: true }),
    ]);
    expect(all.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'x']);
    expect(nearest(all, ['d']).map(({ id }) => id)).toEqual(['d', 'a', 'b', 'c', 'x']);
});

test('a request is red for whoever asked when it was declined, and for nobody else', () => {
    const states = Object.keys(sv.request.received) as (keyof typeof sv.request.received)[];
    expect(Object.keys(sv.request.asked)).toEqual(states);
    const red = states.flatMap((state) =>
        (['asked', 'received'] as const).filter((side) => requestCondition({ side, state }) === 'act'),
    );
    expect(red).toEqual(['asked']);
    expect(states.filter((state) => isWaiting({ state }))).toEqual(['open', 'being_handled']);
});
