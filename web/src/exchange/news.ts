// What the hub tells while pages are open, put into what they show. It holds no
// personal data: whatever is new about a share is asked for when it is looked at.

import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type {
    ImageRequest,
    InboxDetail,
    InboxNews,
    InboxPage,
    Page,
    RequestPage,
    RequestsNews,
    Share,
    ShareLine,
    SharesNews,
} from '@/api/exchange';
import { listen } from '@/api/request';

/** Where the hub's news does not come through, asking now and then does. */
export const ASK_MS = 60_000;

type Pages<P> = { pages: P[]; pageParams: unknown[] };

export function useSharesNews() {
    const client = useQueryClient();
    useEffect(() => listen<SharesNews>('/api/shares/events', 'shares', (news) => takeShares(client, news)), [client]);
}

export function takeShares(client: QueryClient, { shares }: SharesNews) {
    const told = new Map(shares.map((share) => [share.id, share]));
    let isUnknown = false;
    const rows = new Set<string>();
    client.setQueriesData<Pages<Page<ShareLine>>>({ queryKey: ['shares', 'list'] }, (before) => {
        if (!before) return before;
        const pages = before.pages.map((page) => ({
            ...page,
            items: page.items.map((row) => {
                rows.add(row.id);
                const news = told.get(row.id);
                // Another state may belong under another filter.
                if (news && news.state !== row.state) isUnknown = true;
                return news && news.changed_at !== row.changed_at ? { ...row, ...news } : row;
            }),
        }));
        return { ...before, pages };
    });
    for (const { id, changed_at } of shares) {
        if (rows.size > 0 && !rows.has(id)) isUnknown = true;
        const shown = client.getQueryData<Share>(['shares', 'one', id]);
        if (shown && shown.changed_at !== changed_at)
            void client.invalidateQueries({ queryKey: ['shares', 'one', id] });
    }
    if (isUnknown) void client.invalidateQueries({ queryKey: ['shares', 'list'] });
}

export function useInboxNews() {
    const client = useQueryClient();
    useEffect(() => listen<InboxNews>('/api/inbox/events', 'inbox', (news) => takeInbox(client, news)), [client]);
}

export function takeInbox(client: QueryClient, { counts, items }: InboxNews) {
    const told = new Map(items.map((item) => [item.id, item]));
    let isOther = false;
    client.setQueriesData<Pages<InboxPage>>({ queryKey: ['inbox', 'list'] }, (before) => {
        if (!before) return before;
        const pages = before.pages.map((page) => {
            const isSame = (Object.keys(counts) as (keyof typeof counts)[]).every(
                (box) => page.counts[box] === counts[box],
            );
            if (!isSame) isOther = true;
            return {
                ...page,
                counts,
                items: page.items.map((row) => {
                    const news = told.get(row.id);
                    return news && news.changed_at !== row.changed_at ? { ...row, ...news } : row;
                }),
            };
        });
        return { ...before, pages };
    });
    for (const { id, changed_at } of items) {
        const shown = client.getQueryData<InboxDetail>(['inbox', 'one', id]);
        if (shown && shown.changed_at !== changed_at) void client.invalidateQueries({ queryKey: ['inbox', 'one', id] });
    }
    if (isOther) void client.invalidateQueries({ queryKey: ['inbox', 'list'] });
}

export function useRequestsNews() {
    const client = useQueryClient();
    useEffect(
        () => listen<RequestsNews>('/api/requests/events', 'requests', (news) => takeRequests(client, news)),
        [client],
    );
}

export function takeRequests(client: QueryClient, { items }: RequestsNews) {
    const told = new Map(items.map((item) => [item.id, item]));
    const isOld = ({ id, state, changed_at }: Pick<ImageRequest, 'id' | 'state' | 'changed_at'>) => {
        const news = told.get(id);
        return news !== undefined && (news.changed_at !== changed_at || news.state !== state);
    };
    let isOther = false;
    for (const [, data] of client.getQueriesData<Pages<RequestPage>>({ queryKey: ['requests', 'list'] })) {
        for (const page of data?.pages ?? []) if (page.items.some(isOld)) isOther = true;
    }
    // What is new is in no list yet.
    const known = client.getQueryData<string>(['requests', 'told']);
    const now = items.map(({ id, changed_at }) => `${id} ${changed_at}`).join();
    if (known !== undefined && known !== now) isOther = true;
    client.setQueryData(['requests', 'told'], now);
    if (isOther) void client.invalidateQueries({ queryKey: ['requests', 'list'] });
    for (const { id } of items) {
        const shown = client.getQueryData<ImageRequest>(['requests', 'one', id]);
        if (shown && isOld(shown)) void client.invalidateQueries({ queryKey: ['requests', 'one', id] });
    }
}
