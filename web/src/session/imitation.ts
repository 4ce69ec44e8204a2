// A hub played in the browser, for development and tests: one clinic, one
// person, and an error for each word that a page must be able to say.

import { type Problem, ProblemError } from '@/api/problem';
import type { FactorRow, Me, Session, SessionRow, Unit } from './facade';

const PLACE = 'bildbro-imitation';
const skane = { id: 'skane', name: 'Region Skåne' };
const units: Unit[] = [
    { id: 'rontgen', name: 'Röntgen Lund', role: 'Röntgensjuksköterska', organisation: skane },
    { id: 'akuten', name: 'Akutmottagningen Malmö', role: 'Läsare', organisation: skane },
    { id: 'ortopedi', name: 'Ortopedi Helsingborg', role: 'Administratör', organisation: skane },
];
const CODES = ['7HQK-M2XD', 'P4RT-9WLE', 'ZC6N-B3VU', 'K8YJ-T5HG', 'D2FQ-X7MA', 'W9EL-R4PC', 'N3UB-6ZVK', 'H5TG-Y8JD'];
const nobody = { isIn: false, unit: undefined as string | undefined };

function kept(): typeof nobody {
    return JSON.parse(sessionStorage.getItem(PLACE) ?? JSON.stringify(nobody));
}

function keep(change: Partial<typeof nobody>) {
    sessionStorage.setItem(PLACE, JSON.stringify({ ...kept(), ...change }));
}

function refuse(word: string, more: Partial<Problem> = {}): never {
    throw new ProblemError({ word, status: 400, mayRetry: false, ...more });
}

let polls = 0;
let sessions: SessionRow[] = [
    {
        id: 'a',
        name: 'Firefox, Windows',
        place: '192.0.2.17',
        since: '2026-11-24T07:12:00Z',
        seen: '2026-11-24T09:41:00Z',
        isThis: true,
    },
    {
        id: 'b',
        name: 'Safari, iPhone',
        place: '198.51.100.4',
        since: '2026-11-23T16:02:00Z',
        seen: '2026-11-23T17:20:00Z',
        isThis: false,
    },
];
let factors: FactorRow[] = [
    { id: 'p', name: 'YubiKey 5', kind: 'passkey', added: '2026-09-01T08:00:00Z', used: '2026-11-24T07:12:00Z' },
    { id: 't', name: 'Telefon', kind: 'totp', added: '2026-09-01T08:05:00Z' },
];

function prove(code: string, kind: string) {
    if (kind === 'totp' && code === '000000') refuse('wrong-factor');
    if (kind === 'recovery' && code.length < 8) refuse('wrong-recovery');
}

export const imitation: Session = {
    async me(): Promise<Me | null> {
        const { isIn, unit } = kept();
        if (!isIn) return null;
        const at = units.find(({ id }) => id === unit);
        return { name: 'Anna Lindqvist', email: 'anna@example.se', units, unit: at, permissions: ['images:view'] };
    },
    async logIn(email) {
        if (email.startsWith('fel')) refuse('wrong-login', { status: 401 });
        if (email.startsWith('trasig')) throw new TypeError('Failed to fetch');
        return { factors: ['passkey', 'totp', 'recovery'] };
    },
    async confirm(proof) {
        if (proof.kind !== 'passkey') prove(proof.code, proof.kind);
        keep({ isIn: true, unit: undefined });
    },
    async confirmAgain(proof) {
        if (proof.kind !== 'passkey') prove(proof.code, proof.kind);
    },
    factorKinds: async () => ['passkey', 'totp', 'recovery'],
    passkeyRequest: async () => ({ challenge: 'aW1pdGF0aW9u', rpId: location.hostname, userVerification: 'required' }),
    organisations: async () => [
        skane,
        { id: 'vgr', name: 'Västra Götalandsregionen' },
        { id: 'aleris', name: 'Aleris Röntgen' },
        { id: 'sahlgrenska', name: 'Sahlgrenska universitetssjukhuset' },
    ],
    organisationLogin: async () => '/login/confirm',
    async bankIdStart() {
        polls = 0;
        return { state: 'waiting', qr: 'bankid.67df3917-fa0d-44e5-b327-edcc928297f8.0.dc69358e', link: 'bankid:///' };
    },
    async bankIdAsk() {
        polls += 1;
        return { state: 'waiting', qr: `bankid.67df3917-fa0d-44e5-b327-edcc928297f8.${polls}.dc69358e` };
    },
    actAt: async (unit) => keep({ unit }),
    stay: async () => {},
    logOut: async () => keep(nobody),

    async invitation(token) {
        if (token === 'gammal') refuse('invitation-ended', { status: 410 });
        return { inviter: 'Erik Holm', organisation: 'Region Skåne', email: 'anna@example.se' };
    },
    async acceptInvitation(_token, _name, password) {
        if (/^(.)\1+$/.test(password)) refuse('weak-password');
    },
    totpStart: async () => ({
        uri: 'otpauth://totp/Bildbro:anna%40example.se?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Bildbro',
        secret: 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP',
    }),
    passkeyStart: () => refuse('passkey-failed'),
    async totpFinish(code) {
        prove(code, 'totp');
        keep({ isIn: true });
        return CODES;
    },
    async passkeyFinish() {
        keep({ isIn: true });
        return CODES;
    },

    sessions: async () => sessions,
    async endSession(id) {
        sessions = sessions.filter((row) => row.id !== id);
    },
    factors: async () => ({ factors, recoveryLeft: 7 }),
    async removeFactor(id) {
        factors = factors.filter((row) => row.id !== id);
    },
    givers: async () => [
        { name: 'Erik Holm', email: 'erik@example.se' },
        { name: 'Maria Ek', email: 'maria@example.se' },
    ],
};
