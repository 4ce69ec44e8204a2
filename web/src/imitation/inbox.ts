// The played hub's inbox: one that waits for an answer of each kind, some on
// their way, one taken back by its sender.

import type { Box, Counts, InboxDetail, InboxItem, Match, Patient } from '@/api/exchange';
import { agda, alva, long, studies, tolvan, unknown } from './patients';
import { type Answers, refuse, units } from './session';

const LOOKING_MS = 700;
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const members = [
    { id: 'anna', name: 'Anna Lindqvist' },
    { id: 'erik', name: 'Erik Holm' },
    { id: 'maria', name: 'Maria Ek' },
];

function item(id: string, patient: Patient, sender: string, minutes: number, some: Partial<InboxDetail>): InboxDetail {
    const own = studies.filter((one) => one.patient.key === patient.key && one.images !== null).slice(0, 2);
    const images = own.reduce((sum, one) => sum + (one.images ?? 0), 0);
    return {
        id,
        share: `share-${id}`,
        sender: { id: sender, name: sender },
        patients: [patient],
        studies: own.length,
        modalities: [...new Set(own.flatMap(({ modalities }) => modalities))],
        purpose: 'care',
        priority: 'ordinary',
        made_at: ago(minutes),
        state: 'held',
        held: some.state === undefined,
        images,
        expected: images,
        stored: 0,
        already_there: 0,
        failed: 0,
        pending: images,
        failure: null,
        opened_at: null,
        opened_by: null,
        assigned_to: null,
        recall: null,
        answers: null,
        changed_at: ago(minutes),
        message: '',
        expires_at: '2027-02-22',
        contents: own.map(
            ({ study_uid, date, time, modalities, description, accession, institution, images: count }) => ({
                study_uid,
                patient,
                date,
                time,
                modalities,
                description,
                accession,
                institution,
                images: count ?? 0,
                expected: count,
                series: [
                    { modality: modalities[0] ?? '', description: 'Axial 5 mm', body_part: 'HEAD', images: count ?? 0 },
                ],
            }),
        ),
        match: null,
        timeline: [{ at: ago(minutes), what: 'shared', recipient: null, images: null, by: sender }],
        ...some,
    };
}

const there = (patient: Patient, differences: Match['candidates'][number]['differences'], some: Partial<Patient>) => ({
    patient: { ...patient, ...some },
    studies: 4,
    node: 'PACS Lund',
    differences,
});
const matches: Record<string, Match> = {
    'i-certain': { verdict: 'certain', candidates: [there(agda, [], {})] },
    'i-uncertain': {
        verdict: 'uncertain',
        candidates: [there(long, ['name'], { name: 'Oldenburg Åkerhielm, Maria' })],
    },
    'i-mismatch': {
        verdict: 'mismatch',
        candidates: [there(tolvan, ['name', 'sex'], { name: 'Tolvansson, Tova', sex: 'F' })],
    },
    'i-new': { verdict: 'new', candidates: [] },
};

const items: InboxDetail[] = [
    item('i-new', unknown, 'Karolinska Universitetssjukhuset', 9, { priority: 'emergency' }),
    item('i-uncertain', long, 'Region Halland', 18, {
        priority: 'urgent',
        message: 'Tacksam för bedömning inför operation på fredag.\nTidigare undersökning bifogas.',
        purpose: 'before_surgery',
    }),
    item('i-certain', agda, 'Västra Götalandsregionen', 42, {
        assigned_to: { kind: 'member', id: 'erik', name: 'Erik Holm' },
    }),
    item('i-mismatch', tolvan, 'Aleris Röntgen', 65, { purpose: 'second_opinion' }),
    item('i-recalled', alva, 'Region Uppsala', 1600, {
        state: 'withdrawn',
        stored: 38,
        pending: 0,
        recall: { at: ago(25), why: 'wrong_recipient' },
        opened_at: ago(1500),
        opened_by: 'Maria Ek',
    }),
    item('i-coming', agda, 'Region Jönköpings län', 30, {
        state: 'under_way',
        stored: 420,
        pending: 221,
        opened_at: ago(20),
        opened_by: 'Anna Lindqvist',
    }),
    item('i-done', tolvan, 'Region Halland', 2000, {
        state: 'delivered',
        stored: 798,
        pending: 0,
        opened_at: ago(1900),
        opened_by: 'Erik Holm',
        assigned_to: { kind: 'unit', id: 'rontgen', name: 'Röntgen Lund' },
    }),
];

function boxOf({ state, recall, opened_at }: InboxItem): Box {
    if (state === 'held' || recall) return 'new';
    if (state === 'declined' || state === 'withdrawn') return 'done';
    if (state === 'delivered') return opened_at ? 'done' : 'new';
    return 'under_way';
}

const counts = () =>
    Object.fromEntries(
        (['new', 'under_way', 'done'] as const).map((box) => [box, items.filter((one) => boxOf(one) === box).length]),
    ) as Counts;
const of = (id: string) => items.find((one) => one.id === id) ?? refuse('not-found', 404);
const after = (id: string, change: Partial<InboxDetail>) => void Object.assign(of(id), change, { changed_at: ago(0) });

export const inboxAnswers: Answers = {
    'GET /api/inbox': ({ query }) => ({
        items: items.filter((one) => boxOf(one) === query.get('box')),
        next: null,
        counts: counts(),
    }),
    'GET /api/inbox/colleagues': () => ({ members, units: units.map(({ id, name }) => ({ id, name })) }),
    'GET /api/inbox/events': () => ({
        counts: counts(),
        items: items.map(({ id, state, stored, already_there, failed, pending, images, expected, changed_at }) => ({
            id,
            state,
            stored,
            already_there,
            failed,
            pending,
            images,
            expected,
            changed_at,
        })),
    }),
    'GET /api/inbox/:id': ({ id }) => structuredClone(of(id)),
    'POST /api/inbox/:id/open': ({ id }) => {
        const one = of(id);
        one.opened_at ??= ago(0);
        one.opened_by ??= 'Anna Lindqvist';
    },
    'POST /api/inbox/:id/match': async ({ id }) => {
        await new Promise((resolve) => setTimeout(resolve, LOOKING_MS));
        const one = of(id);
        one.match = matches[id] ?? { verdict: 'unknown', candidates: [] };
        return one.match;
    },
    'POST /api/inbox/:id/accept': ({ id, body }) => {
        const verdict = of(id).match?.verdict ?? 'unknown';
        if (!body.decision && verdict !== 'certain' && verdict !== 'new') refuse('decision-needed', 409);
        if (verdict === 'mismatch' && !body.reason) refuse('reason-needed', 409);
        after(id, { state: 'under_way', held: false, opened_at: ago(0), opened_by: 'Anna Lindqvist' });
    },
    'POST /api/inbox/:id/decline': ({ id }) => after(id, { state: 'declined', held: false }),
    'POST /api/inbox/:id/assign': ({ id, body }) => {
        const member = members.find((one) => one.id === body.member);
        const unit = units.find((one) => one.id === body.unit);
        const to = member ? { kind: 'member' as const, ...member } : unit && { kind: 'unit' as const, ...unit };
        after(id, { assigned_to: to ?? null });
    },
    'POST /api/inbox/:id/recall-done': ({ id }) => after(id, { recall: null }),
};
