// Gateways: what is asked of the hub, and their list, kept fresh by the hub's own news.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Answer, Gateway } from '@/api/contract';
import { listen, request } from '@/api/request';

export const gateways = {
    list: () => request('GET', '/api/gateways'),
    code: () => request('POST', '/api/gateways/codes', { body: {} }),
    revoke: ({ id, name }: Gateway) =>
        request('DELETE', '/api/gateways/{id}', { path: { id }, query: { confirm: name } }),
    test: (id: string) => request('POST', '/api/gateways/{id}/test', { path: { id }, body: {} }),
    tested: (delivery: string) => request('GET', '/api/tests/{delivery}', { path: { delivery } }),
};

/** Where the hub's news does not come through, asking now and then does. */
const ASK_MS = 5000;

export function useGateways() {
    const client = useQueryClient();
    useEffect(
        () =>
            listen<Answer<'GET', '/api/gateways'>>('/api/gateways/events', 'gateways', (news) =>
                client.setQueryData(['gateways'], news),
            ),
        [client],
    );
    return useQuery({ queryKey: ['gateways'], queryFn: gateways.list, refetchInterval: ASK_MS });
}
