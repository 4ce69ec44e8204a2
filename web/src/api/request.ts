// The way to the hub, and the only one. Every request says that it comes from
// the portal (`x-bildbro`), so that no other site can make one in its name.

import type { Answer, Given, Method, PathOf } from './contract';
import { type Guards, guarded } from './guard';
import { readLines } from './lines';
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

/** As `Given`, when the address is not known: what every call may hold. */
interface Held {
    path?: Record<string, string | number>;
    query?: Record<string, string | number | boolean | undefined>;
    body?: unknown;
    /** Ends it before its answer, or while that still comes. */
    signal?: AbortSignal;
    /** It goes on when the page goes. */
    keepalive?: boolean;
}

/** What a call must be given; nothing, for one that takes nothing. */
type Rest<M extends Method, P extends PathOf<M>> = unknown extends Given<M, P> ? [] : [given: Given<M, P> & Held];

/** The whole address: its gaps filled, and what is asked after `?`; what is empty is left out. */
export function addressed(path: string, { path: gaps = {}, query = {} }: Held): string {
    const filled = path.replace(/\{(\w+)\}/g, (_, gap: string) => encodeURIComponent(String(gaps[gap])));
    const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    const search = new URLSearchParams(asked.map(([name, value]) => [name, String(value)]));
    return search.size > 0 ? `${filled}?${search}` : filled;
}

async function answered(method: Method, path: string, given: Held = {}): Promise<Response> {
    const { body, signal, keepalive } = given;
    const response = await send(
        new Request(new URL(addressed(path, given), location.origin), {
            method,
            credentials: 'same-origin',
            cache: 'no-store',
            signal,
            keepalive,
            headers: { 'x-bildbro': '1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
            body: body === undefined ? undefined : JSON.stringify(body),
        }),
    );
    if (!response.ok) throw new ProblemError(await readProblem(response));
    return response;
}

/** The answer's JSON (nothing for an empty one), or a thrown ProblemError: what TanStack Query wants. */
export async function request<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    ...[given]: Rest<M, P>
): Promise<Answer<M, P>> {
    const response = await answered(method, path, given);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as Answer<M, P>;
}

/** As `request`, for addresses that schema.d.ts does not know yet: their types stand in exchange.ts. */
export async function ask<T = undefined>(method: Method, path: string, given?: Held): Promise<T> {
    const text = await (await answered(method, path, given)).text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** An answer that comes line by line, each a JSON of its own; `signal` ends it, at the hub too. */
export async function* askLines<T>(path: string, given: Held): AsyncGenerator<T> {
    const { body } = await answered('POST', path, given);
    if (!body) return;
    for await (const line of readLines(body)) yield JSON.parse(line) as T;
}

/** The answer as it stands, such as a picture or a checkpoint. */
export async function requestText<P extends PathOf<'GET'>>(path: P, ...[given]: Rest<'GET', P>): Promise<string> {
    return (await answered('GET', path, given)).text();
}

/** Fetches a file and hands it to the person, by the name that the hub gives it. */
export async function download<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    fallback: string,
    ...[given]: Rest<M, P>
): Promise<void> {
    const response = await answered(method, path, given);
    // A second member must approve first: then there is no file yet.
    if (response.status === 202) throw new ProblemError({ word: 'approval-asked', status: 202, mayRetry: false });
    const name = response.headers.get('content-disposition')?.match(/filename="?([^";]+)"?/)?.[1];
    const address = URL.createObjectURL(await response.blob());
    const link = document.createElement('a');
    link.href = address;
    link.download = name ?? fallback;
    link.click();
    URL.revokeObjectURL(address);
}

/** How often a played hub is asked for its news. */
const PLAYED_MS = 1000;

/** What the hub tells by itself. Gives the function that stops listening. */
export function listen<T>(path: string, event: string, tell: (news: T) => void): () => void {
    if (import.meta.env.MODE !== 'production' && isPlayed) return listenToPlayed(path, tell);
    if (typeof EventSource === 'undefined') return () => {};
    const source = new EventSource(path);
    source.addEventListener(event, ({ data }) => tell(JSON.parse(data) as T));
    return () => source.close();
}

function listenToPlayed<T>(path: string, tell: (news: T) => void): () => void {
    const hear = async () => {
        const response = await carry(new Request(new URL(path, location.origin)));
        if (response.ok) tell(await response.json());
    };
    void hear();
    const timer = setInterval(() => void hear(), PLAYED_MS);
    return () => clearInterval(timer);
}
