import { expect, test } from 'vitest';
import { fromBody, ProblemError, problemOf, readProblem } from './problem';

test('a problem keeps its word, its words and whether to try again', () => {
    const body = { type: 'urn:bildbro:problem:busy', title: 'T', detail: 'D', class: 'transient', status: 503 };
    expect(fromBody(body, 503)).toMatchObject({ word: 'busy', title: 'T', detail: 'D', mayRetry: true });
    expect(fromBody({ ...body, class: 'permanent' }, 503).mayRetry).toBe(false);
});

test('whatever stands in an answer, a page can say something', async () => {
    for (const body of ['<html>', '', 'null', '[]', '{"type":7,"title":{}}', '{"type":"about:blank"}']) {
        const problem = await readProblem(new Response(body, { status: 502 }));
        expect(problem).toMatchObject({ word: 'unknown', status: 502, mayRetry: true });
    }
});

test('no answer at all is not the page’s fault', () => {
    expect(problemOf(new TypeError('Failed to fetch')).word).toBe('offline');
    expect(problemOf(new RangeError('ours')).word).toBe('page-failed');
    expect(problemOf(new ProblemError({ word: 'x', status: 1, mayRetry: false })).word).toBe('x');
});

test('what a page can use of a refusal is kept', () => {
    const body = { type: 'urn:bildbro:problem:no-permission', permission: 'share', would: ['sender', 7], field: 3 };
    expect(fromBody(body, 403)).toMatchObject({ word: 'no-permission', permission: 'share', would: ['sender'] });
    expect(fromBody(body, 403).field).toBeUndefined();
});
