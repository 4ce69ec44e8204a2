// How a share or a delivery is, as the key of the words for it, what they hold,
// and the line of stages. Pure, so that every state can be tried.

import type { Delivery, ImageRequest, InboxItem, ShareLine, ShareProgress } from '@/api/exchange';
import type { Stage } from '@/ui/StageLine';
import type { Condition } from '@/ui/State';

/** The last day and time that a member need look at it. */
export const CONDITIONS: Record<ShareProgress['state'], Condition> = {
    fetching: 'going',
    waiting: 'waiting',
    under_way: 'going',
    retrying: 'waiting',
    delivered: 'good',
    stopped: 'act',
    held: 'waiting',
    taken_back: 'off',
    expired: 'off',
    declined: 'act',
};

export const DELIVERY_CONDITIONS: Record<Delivery['state'], Condition> = {
    waiting: 'waiting',
    under_way: 'going',
    retrying: 'waiting',
    delivered: 'good',
    stopped: 'act',
    withdrawn: 'off',
    held: 'waiting',
    declined: 'act',
};

export interface Line {
    counts: Record<Stage, number>;
    of: number;
    stoppedAt?: Stage;
}

const isPassing = (state: string) => ['under_way', 'retrying', 'delivered', 'stopped'].includes(state);

function line(here: number, of: number, there: number, state: string): Line {
    const isAllowed = here > 0 && isPassing(state);
    // All have not come, and it cannot go on: it stands at the first stage that is not full.
    const stoppedAt = state !== 'stopped' ? undefined : here < of ? 'received' : 'inPacs';
    return {
        counts: {
            received: here,
            atHub: here,
            allowed: isAllowed ? here : there,
            underWay: Math.max(there, isAllowed ? here : 0),
            inPacs: there,
        },
        of: Math.max(of, here, 1),
        stoppedAt,
    };
}

export function shareLine({ state, expected, here, delivered }: ShareProgress): Line {
    return line(here, expected ?? here, delivered, state);
}

export function arrived({ stored, already_there }: Pick<Delivery, 'stored' | 'already_there'>): number {
    return stored + already_there;
}

type Moving = Pick<Delivery, 'images' | 'expected' | 'state' | 'failed' | 'stored' | 'already_there'>;

export function deliveryLine(delivery: Moving): Line {
    const { images, expected, state, failed } = delivery;
    const drawn = line(images, expected ?? images, arrived(delivery), state);
    return state === 'stopped' && failed > 0 ? { ...drawn, stoppedAt: 'inPacs' } : drawn;
}

/** Many recipients: the words say how many, and name one only when it is alone. */
export function recipientOf({ recipients }: Pick<ShareLine, 'recipients'>): { name: string; count: number } {
    return { name: recipients[0]?.name ?? '', count: recipients.length };
}

export type Show = 'under_way' | 'trouble' | 'done';

/** What the receiver is to do, or what goes on by itself. */
export type Next =
    | 'recall'
    | 'held'
    | 'unopened'
    | 'unopenedComing'
    | 'coming'
    | 'retrying'
    | 'stopped'
    | 'declined'
    | 'withdrawn'
    | 'opened'
    | 'done';

export function nextOf(item: Pick<InboxItem, 'state' | 'recall' | 'opened_at'>): Next {
    if (item.recall) return 'recall';
    switch (item.state) {
        case 'held':
        case 'declined':
        case 'withdrawn':
        case 'retrying':
        case 'stopped':
            return item.state;
        case 'waiting':
        case 'under_way':
            return item.opened_at ? 'coming' : 'unopenedComing';
        default:
            return item.opened_at ? 'opened' : 'unopened';
    }
}

export const NEXT_CONDITIONS: Record<Next, Condition> = {
    recall: 'act',
    held: 'waiting',
    unopened: 'waiting',
    unopenedComing: 'going',
    coming: 'going',
    retrying: 'waiting',
    stopped: 'act',
    declined: 'off',
    withdrawn: 'off',
    opened: 'good',
    done: 'good',
};

/** Whose turn it is: red only where we must act. */
export function requestCondition({ side, state }: Pick<ImageRequest, 'side' | 'state'>): Condition {
    switch (state) {
        case 'open':
            return 'waiting';
        case 'being_handled':
            return 'going';
        case 'answered':
            return 'good';
        case 'declined':
            return side === 'asked' ? 'act' : 'off';
        default:
            return 'off';
    }
}

export const isWaiting = ({ state }: Pick<ImageRequest, 'state'>) => state === 'open' || state === 'being_handled';
