// The played hub's members, roles, approvals and machines.

import type { Approval, Machine, Member, RoleRow } from '@/api/contract';
import { PERMISSIONS } from '@/session/roles';
import { type Answers, anna, refuse, units } from './session';

const link = (email: string) => ({
    url: `${location.origin}/invitation/q7VhkPzR2mXwT9sLd4Bn`,
    expires_at: '2026-12-01T12:00:00Z',
    mailed: !email.startsWith('utan'),
});
const role = (word: string) => ({ word, name: word });
const lund = { id: 'rontgen', name: 'Röntgen Lund' };

const people: Member[] = [
    {
        ...anna,
        hsa_id: 'SE2321000131-P000000000001',
        active: true,
        invited: false,
        last_login: '2026-11-24T07:12:00Z',
        factors: { passkeys: 1, totp: true },
        assignments: [
            { id: 'a1', role: role('administrator'), unit: null },
            { id: 'a2', role: role('auditor'), unit: null },
        ],
    },
    {
        id: 'erik',
        name: 'Erik Holm',
        email: 'erik.holm@example.se',
        active: true,
        invited: false,
        last_login: '2026-11-23T14:40:00Z',
        factors: { passkeys: 2, totp: false },
        assignments: [
            { id: 'a3', role: role('receiver'), unit: lund, commission: 'SE2321000131-C000000000007' },
            { id: 'a4', role: role('sender'), unit: { id: 'akuten', name: 'Akutmottagningen Malmö' } },
        ],
    },
    {
        id: 'maria',
        name: 'Maria Ek',
        email: 'maria.ek@example.se',
        active: true,
        invited: true,
        factors: { passkeys: 0, totp: false },
        assignments: [{ id: 'a5', role: role('auditor'), unit: null }],
    },
    {
        id: 'bo',
        name: 'Bo Testsson',
        email: 'bo@example.se',
        active: false,
        invited: false,
        last_login: '2026-03-02T08:00:00Z',
        factors: { passkeys: 0, totp: true },
        assignments: [],
    },
];
const roles: RoleRow[] = [
    { word: 'sender', name: 'sender', built_in: true, permissions: ['find', 'share', 'view'], members: 14 },
    {
        word: 'receiver',
        name: 'receiver',
        built_in: true,
        permissions: ['receive', 'view', 'download', 'emergency', 'register_will'],
        members: 31,
    },
    {
        word: 'administrator',
        name: 'administrator',
        built_in: true,
        permissions: ['manage_organisation', 'manage_members', 'manage_gateways', 'manage_machines'],
        members: 2,
    },
    { word: 'auditor', name: 'auditor', built_in: true, permissions: ['search_audit', 'review_audit'], members: 1 },
    { id: 'pal', name: 'PAL-stöd', built_in: false, permissions: ['search_audit', 'follow_deliveries'], members: 3 },
];
let approvals: Approval[] = [
    {
        id: 'p1',
        action: 'grant_role',
        about: { id: 'erik', name: 'Erik Holm' },
        summary: { role: role('administrator'), unit: null, permissions: [] },
        asked_by: { id: 'maria', name: 'Maria Ek' },
        asked_at: '2026-11-24T08:10:00Z',
        expires_at: '2026-12-01T08:10:00Z',
        state: 'waiting',
    },
    {
        id: 'p2',
        action: 'extract_audit',
        about: null,
        summary: { permissions: [] },
        asked_by: { id: 'anna', name: anna.name },
        asked_at: '2026-11-23T08:10:00Z',
        expires_at: '2026-11-30T08:10:00Z',
        state: 'approved',
    },
];
let machines: Machine[] = [
    {
        id: '0b6f2f0e-4a57-4c0e-8f5b-2f8f3a7f1c11',
        name: 'SIEM Region Skåne',
        scopes: ['system/AuditEvent.rs'],
        active: true,
        created_at: '2026-10-01T08:00:00Z',
        last_seen: '2026-11-24T09:40:00Z',
        keys: [
            { kid: '2026-10', alg: 'ES384', added_at: '2026-10-01T08:00:00Z' },
            { kid: '2026-11', alg: 'ES384', added_at: '2026-11-20T08:00:00Z' },
        ],
    },
];

const one = (id: string) => people.find((member) => member.id === id) ?? refuse('not-found', 404);

export const peopleAnswers: Answers = {
    'GET /api/members': ({ query }) => {
        const search = (query.get('search') ?? '').toLowerCase();
        const active = query.get('active');
        return {
            items: people.filter(
                (member) =>
                    `${member.name} ${member.email}`.toLowerCase().includes(search) &&
                    (active === null || String(member.active) === active),
            ),
        };
    },
    'POST /api/members': ({ body }) => {
        if (people.some(({ email }) => email === body.email)) refuse('taken', 409, { field: 'email' });
        return { member: 'ny', invitation: link(body.email), approvals: [] };
    },
    'GET /api/members/:id': ({ id }) => one(id),
    'PUT /api/members/:id': ({ id, body }) => void Object.assign(one(id), body),
    'POST /api/members/:id/close': ({ id }) => {
        if (id === 'anna') refuse('last-administrator', 409);
        one(id).active = false;
    },
    'POST /api/members/:id/open': ({ id }) => {
        one(id).active = true;
    },
    'POST /api/members/:id/reset': ({ id }) => ({ invitation: link(one(id).email) }),
    'POST /api/members/:id/invite': ({ id }) => ({ invitation: link(one(id).email) }),
    'POST /api/members/:id/assignments': ({ id, body }) => {
        if (body.role === 'administrator') return { approval_id: 'p3' };
        const unit = units.find((row) => row.id === body.unit);
        const given = {
            id: `a${Math.random()}`,
            role: role(body.role),
            unit: unit ?? null,
            commission: body.commission,
        };
        one(id).assignments = [...one(id).assignments, given];
        return given;
    },
    'DELETE /api/members/:id/assignments/:assignment': ({ id }) => {
        one(id).assignments = one(id).assignments.slice(0, -1);
    },
    'GET /api/members/:id/explain': ({ id }) => ({
        member: { id, name: one(id).name },
        choices: [lund, { id: 'akuten', name: 'Akutmottagningen Malmö' }].map((unit, index) => ({
            unit,
            permissions: PERMISSIONS.map((permission) => {
                const by =
                    index === 0 && ['receive', 'view', 'download', 'emergency'].includes(permission)
                        ? [{ role: 'receiver', name: 'receiver', unit }]
                        : [];
                const would = permission.startsWith('manage')
                    ? ['administrator']
                    : permission === 'run_hub'
                      ? []
                      : ['sender'];
                return { permission, allowed: by.length > 0, by, would: by.length > 0 ? [] : would };
            }),
        })),
    }),
    'GET /api/members/:id/sessions': () => ({
        items: [
            {
                id: 's',
                current: false,
                address: '192.0.2.40',
                agent: 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537',
                created_at: '2026-11-24T06:50:00Z',
                seen_at: '2026-11-24T09:30:00Z',
            },
        ],
    }),
    'DELETE /api/members/:id/sessions': () => undefined,
    'GET /api/roles': () => ({ items: roles }),
    'POST /api/roles': ({ body }) => void roles.push({ id: body.name, built_in: false, members: 0, ...body }),
    'PUT /api/roles/:id': () => undefined,
    'DELETE /api/roles/:id': () => refuse('in-use', 409),
    'GET /api/approvals': () => ({ items: approvals }),
    'POST /api/approvals/:id/approve': ({ id }) => {
        approvals = approvals.map((row) => (row.id === id ? { ...row, state: 'approved' } : row));
    },
    'POST /api/approvals/:id/refuse': ({ id }) => {
        approvals = approvals.map((row) => (row.id === id ? { ...row, state: 'refused' } : row));
    },
    'GET /api/machines': () => ({ items: machines }),
    'POST /api/machines': () => ({
        id: '5f0c7f2a-6f70-4c1e-9a35-7f1f7d3e2b90',
        token_url: `${location.origin}/api/machine/token`,
        audience: location.origin,
    }),
    'POST /api/machines/:id/keys': () => undefined,
    'DELETE /api/machines/:id/keys/:kid': () => undefined,
    'DELETE /api/machines/:id': ({ id }) => {
        machines = machines.map((row) => (row.id === id ? { ...row, active: false } : row));
    },
};
