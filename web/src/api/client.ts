// The typed client: paths, parameters and answers come from openapi/bildbro.json
// by `npm run api`. Server state is reached through here only.

import createClient from 'openapi-fetch';
import { type Guards, guarded } from './guard';
import { fromBody, ProblemError } from './problem';
import type { paths } from './schema';

let guards: Guards = { stepUp: async () => false, sessionEnded: () => {} };

/** The shell says how to ask a person. */
export function setGuards(next: Guards) {
    guards = next;
}

export const client = createClient<paths>({
    baseUrl: '/',
    fetch: guarded(
        (request) => fetch(request),
        () => guards,
    ),
});

/** The answer, or a thrown ProblemError: what TanStack Query wants. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
    const { data, error, response } = await call;
    if (!response.ok) throw new ProblemError(fromBody(error, response.status));
    return data as T;
}
