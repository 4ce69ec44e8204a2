// Who is logged in, as server state: asked once, kept, and asked anew when it changes.

import { queryOptions, useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { type Me, session } from './facade';

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: () => session.me(), staleTime: 60_000 });

/** For pages inside the shell, where somebody is always logged in and acts somewhere. */
export function useMe(): Me & { unit: NonNullable<Me['unit']> } {
    const { data } = useSuspenseQuery(meQuery);
    if (!data?.unit) throw new Error('a page of the shell was drawn for nobody');
    return { ...data, unit: data.unit };
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
