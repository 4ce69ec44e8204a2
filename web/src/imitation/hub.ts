// A hub played in the browser, for development and tests (`VITE_HUB=1` asks a
// real one, by the proxy to BILDBRO_HUB, instead): one region, one
// person who may do nearly everything, and an error for each word that a page
// must be able to say. Left out of what is shipped (see api/request.ts).

import { draftAnswers } from './draft';
import { inboxAnswers } from './inbox';
import { logAnswers } from './log';
import { organisationAnswers } from './organisation';
import { peopleAnswers } from './people';
import { requestsAnswers } from './requests';
import { searchAnswers } from './search';
import { type Answers, Refusal, sessionAnswers } from './session';
import { sharesAnswers } from './shares';

const answers: Answers = {
    ...sessionAnswers,
    ...peopleAnswers,
    ...organisationAnswers,
    ...logAnswers,
    ...draftAnswers,
    ...searchAnswers,
    ...sharesAnswers,
    ...inboxAnswers,
    ...requestsAnswers,
};

/** The most exact address goes first: one with fewer gaps. */
const known = Object.entries(answers)
    .map(([place, answer]) => {
        const [method, path = ''] = place.split(' ');
        return { method, parts: path.split('/'), answer };
    })
    .sort((a, b) => gaps(a.parts) - gaps(b.parts));

function gaps(parts: string[]): number {
    return parts.filter((part) => part.startsWith(':')).length;
}

export async function imitation(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const parts = pathname.split('/');
    const found = known.find(
        (one) =>
            one.method === request.method &&
            one.parts.length === parts.length &&
            one.parts.every((part, index) => part.startsWith(':') || part === parts[index]),
    );
    if (!found) return problem({ word: 'not-found', status: 404 });
    const filled = found.parts.flatMap((part, index) =>
        part.startsWith(':') ? [decodeURIComponent(parts[index] ?? '')] : [],
    );
    const text = await request.text();
    try {
        const given = {
            id: filled[0] ?? '',
            gaps: filled,
            body: text ? JSON.parse(text) : {},
            query: searchParams,
        };
        const answer = await found.answer(given);
        if (answer === undefined) return new Response(null, { status: 204 });
        if (answer instanceof Response) return answer;
        if (typeof answer === 'string') return new Response(answer);
        const isAsked = typeof answer === 'object' && answer !== null && 'approval_id' in answer;
        return new Response(JSON.stringify(answer), { status: isAsked ? 202 : 200 });
    } catch (error) {
        if (error instanceof Refusal) return problem(error.problem);
        throw error;
    }
}

function problem({ word, status, ...more }: { word: string; status: number }): Response {
    return new Response(JSON.stringify({ type: `urn:bildbro:problem:${word}`, class: 'permanent', ...more }), {
        status,
    });
}
