// In which order recipients are offered.

import type { Recipient } from '@/api/exchange';

const MOST_NEAR = 6;

/** Favourites, then those it went to lately, then the rest by name; the closed last. */
export function ordered(all: Recipient[]): Recipient[] {
    const rank = ({ favourite, last_at, takes }: Recipient) =>
        takes === 'closed' ? 3 : favourite ? 0 : last_at ? 1 : 2;
    return [...all].sort(
        (a, b) =>
            rank(a) - rank(b) ||
            (rank(a) === 1 ? (b.last_at ?? '').localeCompare(a.last_at ?? '') : 0) ||
            a.name.localeCompare(b.name, 'sv'),
    );
}

/** Those that are one press away: nobody looks for whom one sends to every day. The chosen stay in sight. */
export function nearest(all: Recipient[], chosen: string[]): Recipient[] {
    const usual = all.filter(({ favourite, last_at }) => favourite || last_at).slice(0, MOST_NEAR);
    const others = all.filter((one) => chosen.includes(one.id) && !usual.includes(one));
    return [...others, ...usual];
}
