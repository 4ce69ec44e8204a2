// The way to the hub, and the only one. Every request says that it comes from
// the portal (`x-bildbro`), so that no other site can make one in its name.

import { type Guards, guarded } from './guard';
import { ProblemError, readProblem } from './problem';

let guards: Guards = { stepUp: async () => false, sessionEnded: () => {} };

/** The shell says how to ask a person. */
export function setGuards(next: Guards) {
    guards = next;
}

/** Shipped, it is the network; else a hub played in the browser, unless one is named. */
const isPlayed = import.meta.env.MODE !== 'production' && !import.meta.env.VITE_HUB;

async function carry(request: Request): Promise<Response> {
    if (import.meta.env.MODE !== 'production' && isPlayed) {
        const { imitation } = await import('@/imitation/hub');
        return imitation(request);
    }
    return fetch(request);
}

const send = guarded(carry, () => guards);

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

function sent(method: Method, path: string, body?: unknown): Request {
    return new Request(new URL(path, location.origin), {
        method,
        credentials: 'same-origin',
        cache: 'no-store',
        headers: { 'x-bildbro': '1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        body: body === undefined ? undefined : JSON.stringify(body),
    });
}

async function answered(method: Method, path: string, body?: unknown): Promise<Response> {
    const response = await send(sent(method, path, body));
    if (!response.ok) throw new ProblemError(await readProblem(response));
    return response;
}

/** The answer's JSON (nothing for 204), or a thrown ProblemError: what TanStack Query wants. */
export async function request<T = undefined>(method: Method, path: string, body?: unknown): Promise<T> {
    const response = await answered(method, path, body);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** The answer as it stands, such as a picture or a checkpoint. */
export async function requestText(path: string): Promise<string> {
    return (await answered('GET', path)).text();
}

/** Fetches a file and hands it to the person, by the name that the hub gives it. */
export async function download(method: Method, path: string, fallback: string, body?: unknown): Promise<void> {
    const response = await answered(method, path, body);
    // A second member must approve first: then there is no file yet.
    if (response.status === 202) throw new ProblemError({ word: 'approval-asked', status: 202, mayRetry: false });
    const given = response.headers.get('content-disposition')?.match(/filename="?([^";]+)"?/)?.[1];
    const address = URL.createObjectURL(await response.blob());
    const link = document.createElement('a');
    link.href = address;
    link.download = given ?? fallback;
    link.click();
    URL.revokeObjectURL(address);
}

/** A path with its query; what is empty is left out. */
export function withQuery(path: string, query: Record<string, string | number | boolean | undefined | null>): string {
    const filled = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
    const search = new URLSearchParams(filled.map(([name, value]) => [name, String(value)]));
    return search.size > 0 ? `${path}?${search}` : path;
}

/** What the hub tells by itself. Gives the function that stops listening. */
export function listen<T>(path: string, event: string, tell: (news: T) => void): () => void {
    // The played hub tells nothing by itself; pages ask now and then too.
    if (isPlayed || typeof EventSource === 'undefined') return () => {};
    const source = new EventSource(path);
    source.addEventListener(event, ({ data }) => tell(JSON.parse(data) as T));
    return () => source.close();
}
