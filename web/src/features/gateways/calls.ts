// Gateways: what is asked of the hub, and their list, kept fresh by the hub's own news.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { EnrolCode, Gateway, List, TestImage } from '@/api/contract';
import { listen, request, withQuery } from '@/api/request';

export const gateways = {
    list: () => request<List<Gateway>>('GET', '/api/gateways'),
    code: () => request<EnrolCode>('POST', '/api/gateways/codes', {}),
    revoke: ({ id, name }: Gateway) => request('DELETE', withQuery(`/api/gateways/${id}`, { confirm: name })),
    test: (id: string) => request<{ delivery: string }>('POST', `/api/gateways/${id}/test`, {}),
    tested: (delivery: string) => request<TestImage>('GET', `/api/tests/${delivery}`),
};

/** Where the hub's news does not come through, asking now and then does. */
const ASK_MS = 5000;

export function useGateways() {
    const client = useQueryClient();
    useEffect(
        () =>
            listen<List<Gateway> | Gateway[]>('/api/gateways/events', 'gateways', (news) =>
                client.setQueryData(['gateways'], Array.isArray(news) ? { items: news } : news),
            ),
        [client],
    );
    return useQuery({ queryKey: ['gateways'], queryFn: gateways.list, refetchInterval: ASK_MS });
}
