// The played hub's shares. A new one leaves after ten seconds and passes a few
// images each second; the others stand still, each in a state of its own.

import type { Delivery, Event, NewShare, Patient, Share, ShareStudy } from '@/api/exchange';
import { recipients } from './draft';
import { agda, alva, long, studies, tolvan } from './patients';
import { answer } from './requests';
import { type Answers, refuse } from './session';

const UNDO_MS = 10_000;
const IMAGES_A_SECOND = 60;
const A_MINUTE_MS = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * A_MINUTE_MS).toISOString();
const named = (id: string) => {
    const { name } = recipients.find((one) => one.id === id) ?? refuse('not-found', 404);
    return { id, name };
};

function delivery(to: string, images: number, some: Partial<Delivery> = {}): Delivery {
    return {
        id: `d-${to}`,
        recipient: named(to),
        state: 'waiting',
        images,
        bytes: images * 524_288,
        expected: images,
        complete: true,
        stored: 0,
        already_there: 0,
        failed: 0,
        pending: images,
        failure: null,
        next_attempt_at: null,
        silent_since: null,
        on_call: recipients.some((one) => one.id === to && one.on_call),
        opened_at: null,
        unopened_hours: null,
        decline_reason: null,
        changed_at: ago(2),
        bytes_per_second: null,
        seconds_left: null,
        ...some,
    };
}

const event = (at: string, what: Event['what'], some: Partial<Event> = {}): Event => ({
    at,
    what,
    recipient: null,
    images: null,
    by: null,
    ...some,
});

function contentsOf(patient: Patient, some: Partial<ShareStudy> = {}): ShareStudy[] {
    return studies
        .filter((one) => one.patient.key === patient.key && one.images !== null)
        .slice(0, 2)
        .map(({ study_uid, date, time, modalities, description, accession, node, images }) => ({
            study_uid,
            patient,
            date,
            time,
            modalities,
            description,
            accession,
            node,
            expected: images,
            here: images ?? 0,
            complete: true,
            fetch: 'done',
            moved: null,
            failure: null,
            retry_at: null,
            gateway_silent_since: null,
            ...some,
        }));
}

function share(id: string, state: Share['state'], patient: Patient, minutes: number, some: Partial<Share>): Share {
    const contents = some.contents ?? contentsOf(patient);
    const here = contents.reduce((sum, one) => sum + one.here, 0);
    const expected = contents.reduce((sum, one) => sum + (one.expected ?? 0), 0);
    const deliveries = some.deliveries ?? [];
    const made = ago(minutes);
    return {
        id,
        state,
        expected,
        here,
        delivered: Math.min(...deliveries.map((one) => one.stored + one.already_there)),
        changed_at: ago(minutes / 2),
        made_at: made,
        made_by: 'Anna Lindqvist',
        patients: [patient],
        studies: contents.length,
        modalities: [...new Set(contents.flatMap(({ modalities }) => modalities))],
        purpose: 'care',
        priority: 'ordinary',
        recipients: deliveries.map(({ recipient }) => recipient),
        answers: null,
        message: '',
        legal_mode: 'disclosure',
        expires_at: '2027-02-22',
        sends_at: made,
        taken_back_at: null,
        taken_back_why: null,
        unopened_hours: null,
        contents,
        deliveries,
        timeline: [event(made, 'shared', { by: 'Anna Lindqvist' })],
        ...some,
    };
}

export const shares: Share[] = [
    share('s-going', 'under_way', tolvan, 6, {
        message: 'Patienten kommer till er på torsdag. Ring gärna om ni saknar något.',
        deliveries: [
            delivery('halland', 798, {
                state: 'under_way',
                stored: 412,
                pending: 386,
                bytes_per_second: 2_400_000,
                seconds_left: 190,
            }),
            delivery('karolinska', 798, {
                state: 'retrying',
                stored: 120,
                pending: 678,
                failure: 'node_unreachable',
                next_attempt_at: ago(-3),
            }),
        ],
        timeline: [
            event(ago(6), 'shared', { by: 'Anna Lindqvist' }),
            event(ago(4), 'allowed', { recipient: 'Region Halland' }),
            event(ago(3.5), 'first_stored', { recipient: 'Region Halland' }),
        ],
    }),
    share('s-stopped', 'stopped', agda, 95, {
        priority: 'urgent',
        purpose: 'second_opinion',
        deliveries: [
            delivery('vgr', 641, { state: 'stopped', stored: 233, failed: 408, pending: 0, failure: 'node_full' }),
        ],
        timeline: [
            event(ago(95), 'shared', { by: 'Anna Lindqvist' }),
            event(ago(92), 'first_stored', { recipient: 'Västra Götalandsregionen' }),
            event(ago(60), 'retried', { recipient: 'Västra Götalandsregionen' }),
            event(ago(48), 'failed', { recipient: 'Västra Götalandsregionen' }),
        ],
    }),
    share('s-fetching', 'fetching', long, 12, {
        contents: contentsOf(long, {
            here: 80,
            fetch: 'waiting',
            gateway_silent_since: ago(9),
            moved: { completed: 80, failed: 0, remaining: 134 },
        }),
        deliveries: [delivery('karolinska', 160, { complete: false, expected: 402 })],
    }),
    share('s-held', 'held', alva, 150, {
        made_by: null,
        deliveries: [delivery('aleris', 38, { state: 'held' })],
    }),
    share('s-done', 'delivered', tolvan, 300, {
        deliveries: [
            delivery('vgr', 798, {
                state: 'delivered',
                stored: 312,
                already_there: 486,
                pending: 0,
                opened_at: ago(120),
            }),
        ],
        timeline: [
            event(ago(300), 'shared', { by: 'Anna Lindqvist' }),
            event(ago(290), 'all_stored', { recipient: 'Västra Götalandsregionen', images: 798 }),
            event(ago(120), 'opened', { recipient: 'Västra Götalandsregionen' }),
        ],
    }),
    share('s-unopened', 'held', long, 1520, {
        priority: 'emergency',
        unopened_hours: 24,
        deliveries: [delivery('aleris', 402, { state: 'held', unopened_hours: 24 })],
        timeline: [
            event(ago(1520), 'shared', { by: 'Anna Lindqvist' }),
            event(ago(80), 'escalated', { recipient: 'Aleris Röntgen' }),
        ],
    }),
    share('s-declined', 'declined', agda, 1500, {
        deliveries: [
            delivery('aleris', 641, {
                state: 'declined',
                decline_reason: 'Patienten är remitterad till Region Halland.',
            }),
        ],
    }),
    share('s-back', 'taken_back', alva, 4000, {
        taken_back_at: ago(3900),
        taken_back_why: 'wrong_recipient',
        deliveries: [delivery('halland', 38, { state: 'withdrawn' })],
    }),
];

/** The images of a new one pass by the clock. */
function moved(one: Share): Share {
    if (!made.has(one.id) || one.taken_back_at) return one;
    const expected = one.expected ?? 0;
    const passed = (from: number) =>
        Math.max(0, Math.min(expected, Math.floor(((Date.now() - from) / 1000) * IMAGES_A_SECOND)));
    const sends = Date.parse(one.sends_at ?? '');
    const here = passed(Date.parse(one.made_at));
    const stored = Math.min(here, passed(sends));
    const isDone = stored === expected;
    one.state = isDone ? 'delivered' : stored > 0 ? 'under_way' : here < expected ? 'fetching' : 'waiting';
    one.here = here;
    one.delivered = stored;
    one.changed_at = isDone ? new Date(sends + (expected / IMAGES_A_SECOND) * 1000).toISOString() : ago(0);
    let left = here;
    for (const study of one.contents) {
        study.here = Math.min(study.expected ?? 0, left);
        left -= study.here;
        study.fetch = study.here === study.expected ? 'done' : 'under_way';
    }
    for (const each of one.deliveries) {
        Object.assign(each, {
            images: here,
            stored,
            pending: here - stored,
            state: isDone ? 'delivered' : stored > 0 ? 'under_way' : 'waiting',
            changed_at: one.changed_at,
            bytes_per_second: IMAGES_A_SECOND * 524_288,
            seconds_left: Math.ceil((expected - stored) / IMAGES_A_SECOND),
        });
    }
    return one;
}

const made = new Set<string>();
const of = (id: string) => moved(shares.find((one) => one.id === id) ?? refuse('not-found', 404));
const STATES: Record<string, string[]> = {
    under_way: ['fetching', 'waiting', 'under_way', 'retrying', 'held'],
    trouble: ['stopped', 'declined'],
    done: ['delivered', 'taken_back', 'expired'],
};

function put(id: string, body: NewShare): Share {
    const before = shares.find((one) => one.id === id);
    if (before) return moved(before);
    const chosen = body.studies.flatMap((found) => studies.find((one) => one.found === found) ?? []);
    const patients = [...new Map(chosen.map(({ patient }) => [patient.key, patient])).values()];
    const [first] = patients;
    if (!first) return refuse('found-too-old', 409);
    if (patients.length > 1 && !body.several_patients) refuse('several-patients', 409, { patients });
    if (body.answers) answer(body.answers, id, patients);
    const contents = chosen.map((one) => ({
        ...contentsOf(one.patient)[0],
        ...one,
        expected: one.images ?? 120,
        here: 0,
        fetch: 'waiting',
        moved: null,
    })) as ShareStudy[];
    const now = Date.now();
    const one = share(id, 'fetching', first, 0, {
        ...body,
        patients,
        studies: chosen.length,
        recipients: body.recipients.map(named),
        contents,
        deliveries: body.recipients.map((to) =>
            delivery(to, 0, { expected: contents.reduce((n, c) => n + (c.expected ?? 0), 0) }),
        ),
        sends_at: new Date(now + UNDO_MS).toISOString(),
        changed_at: ago(0),
    });
    made.add(id);
    shares.unshift(one);
    return one;
}

export const sharesAnswers: Answers = {
    'PUT /api/shares/:id': ({ id, body }) => put(id, body),
    'GET /api/shares': ({ query }) => {
        const states = STATES[query.get('state') ?? ''];
        const asked = query.get('state');
        if (asked === 'emergency')
            return { items: shares.map(moved).filter(({ priority }) => priority === 'emergency'), next: null };
        return {
            items: shares.map(moved).filter(({ state }) => !states || states.includes(state)),
            next: null,
        };
    },
    'GET /api/shares/events': () => ({
        shares: shares.map(moved).map(({ id, state, expected, here, delivered, changed_at }) => ({
            id,
            state,
            expected,
            here,
            delivered,
            changed_at,
        })),
    }),
    'GET /api/shares/:id': ({ id }) => structuredClone(of(id)),
    'POST /api/shares/:id/take-back': ({ id, body }) => {
        const one = of(id);
        const recalled = one.deliveries.filter(({ stored }) => stored > 0).length;
        Object.assign(one, {
            state: 'taken_back',
            taken_back_at: ago(0),
            taken_back_why: body.why,
            changed_at: ago(0),
        });
        for (const each of one.deliveries) Object.assign(each, { state: 'withdrawn', changed_at: ago(0) });
        one.timeline.push(event(ago(0), 'taken_back', { by: 'Anna Lindqvist' }));
        return { recalled };
    },
    'POST /api/shares/:id/recipients/:recipient/retry': ({ gaps: [id = '', which] }) => {
        const one = of(id);
        const each = one.deliveries.find((row) => row.id === which) ?? refuse('not-found', 404);
        Object.assign(each, { state: 'under_way', failed: 0, pending: each.images - each.stored, failure: null });
        Object.assign(one, { state: 'under_way', changed_at: ago(0) });
        one.timeline.push(event(ago(0), 'retried', { recipient: each.recipient.name, by: 'Anna Lindqvist' }));
    },
    'POST /api/shares/:id/recipients/:recipient/cancel': ({ gaps: [id = '', which] }) => {
        const one = of(id);
        for (const each of one.deliveries) if (each.id === which) each.state = 'withdrawn';
        one.changed_at = ago(0);
    },
    'POST /api/shares/:id/studies/:study/fetch': ({ id }) => {
        of(id).changed_at = ago(0);
    },
};
