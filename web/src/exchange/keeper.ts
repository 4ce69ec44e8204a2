// Keeps the draft at the hub a moment after each change; what did not get there
// is tried again, and goes with the next page that the same person sees.

import { problemOf } from '@/api/problem';
import type { Draft } from './basket';
import { exchange } from './calls';

const LATER_MS = 400;
const AGAIN_MS = 5000;

interface Waiting {
    member: string;
    draft: Draft;
}

let waiting: Waiting | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
/** One at a time, so that an older one never comes last. */
let going: Promise<unknown> = Promise.resolve();

function later(after: number) {
    clearTimeout(timer);
    timer = setTimeout(() => void send(), after);
}

function send(isLeaving = false): Promise<unknown> {
    clearTimeout(timer);
    going = going.then(async () => {
        const sent = waiting;
        if (!sent) return;
        try {
            await exchange.keepDraft(sent.draft, isLeaving);
            if (waiting === sent) waiting = undefined;
        } catch (error) {
            // Logged out: it waits for the same person to come back.
            const isOut = problemOf(error).status === 401;
            if (waiting === sent && !isOut) later(AGAIN_MS);
        }
    });
    return going;
}

// The page goes away: what waits goes at once.
if (typeof window !== 'undefined') window.addEventListener('pagehide', () => waiting && void send(true));

export const keeper = {
    keep(member: string, draft: Draft) {
        waiting = { member, draft };
        later(LATER_MS);
    },
    /** For the same person only: another's is forgotten. */
    unkept(member: string): Draft | undefined {
        if (waiting?.member !== member) waiting = undefined;
        if (waiting) later(LATER_MS);
        return waiting?.draft;
    },
    drop() {
        waiting = undefined;
        clearTimeout(timer);
        going = going.then(() => exchange.dropDraft().catch(() => {}));
        return going;
    },
};
