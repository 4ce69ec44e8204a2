// Who is logged in, as server state: asked once, kept, and asked anew when it changes.

import { queryOptions, useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import type { SessionState } from '@/api/contract';
import { session } from './session';

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: session.state, staleTime: 60_000 });

export type Me = SessionState & { member: NonNullable<SessionState['member']> };

/** For pages inside the shell, where somebody is always logged in. */
export function useMe(): Me {
    const { data } = useSuspenseQuery(meQuery);
    if (!data.member) throw new Error('a page of the shell was drawn for nobody');
    return { ...data, member: data.member };
}

/** Whether the one who is logged in may do any of these, where they act now. */
export function useMay(): (...permissions: string[]) => boolean {
    const { permissions: held } = useMe();
    return (...permissions) => permissions.some((permission) => held.includes(permission));
}

/** A change after which another person, or the same in another place, looks at everything. */
export function useIdentityChange<In>(change: (input: In) => Promise<unknown>) {
    const client = useQueryClient();
    return useMutation({
        mutationFn: change,
        onSuccess: () => {
            client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' });
            return client.fetchQuery({ ...meQuery, staleTime: 0 });
        },
    });
}

/** After a step of logging in: on to where one was going; the routes ask for what is missing still. */
export function useArrive() {
    const client = useQueryClient();
    const router = useRouter();
    return async (back: string) => {
        await client.fetchQuery({ ...meQuery, staleTime: 0 });
        router.history.push(back);
    };
}
