// The played hub's log, spot checks and patients. Persons are the official test numbers.

import type { Emergency, LogEntry, SpotCheck, SpotCheckEntry, Will } from '@/api/contract';
import { type Answers, refuse } from './session';

const lund = { id: 'rontgen', name: 'Röntgen Lund' };
const erik = { kind: 'member', id: 'erik', name: 'Erik Holm', roles: ['receiver'] };
const entries: LogEntry[] = [
    ['view', 'success', '191212121212'],
    ['search', 'denied', '189001019802'],
    ['log_in', 'success', ''],
    ['grant_role', 'success', ''],
    ['emergency_access', 'success', '198112189876'],
].map(([action = '', outcome = '', patient], index) => ({
    sequence: 184_231 - index,
    id: `e${index}`,
    at: `2026-11-24T09:4${5 - index}:00Z`,
    action,
    outcome,
    actor: erik,
    organisation: { id: 'skane', name: 'Region Skåne' },
    unit: lund,
    patient: patient ? { id: patient } : null,
    studies: patient ? ['1.2.752.24.7.621449243.1001'] : [],
    purpose: patient ? 'care' : null,
    reason: outcome === 'denied' ? 'no_consent' : null,
    from: '192.0.2.40',
    about: action === 'grant_role' ? { id: 'maria', name: 'Maria Ek' } : null,
}));
const check: SpotCheck = {
    id: 'c1',
    rule: 'same_surname',
    from: '2026-10-31T23:00:00Z',
    until: '2026-11-23T23:00:00Z',
    drawn_at: '2026-11-24T08:00:00Z',
    drawn_by: { id: 'anna', name: 'Anna Lindqvist' },
    found: 41,
    size: 3,
    reviewed: 1,
    unjustified: 0,
};
const drawn: SpotCheckEntry[] = entries.slice(0, 3).map((entry, index) => ({
    sequence: entry.sequence,
    why: 'same_surname',
    entry,
    assessment: index === 0 ? 'justified' : null,
    comment: index === 0 ? 'Remiss finns.' : '',
    reviewed_by: index === 0 ? { id: 'anna', name: 'Anna Lindqvist' } : null,
    reviewed_at: index === 0 ? '2026-11-24T09:00:00Z' : null,
}));
const now = () => new Date().toISOString();
const by = (id: string, name: string, at = now()) => ({ by: { id, name }, at });
const emergencies: Emergency[] = [
    {
        id: 'n1',
        patient_id: '198112189876',
        decided: by('erik', 'Erik Holm', '2026-11-24T02:14:00Z'),
        unit: lund,
        reason: 'Medvetslös patient på akuten, tidigare hjärnblödning ska uteslutas.',
        until: '2026-11-24T06:14:00Z',
    },
];
const will: Will = {
    patient: { key_masked: '191212-••••', proven: true },
    blocks: [{ id: 'b1', unit: lund, registered: by('anna', 'Anna Lindqvist', '2026-10-02T10:00:00Z') }],
    consents: [
        {
            id: 's1',
            unit: null,
            from: '2026-10-31T23:00:00Z',
            until: '2027-10-31T23:00:00Z',
            registered: by('anna', 'Anna Lindqvist', '2026-11-01T09:00:00Z'),
        },
    ],
    emergencies: [],
};
const study = {
    study: '1.2.752.24.7.1',
    relation: 'none',
    institution: '',
    date: '2026-11-20',
    modality: 'CT',
    description: 'Hjärna',
    images: 312,
};

export const logAnswers: Answers = {
    'POST /api/audit/search': ({ body }) => ({
        items: entries.filter(
            (entry) =>
                (!body.action || entry.action === body.action) &&
                (!body.outcome || entry.outcome === body.outcome) &&
                (!body.patient_id || entry.patient?.id === body.patient_id),
        ),
        next: null,
    }),
    'GET /api/audit/checkpoint': () => 'bildbro.example/log\n184231\nqINS1GRFEDSHSTl0QhxmzwM5a8bPUBVkZ1M0EkPJBcI=\n',
    'POST /api/audit/extract': () => 'sequence;at\n',
    'GET /api/spot-checks': () => ({ items: [check] }),
    'POST /api/spot-checks': () => ({ id: 'c1' }),
    'GET /api/spot-checks/:id': () => ({ ...check, entries: drawn }),
    'PUT /api/spot-checks/:id/entries/:sequence': ({ body }) => {
        const row = drawn.find(({ assessment }) => !assessment) ?? refuse('not-found', 404);
        Object.assign(row, body, { reviewed_at: now(), reviewed_by: { id: 'anna', name: 'Anna Lindqvist' } });
    },
    'POST /api/spot-checks/:id/close': () => {
        check.closed_at = now();
    },
    'GET /api/spot-checks/:id/report': () => 'sequence;assessment\n',
    'GET /api/emergencies': ({ query }) => ({
        items: emergencies.filter(({ review }) => Boolean(review) === (query.get('reviewed') === 'true')),
    }),
    'POST /api/emergencies/:id/review': ({ id, body }) => {
        const row = emergencies.find((one) => one.id === id) ?? refuse('not-found', 404);
        row.review = { ...body, reviewed: by('anna', 'Anna Lindqvist') };
    },
    'GET /api/watched-patients': () => ({
        items: [{ patient_id: '191212121212', added_at: '2026-11-01T09:00:00Z', added_by: 'Anna Lindqvist' }],
    }),
    'POST /api/watched-patients': () => undefined,
    'DELETE /api/watched-patients': () => undefined,
    'POST /api/patients/will': ({ body }) => (/^\d{12}$/.test(body.patient_id) ? will : refuse('unreadable', 400)),
    'POST /api/blocks': ({ body }) =>
        void will.blocks.push({
            id: now(),
            unit: body.unit ? lund : null,
            registered: by('anna', 'Anna Lindqvist'),
        }),
    'POST /api/blocks/:id/lift': () => ({ approval_id: 'p4' }),
    'POST /api/consents': ({ body }) =>
        void will.consents.push({ ...body, id: now(), unit: null, registered: by('anna', 'Anna Lindqvist') }),
    'POST /api/consents/:id/withdraw': () => undefined,
    'POST /api/emergencies': () => ({ id: 'n2', until: new Date(Date.now() + 4 * 3_600_000).toISOString() }),
    'POST /api/patients/studies': () => ({
        own: [{ ...study, institution: 'Röntgen Lund' }],
        others: [
            {
                organisation: { id: 'aleris', name: 'Aleris Röntgen' },
                studies: [{ ...study, study: '2', modality: 'MR', description: 'Knä' }],
                blocked: false,
            },
            { organisation: { id: 'vgr', name: 'Västra Götalandsregionen' }, studies: [], blocked: true },
        ],
        own_blocked: false,
        truncated: false,
        will: 'consent',
        denied: null,
    }),
};
