// What the pages for finding, sharing and receiving ask of the hub.

import type {
    Box,
    Colleagues,
    Decision,
    ImageRequest,
    InboxDetail,
    InboxPage,
    Match,
    NewImageRequest,
    NewShare,
    Page,
    Recipient,
    RequestPage,
    RequestSide,
    Share,
    ShareLine,
    TakeBackWhy,
} from '@/api/exchange';
import { ask } from '@/api/request';

const delivery = (share: string, id: string) => ({ share, id });

export const exchange = {
    recipients: () => ask<{ items: Recipient[] }>('GET', '/api/recipients'),
    favour: ({ id, favourite }: { id: string; favourite: boolean }) =>
        ask(favourite ? 'PUT' : 'DELETE', '/api/recipients/{id}/favourite', { path: { id }, body: {} }),
    draft: () => ask<{ draft: unknown }>('GET', '/api/draft'),
    keepDraft: (draft: object, keepalive = false) => ask('PUT', '/api/draft', { body: { draft }, keepalive }),
    dropDraft: () => ask('DELETE', '/api/draft', { body: {} }),
    share: (id: string, body: NewShare) => ask<Share>('PUT', '/api/shares/{id}', { path: { id }, body }),
    shares: (state: string, before?: string) =>
        ask<Page<ShareLine>>('GET', '/api/shares', { query: { state, before } }),
    shareOf: (id: string) => ask<Share>('GET', '/api/shares/{id}', { path: { id } }),
    takeBack: (id: string, why: TakeBackWhy, reason: string) =>
        ask<{ recalled: number }>('POST', '/api/shares/{id}/take-back', { path: { id }, body: { why, reason } }),
    retry: (share: string, id: string) =>
        ask('POST', '/api/shares/{share}/recipients/{id}/retry', { path: delivery(share, id), body: {} }),
    cancel: (share: string, id: string, reason: string) =>
        ask('POST', '/api/shares/{share}/recipients/{id}/cancel', { path: delivery(share, id), body: { reason } }),
    fetchAgain: (share: string, id: string) =>
        ask('POST', '/api/shares/{share}/studies/{id}/fetch', { path: delivery(share, id), body: {} }),
};

export const inbox = {
    list: (box: Box, before?: string) => ask<InboxPage>('GET', '/api/inbox', { query: { box, before } }),
    one: (id: string) => ask<InboxDetail>('GET', '/api/inbox/{id}', { path: { id } }),
    open: (id: string) => ask('POST', '/api/inbox/{id}/open', { path: { id }, body: {} }),
    match: (id: string) => ask<Match>('POST', '/api/inbox/{id}/match', { path: { id }, body: {} }),
    accept: (id: string, decision: Decision, reason: string) =>
        ask('POST', '/api/inbox/{id}/accept', { path: { id }, body: { decision, reason } }),
    decline: (id: string, reason: string) => ask('POST', '/api/inbox/{id}/decline', { path: { id }, body: { reason } }),
    assign: (id: string, to: { member: string | null; unit: string | null }) =>
        ask('POST', '/api/inbox/{id}/assign', { path: { id }, body: to }),
    recallDone: (id: string, what: 'removed' | 'kept', reason: string) =>
        ask('POST', '/api/inbox/{id}/recall-done', { path: { id }, body: { what, reason } }),
    colleagues: () => ask<Colleagues>('GET', '/api/inbox/colleagues'),
};

const deed = (name: 'handle' | 'withdraw' | 'remind') => (id: string) =>
    ask('POST', `/api/requests/{id}/${name}`, { path: { id }, body: {} });

export const requests = {
    holders: () => ask<{ items: Recipient[] }>('GET', '/api/requests/holders'),
    list: (side: RequestSide, state: string, before?: string) =>
        ask<RequestPage>('GET', '/api/requests', { query: { side, state, before } }),
    one: (id: string) => ask<ImageRequest>('GET', '/api/requests/{id}', { path: { id } }),
    ask: (id: string, body: NewImageRequest) =>
        ask<{ id: string }>('PUT', '/api/requests/{id}', { path: { id }, body }),
    handle: deed('handle'),
    withdraw: deed('withdraw'),
    remind: deed('remind'),
    decline: (id: string, reason: string) =>
        ask('POST', '/api/requests/{id}/decline', { path: { id }, body: { reason } }),
};
