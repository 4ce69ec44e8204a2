// The played hub's requests for images: to us and from us, one of each kind.

import type { ImageRequest, NewImageRequest, Patient, RequestSide, RequestState } from '@/api/exchange';
import { recipients } from './draft';
import { agda, alva, long, tolvan } from './patients';
import { type Answers, mustBeIn, refuse } from './session';

const A_MINUTE_MS = 60_000;
const A_DAY = 1440;
const LIFE = 90 * A_DAY;
const us = { id: 'skane', name: 'Region Skåne' };
const ago = (minutes: number) => new Date(Date.now() - minutes * A_MINUTE_MS).toISOString();
const named = (id: string) => {
    const { name } = recipients.find((one) => one.id === id) ?? refuse('not-found', 404);
    return { id, name };
};

function request(id: string, side: RequestSide, other: string, patient: Patient, minutes: number): ImageRequest {
    return {
        id,
        side,
        asker: side === 'asked' ? us : named(other),
        holder: side === 'asked' ? named(other) : us,
        patient,
        wanted: 'DT hjärna från i höstas, med utlåtande om det finns.',
        from: null,
        until: null,
        modality: 'CT',
        purpose: 'care',
        priority: 'ordinary',
        needed_by: null,
        asked_at: ago(minutes),
        asked_by: side === 'asked' ? 'Erik Holm' : null,
        unit: side === 'asked' ? 'Röntgen Lund' : 'Neurokirurgen',
        state: 'open',
        expires_at: ago(minutes - LIFE),
        handled_at: null,
        handled_by: null,
        reminded_at: null,
        remind_from: null,
        share: null,
        reason: null,
        changed_at: ago(minutes),
    };
}

const all: ImageRequest[] = [
    {
        ...request('r-open', 'received', 'halland', tolvan, 35),
        priority: 'urgent',
        purpose: 'before_surgery',
        wanted: 'DT hjärna och MR hjärna från i år.\nPatienten opereras hos oss på torsdag.',
        from: '2026-01-01',
        until: '2026-11-24',
        needed_by: '2026-11-26',
    },
    { ...request('r-reminded', 'received', 'karolinska', agda, 3 * A_DAY), reminded_at: ago(50), changed_at: ago(50) },
    {
        ...request('r-handled', 'received', 'vgr', long, 300),
        state: 'being_handled',
        handled_at: ago(40),
        handled_by: 'Maria Ek',
        changed_at: ago(40),
    },
    {
        ...request('r-answered', 'received', 'halland', tolvan, 2000),
        state: 'answered',
        handled_at: ago(1900),
        handled_by: 'Anna Lindqvist',
        share: 's-going',
        changed_at: ago(1880),
    },
    {
        ...request('r-ours', 'asked', 'uppsala', alva, 400),
        wanted: 'Ultraljud njurar, senaste två åren.',
        modality: 'US',
    },
    {
        ...request('r-refused', 'asked', 'jonkoping', agda, 4000),
        state: 'declined',
        reason: 'Undersökningen gjordes på Länssjukhuset Ryhov innan arkiven slogs ihop. Fråga Region Östergötland.',
        changed_at: ago(3000),
    },
    {
        ...request('r-got', 'asked', 'halland', tolvan, 5000),
        state: 'answered',
        handled_at: ago(4800),
        share: 'i-done',
        changed_at: ago(4700),
    },
];

const STAGES: Record<string, RequestState[]> = {
    waiting: ['open', 'being_handled'],
    answered: ['answered'],
    over: ['declined', 'withdrawn', 'expired'],
};
const waits = ({ state }: ImageRequest) => state === 'open' || state === 'being_handled';
const counts = () => {
    const of = (side: RequestSide, state: RequestState) =>
        all.filter((one) => one.side === side && one.state === state).length;
    const both = (side: RequestSide) => ({ open: of(side, 'open'), being_handled: of(side, 'being_handled') });
    return { asked: both('asked'), received: both('received') };
};
const find = (id: string) => all.find((one) => one.id === id) ?? refuse('not-found', 404);

function change(id: string, to: Partial<ImageRequest>) {
    mustBeIn();
    const one = find(id);
    if (!waits(one)) refuse('over', 410);
    Object.assign(one, to, { changed_at: ago(0) });
}

/** A share was made for it. */
export function answer(id: string, share: string, patients: Patient[]) {
    const { patient } = find(id);
    if (patients.some(({ key }) => key !== patient.key)) refuse('not-the-asked-patient', 409);
    change(id, { state: 'answered', share });
}

function put(id: string, body: NewImageRequest) {
    mustBeIn();
    if (all.some((one) => one.id === id)) return { id };
    const known = [tolvan, agda, alva, long].find((one) => one.id === body.patient_id);
    const patient = known ?? {
        key: body.patient_id,
        id: body.patient_id,
        name: '',
        birth_date: body.patient_birth_date,
        sex: '' as const,
        proven: false,
    };
    all.unshift({
        ...request(id, 'asked', body.holder, { ...patient, name: body.patient_name }, 0),
        ...body,
        holder: named(body.holder),
        asked_by: 'Anna Lindqvist',
    });
    return { id };
}

export const requestsAnswers: Answers = {
    'GET /api/requests': ({ query }) => {
        const states = STAGES[query.get('state') ?? ''];
        const items = all.filter(
            ({ side, state }) => side === query.get('side') && (!states || states.includes(state)),
        );
        return { items, next: null, counts: counts() };
    },
    'GET /api/requests/holders': () => ({ items: recipients }),
    'GET /api/requests/events': () => ({
        counts: counts(),
        items: all.map(({ id, state, changed_at }) => ({ id, state, changed_at })),
    }),
    'PUT /api/requests/:id': ({ id, body }) => put(id, body),
    'GET /api/requests/:id': ({ id }) => structuredClone(find(id)),
    'POST /api/requests/:id/handle': ({ id }) =>
        change(id, { state: 'being_handled', handled_at: ago(0), handled_by: 'Anna Lindqvist' }),
    'POST /api/requests/:id/decline': ({ id, body }) =>
        change(id, {
            state: 'declined',
            handled_at: ago(0),
            handled_by: 'Anna Lindqvist',
            reason: body.reason,
        }),
    'POST /api/requests/:id/withdraw': ({ id }) => change(id, { state: 'withdrawn' }),
    'POST /api/requests/:id/remind': ({ id }) => {
        if (find(id).remind_from) refuse('too-soon', 409);
        change(id, { reminded_at: ago(0), remind_from: ago(-A_DAY) });
    },
};
