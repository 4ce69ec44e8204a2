// All that the portal asks about who is logged in, and does with one's own account.

import type {
    PublicKeyCredentialCreationOptionsJSON,
    PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import type { FactorKind, OwnNotices, SessionState, Spoken } from '@/api/contract';
import { ProblemError } from '@/api/problem';
import { request, requestText } from '@/api/request';

/** Where a second factor is proven: when logging in, or anew for something sensitive. */
export type Occasion = 'login' | 'session/step-up';

export const session = {
    state: () => request('GET', '/api/session'),
    means: (email: string) => request('POST', '/api/login/means', { body: { email } }),
    logIn: (email: string, password: string) => request('POST', '/api/login/password', { body: { email, password } }),
    forgotten: (email: string, language: Spoken) =>
        request('POST', '/api/login/forgotten', { body: { email, language } }),
    proveTotp: (at: Occasion, code: string): Promise<unknown> => request('POST', `/api/${at}/totp`, { body: { code } }),
    proveRecovery: (code: string) => request('POST', '/api/login/recovery', { body: { code } }),
    /** The browser's own question. Whatever it refuses for, the advice is the same. */
    async provePasskey(at: Occasion) {
        const { ceremony, options } = await request('POST', `/api/${at}/passkey/begin`, { body: {} });
        const credential = await asking(async () => {
            const { startAuthentication } = await import('@simplewebauthn/browser');
            return startAuthentication({ optionsJSON: bare<PublicKeyCredentialRequestOptionsJSON>(options) });
        });
        await request('POST', `/api/${at}/passkey/finish`, { body: { ceremony, credential: { ...credential } } });
    },
    /** Where the organisation's own login is; the browser goes there. */
    organisationLogin: (email: string, return_to: string) =>
        request('POST', '/api/login/oidc/begin', { body: { email, return_to } }),
    bankIdBegin: (return_to: string, same_device: boolean) =>
        request('POST', '/api/login/bankid/begin', { body: { return_to, same_device } }),
    /** Drawn by the hub, good for a second; never kept. */
    bankIdPicture: (ceremony: string) => requestText('/api/login/bankid/qr', { query: { ceremony, at: Date.now() } }),
    bankIdCollect: (ceremony: string) => request('POST', '/api/login/bankid/collect', { body: { ceremony } }),
    bankIdChoose: (ceremony: string, member: string) =>
        request('POST', '/api/login/bankid/choose', { body: { ceremony, member } }),
    bankIdCancel: (ceremony: string) => request('POST', '/api/login/bankid/cancel', { body: { ceremony } }),
    actAt: (unit: string | null) => request('POST', '/api/session/unit', { body: { unit } }),
    logOut: () => request('POST', '/api/logout'),

    invitation: (token: string) => request('GET', '/api/invitations/{token}', { path: { token } }),
    acceptInvitation: (token: string, body: { name?: string; password: string; language: Spoken }) =>
        request('POST', '/api/invitations/{token}', { path: { token }, body }),

    factors: () => request('GET', '/api/account/factors'),
    async addPasskey(name: string) {
        const { ceremony, options } = await request('POST', '/api/account/passkeys/begin', { body: { name } });
        const credential = await asking(async () => {
            const { startRegistration } = await import('@simplewebauthn/browser');
            return startRegistration({ optionsJSON: bare<PublicKeyCredentialCreationOptionsJSON>(options) });
        });
        await request('POST', '/api/account/passkeys/finish', { body: { ceremony, credential: { ...credential } } });
    },
    totpBegin: () => request('POST', '/api/account/totp/begin', { body: {} }),
    totpFinish: (factor: string, code: string) =>
        request('POST', '/api/account/totp/finish', { body: { factor, code } }),
    /** Shown once; the old ones stop working. */
    recoveryCodes: () => request('POST', '/api/account/recovery'),
    removeFactor: (id: string) => request('DELETE', '/api/account/factors/{id}', { path: { id } }),
    changePassword: (old: string, next: string) =>
        request('POST', '/api/account/password', { body: { old, new: next } }),
    change: (language: Spoken) => request('PUT', '/api/account', { body: { language } }),
    notices: () => request('GET', '/api/account/notices'),
    changeNotices: (body: OwnNotices) => request('PUT', '/api/account/notices', { body }),
    sessions: () => request('GET', '/api/account/sessions'),
    endSession: (id: string) => request('DELETE', '/api/account/sessions/{id}', { path: { id } }),
    endOthers: () => request('DELETE', '/api/account/sessions'),
};

function bare<T>(options: unknown): T {
    const nested = (options as { publicKey?: T }).publicKey;
    return nested ?? (options as T);
}

async function asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
        return await ask();
    } catch (cause) {
        throw new ProblemError({ word: 'passkey-failed', status: 0, mayRetry: false }, { cause });
    }
}

/** What one can prove with, by what the session says is set up. */
export function kindsOf({ factors }: SessionState): FactorKind[] {
    return [
        ...(factors.passkeys > 0 ? (['passkey'] as const) : []),
        ...(factors.totp ? (['totp'] as const) : []),
        ...(factors.recovery_left > 0 ? (['recovery'] as const) : []),
    ];
}
