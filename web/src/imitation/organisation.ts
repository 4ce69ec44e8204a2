// The played hub's organisations and gateways. A test image takes some
// seconds, as it does; the gateway that tests enrol comes up by itself.

import type { Gateway, Organisation, OrganisationRow, Partners, UnitRow } from '@/api/contract';
import { type Answers, units as acted, refuse } from './session';

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

const organisations: OrganisationRow[] = [
    {
        id: 'skane',
        name: 'Region Skåne',
        kind: 'region',
        ae_title: 'REGION_SKANE',
        active: true,
        members: 48,
        gateways: 2,
        last_image_at: '2026-11-24T09:40:00Z',
    },
    {
        id: 'aleris',
        name: 'Aleris Röntgen',
        kind: 'private_clinic',
        ae_title: 'ALERIS',
        active: true,
        members: 3,
        gateways: 0,
    },
    {
        id: 'kammarkollegiet',
        name: 'Kammarkollegiet',
        kind: 'authority',
        ae_title: 'KAMMAR',
        active: false,
        members: 1,
        gateways: 0,
    },
    {
        id: 'vgr',
        name: 'Västra Götalandsregionen',
        kind: 'region',
        ae_title: 'VGR',
        active: true,
        members: 0,
        gateways: 0,
    },
];
const gateways: Gateway[] = [
    {
        id: 'g1',
        name: 'Lund 1',
        version: '0.4.0',
        active: true,
        created_at: '2026-09-01T08:00:00Z',
        last_seen: ago(0.2),
        live: true,
        waiting_images: 0,
        waiting_bytes: 0,
        last_image_at: '2026-11-24T09:40:00Z',
        nodes: [
            { name: 'PACS Lund', ae_title: 'PACS_LUND', ok: true, direct_waiting: 2, direct_failed: 0 },
            { name: 'Arkiv', ae_title: 'ARKIV', ok: false, direct_waiting: 0, direct_failed: 1 },
        ],
    },
    {
        id: 'g2',
        name: 'Malmö 1',
        version: '0.4.0',
        active: true,
        created_at: '2026-09-03T08:00:00Z',
        last_seen: ago(95),
        live: false,
        waiting_images: 312,
        waiting_bytes: 164_000_000,
        last_image_at: '2026-11-24T07:55:00Z',
        nodes: [],
    },
];
const own: Organisation = {
    id: 'skane',
    name: 'Region Skåne',
    kind: 'region',
    ae_title: 'REGION_SKANE',
    hsa_id: 'SE2321000131-000000000001',
    number: '232100-0255',
    postal: 'Region Skåne\n291 89 Kristianstad',
    on_call: '044-309 30 00',
    takes: 'open',
    four_eyes: ['grant_role'],
    names_staff: false,
    escalate_hours: 24,
};
const partners: Partners = {
    takes: 'open',
    items: [{ organisation: { id: 'aleris', name: 'Aleris Röntgen', kind: 'private_clinic' }, takes: 'hold' }],
};
const units: UnitRow[] = acted.map((unit, index) => ({
    ...unit,
    institution: index === 0 ? 'RÖNTGEN LUND' : '',
    active: true,
    members: 12 - index * 4,
}));
const runs = new Map<string, number>();
const STAGES = ['made', 'at_hub', 'allowed', 'under_way', 'in_pacs'] as const;
/** On the guided page, a region that has nothing yet. */
const isNew = () => sessionStorage.getItem('bildbro-imitation-new') !== null;

export const organisationAnswers: Answers = {
    'GET /api/organisations': () => ({ items: organisations }),
    'POST /api/organisations': ({ body }) => {
        if (organisations.some(({ ae_title }) => ae_title === body.ae_title))
            refuse('taken', 409, { field: 'ae_title' });
        organisations.push({ id: body.ae_title, ...body, active: true, members: 0, gateways: 0 });
        return {
            organisation: body.ae_title,
            invitation: {
                url: `${location.origin}/invitation/q7VhkPzR2mXwT9sLd4Bn`,
                expires_at: '2026-12-01T12:00:00Z',
                mailed: true,
            },
        };
    },
    'POST /api/organisations/:id/close': ({ id }) => {
        for (const row of organisations) if (row.id === id) row.active = false;
    },
    'POST /api/organisations/:id/open': ({ id }) => {
        for (const row of organisations) if (row.id === id) row.active = true;
    },
    'GET /api/health': () => ({
        database: 'ok',
        storage: 'ok',
        gateways: gateways.map((row) => ({ ...row, organisation: 'Region Skåne' })),
        deliveries: { pending_images: 312 },
        audit: { entries: 184_231, checkpoint_at: '2026-11-24T09:00:00Z' },
    }),
    'GET /api/organisation': () => own,
    'PUT /api/organisation': ({ body }) => void Object.assign(own, body),
    'PUT /api/organisation/four-eyes': ({ body }) => {
        own.four_eyes = body.actions;
    },
    'GET /api/directory': () => ({ items: organisations }),
    'GET /api/partners': () => partners,
    'PUT /api/partners': ({ body }) => {
        partners.takes = body.takes;
    },
    'PUT /api/partners/:id': ({ id, body }) => {
        const organisation = organisations.find((row) => row.id === id);
        partners.items = partners.items.filter((row) => row.organisation.id !== id);
        if (organisation && body.takes) partners.items.push({ organisation, takes: body.takes });
    },
    'GET /api/units': () => ({ items: units }),
    'POST /api/units': ({ body }) => void units.push({ id: body.name, members: 0, ...body }),
    'PUT /api/units/:id': ({ id, body }) => void Object.assign(units.find((row) => row.id === id) ?? {}, body),
    'GET /api/identity-provider': () => ({
        name: 'Region Skåne',
        issuer: 'https://inloggning.skane.example',
        client_id: 'bildbro',
        scopes: ['openid', 'email', 'profile'],
        acr_values: [],
        two_factors: true,
    }),
    'PUT /api/identity-provider': () => undefined,
    'DELETE /api/identity-provider': () => undefined,
    'GET /api/gateways': () => ({ items: isNew() ? [] : gateways }),
    'POST /api/gateways/codes': () => ({
        code: 'K7QM-2XVD-9RTA',
        hub: location.origin,
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        command: `bildbro gateway enrol ${location.origin} K7QM-2XVD-9RTA`,
    }),
    'DELETE /api/gateways/:id': ({ id }) => {
        for (const row of gateways) if (row.id === id) Object.assign(row, { active: false, live: false });
    },
    'POST /api/gateways/:id/test': () => {
        const delivery = String(runs.size + 1);
        runs.set(delivery, Date.now());
        return { delivery };
    },
    'GET /api/tests/:delivery': ({ id }) => {
        const began = runs.get(id) ?? 0;
        const seconds = Math.min((Date.now() - began) / 1000, 4.2);
        return {
            state: seconds > 4 ? 'delivered' : 'under_way',
            stages: STAGES.map((stage, index) => ({ stage, at: seconds >= index ? ago(0) : null })),
            failure: null,
            seconds,
        };
    },
};
