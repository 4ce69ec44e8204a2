import { expect, test } from 'vitest';
import { guarded } from './guard';

const problem = (word: string, status: number) =>
    new Response(JSON.stringify({ type: `urn:bildbro:problem:${word}`, title: word, status }), { status });

/** A hub that wants a fresh factor until it is proven, and keeps the bodies it got. */
function hub(allows: boolean) {
    const bodies: string[] = [];
    let isProven = false;
    let questions = 0;
    let ends = 0;
    const send = guarded(
        async (request) => {
            bodies.push(await request.text());
            return isProven ? new Response('done') : problem('step-up-needed', 403);
        },
        () => ({
            stepUp: async () => {
                questions += 1;
                await Promise.resolve();
                isProven = allows;
                return allows;
            },
            sessionEnded: () => {
                ends += 1;
            },
        }),
    );
    return { send, bodies, asked: () => questions, ends: () => ends };
}

const post = () => new Request('http://portal/x', { method: 'POST', body: 'all of it' });

test('after a fresh factor the request is repeated, body and all', async () => {
    const { send, bodies } = hub(true);
    expect(await (await send(post())).text()).toBe('done');
    expect(bodies).toEqual(['all of it', 'all of it']);
});

test('who declines gets the problem, and nothing is sent again', async () => {
    const { send, bodies } = hub(false);
    expect((await send(post())).status).toBe(403);
    expect(bodies).toHaveLength(1);
});

test('requests that meet it together share one question', async () => {
    const { send, asked } = hub(true);
    await Promise.all([send(post()), send(post()), send(post())]);
    expect(asked()).toBe(1);
});

test('the end of the session is told, and the answer is left readable', async () => {
    let ends = 0;
    const send = guarded(
        async () => problem('not-logged-in', 401),
        () => ({ stepUp: async () => false, sessionEnded: () => ends++ }),
    );
    const response = await send(post());
    expect(ends).toBe(1);
    expect(await response.json()).toMatchObject({ title: 'not-logged-in' });
});
