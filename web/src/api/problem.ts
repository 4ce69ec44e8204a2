// RFC 9457 problems as the hub answers them, and what else can go wrong on the way.

const PREFIX = 'urn:bildbro:problem:';

export interface Problem {
    /** The stable end of the problem's `type`; words in both languages hang on it. */
    word: string;
    status: number;
    title?: string;
    detail?: string;
    /** The permission that was missing, and the roles that would give it. */
    permission?: string;
    would?: string[];
    /** Why the policy said no. */
    denial?: string;
    /** The recipient that it said no to. */
    recipient?: string;
    /** The field of what was sent that is wrong or taken. */
    field?: string;
    /** The same request may succeed later. */
    mayRetry: boolean;
}

/** A request that ended in a problem. */
export class ProblemError extends Error {
    constructor(
        readonly problem: Problem,
        options?: ErrorOptions,
    ) {
        super(problem.word, options);
        this.name = 'ProblemError';
    }
}

/** Reads an answer that is not a success. Anything may stand in it; nothing of it is trusted to be there. */
export async function readProblem(response: Response): Promise<Problem> {
    const body: unknown = await response.json().catch(() => undefined);
    return fromBody(body, response.status);
}

export function fromBody(body: unknown, status: number): Problem {
    const said = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
    const text = (name: string) => (typeof said[name] === 'string' ? (said[name] as string) : undefined);
    const type = text('type');
    const would = Array.isArray(said.would) ? said.would.filter((role) => typeof role === 'string') : undefined;
    return {
        word: type?.startsWith(PREFIX) ? type.slice(PREFIX.length) : byStatus(status),
        status,
        title: text('title'),
        detail: text('detail'),
        permission: text('permission'),
        would,
        denial: text('denial') ?? text('reason'),
        recipient: text('recipient'),
        field: text('field'),
        mayRetry: said.class === undefined ? status >= 500 || status === 429 : said.class !== 'permanent',
    };
}

/** Any error that a page meets, as a problem. */
export function problemOf(error: unknown): Problem {
    if (error instanceof ProblemError) return error.problem;
    // What fetch throws when there is no answer at all.
    if (error instanceof TypeError && /fetch|network|load/i.test(error.message)) {
        return { word: 'offline', status: 0, mayRetry: true };
    }
    return { word: 'page-failed', status: 0, mayRetry: true };
}

function byStatus(status: number): string {
    switch (status) {
        case 401:
            return 'not-logged-in';
        case 403:
            return 'denied';
        case 404:
            return 'not-found';
        case 429:
            return 'too-many-attempts';
        case 503:
            return 'busy';
        default:
            return 'unknown';
    }
}
