// The played hub's log-in and account.

import type { Answer, SessionRow, SessionState } from '@/api/contract';
import { PERMISSIONS } from '@/session/roles';

export interface Asked {
    /** The first gap of the address. */
    id: string;
    gaps: string[];
    // biome-ignore lint/suspicious/noExplicitAny: whatever the page sends
    body: any;
    query: URLSearchParams;
}
export type Answers = Record<string, (asked: Asked) => unknown>;

export class Refusal extends Error {
    constructor(readonly problem: { word: string; status: number; [more: string]: unknown }) {
        super(problem.word);
    }
}

export function refuse(word: string, status: number, more: object = {}): never {
    throw new Refusal({ word, status, ...more });
}

const PLACE = 'bildbro-imitation';
const nobody = { isIn: false, unit: undefined as string | undefined, isFresh: true };

function kept(): typeof nobody {
    return JSON.parse(sessionStorage.getItem(PLACE) ?? JSON.stringify(nobody));
}

/** For what only one who is logged in may have. */
export function mustBeIn() {
    if (!kept().isIn) refuse('not-logged-in', 401);
}

function keep(change: Partial<typeof nobody>) {
    sessionStorage.setItem(PLACE, JSON.stringify({ ...kept(), ...change }));
}

export const units = [
    { id: 'rontgen', name: 'Röntgen Lund', hsa_id: 'SE2321000131-E000000000101' },
    { id: 'akuten', name: 'Akutmottagningen Malmö', hsa_id: 'SE2321000131-E000000000102' },
    { id: 'ortopedi', name: 'Ortopedi Helsingborg', hsa_id: null },
];
export const anna = { id: 'anna', name: 'Anna Lindqvist', email: 'anna@example.se' };
const LACKED = ['view', 'download', 'handle_orders'];
const CODES = [
    '7HQK-M2XD',
    'P4RT-9WLE',
    'ZC6N-B3VU',
    'K8YJ-T5HG',
    'D2FQ-X7MA',
    'W9EL-R4PC',
    'N3UB-6ZVK',
    'H5TG-Y8JD',
    'B7XC-2NQF',
    'M4JA-8RTW',
];

function state(): SessionState {
    const { isIn, unit } = kept();
    const at = units.find(({ id }) => id === unit);
    return {
        level: isIn ? 'full' : 'none',
        member: isIn
            ? { ...anna, organisation: { id: 'skane', name: 'Region Skåne', kind: 'region' }, language: 'sv' }
            : undefined,
        unit: at ? { id: at.id, name: at.name } : null,
        units: isIn ? units : [],
        whole_organisation: isIn,
        must_choose_unit: isIn && unit === undefined,
        permissions: isIn && unit !== undefined ? PERMISSIONS.filter((one) => !LACKED.includes(one)) : [],
        roles: ['administrator', 'auditor'],
        factors: { passkeys: 1, totp: true, recovery_left: 7 },
        passkeys_available: true,
        means: { password: true, oidc: [], bankid: true },
    };
}

function prove(code: string) {
    if (code === '000000') refuse('wrong-factor', 401);
    return { level: 'full' };
}

let polls = 0;
let sessions: SessionRow[] = [
    {
        id: 'a',
        current: true,
        address: '192.0.2.17',
        agent: 'Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0',
        created_at: '2026-11-24T07:12:00Z',
        seen_at: '2026-11-24T09:41:00Z',
        unit: 'Röntgen Lund',
    },
    {
        id: 'b',
        current: false,
        address: '198.51.100.4',
        agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) AppleWebKit/605 Version/19.0 Safari/604.1',
        created_at: '2026-11-23T16:02:00Z',
        seen_at: '2026-11-23T17:20:00Z',
        unit: null,
    },
];
const factors: Answer<'GET', '/api/account/factors'> = {
    passkeys: [
        { id: 'p', name: 'YubiKey 5', created_at: '2026-09-01T08:00:00Z', used_at: '2026-11-24T07:12:00Z' },
        { id: 'q', name: 'Jobbdatorn', created_at: '2026-09-02T08:00:00Z', used_at: null },
    ],
    totp: { id: 't', name: 'App', created_at: '2026-09-01T08:05:00Z', used_at: null },
    recovery_left: 7,
};
let notices: Answer<'GET', '/api/account/notices'> = { notices: 'digest', hour: 7 };
const picture =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 25 25"><path d="M4 4h7v7H4zM14 4h7v7h-7zM4 14h7v7H4zM14 14h3v3h-3zM18 18h3v3h-3z"/></svg>';

export const sessionAnswers: Answers = {
    'GET /api/session': state,
    'POST /api/login/means': ({ body }) => ({
        password: true,
        bankid: true,
        identity_provider: body.email.endsWith('@skane.example') ? { name: 'Region Skåne' } : null,
    }),
    'POST /api/login/password': ({ body }) => {
        if (body.email.startsWith('fel')) refuse('wrong-login', 401);
        return { level: 'first', factors: ['passkey', 'totp', 'recovery'] };
    },
    'POST /api/login/passkey/begin': () => ({
        ceremony: 'c',
        options: { challenge: 'aW1pdGF0aW9u', rpId: location.hostname, userVerification: 'required' },
    }),
    'POST /api/login/totp': ({ body }) => {
        prove(body.code);
        keep({ isIn: true, unit: undefined });
        return { level: 'full' };
    },
    'POST /api/login/recovery': () => {
        keep({ isIn: true, unit: undefined });
        return { level: 'full', recovery_left: 6 };
    },
    'POST /api/login/oidc/begin': () => ({ url: '/login?problem=denied' }),
    'POST /api/login/bankid/begin': () => {
        polls = 0;
        return { ceremony: 'b' };
    },
    'GET /api/login/bankid/qr': () => picture,
    'POST /api/login/bankid/collect': () => {
        polls += 1;
        return {
            status: polls > 30 ? 'failed' : 'pending',
            message: { sv: 'Starta BankID-appen.', en: 'Start your BankID app.', key: 'RFA1' },
        };
    },
    'POST /api/login/bankid/cancel': () => undefined,
    'POST /api/login/forgotten': () => undefined,
    'POST /api/logout': () => keep(nobody),
    'POST /api/session/unit': ({ body }) => {
        keep({ unit: body.unit ?? '' });
        return state();
    },
    'POST /api/session/step-up/totp': ({ body }) => {
        prove(body.code);
        keep({ isFresh: true });
        return state();
    },
    'GET /api/invitations/:token': ({ id }) => {
        if (id === 'gammal') refuse('expired', 410);
        return {
            kind: id === 'nytt' ? 'reset' : 'invitation',
            organisation_name: 'Region Skåne',
            name: 'Anna Lindqvist',
            email: 'anna@example.se',
            expires_at: '2026-12-01T12:00:00Z',
        };
    },
    'POST /api/invitations/:token': ({ body }) => {
        if (/^(.)\1+$/.test(body.password)) refuse('weak-password', 400);
        return { ...state(), level: 'setup' };
    },
    'GET /api/account/factors': () => factors,
    'POST /api/account/passkeys/begin': () => refuse('passkey-failed', 400),
    'POST /api/account/totp/begin': () => ({
        factor: 'n',
        uri: 'otpauth://totp/Bildbro:anna%40example.se?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Bildbro',
        secret: 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP',
    }),
    'POST /api/account/totp/finish': ({ body }) => {
        prove(body.code);
        keep({ isIn: true, unit: '' });
        return { level: 'full' };
    },
    'POST /api/account/recovery': () => ({ codes: CODES }),
    'DELETE /api/account/factors/:id': ({ id }) => {
        factors.passkeys = factors.passkeys.filter((row) => row.id !== id);
    },
    'POST /api/account/password': ({ body }) => {
        if (body.old === 'fel') refuse('wrong-login', 400, { field: 'old' });
    },
    'GET /api/account/sessions': () => ({ items: sessions }),
    'DELETE /api/account/sessions/:id': ({ id }) => {
        sessions = sessions.filter((row) => row.id !== id);
    },
    'DELETE /api/account/sessions': () => {
        sessions = sessions.filter(({ current }) => current);
    },
    'PUT /api/account': () => undefined,
    'GET /api/account/notices': () => notices,
    'PUT /api/account/notices': ({ body }) => {
        notices = body;
    },
};
