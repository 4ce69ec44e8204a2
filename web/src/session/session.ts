// All that the portal asks about who is logged in, and does with one's own account.

import type {
    PublicKeyCredentialCreationOptionsJSON,
    PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import type {
    BankIdProgress,
    Ceremony,
    FactorKind,
    FactorState,
    Invitation,
    Level,
    List,
    LoginMeans,
    SessionRow,
    SessionState,
    Spoken,
} from '@/api/contract';
import { ProblemError } from '@/api/problem';
import { request, requestText, withQuery } from '@/api/request';

/** Where a second factor is proven: when logging in, or anew for something sensitive. */
export type Occasion = 'login' | 'session/step-up';

/** What is still needed after the first step. */
export interface Progress {
    level: Level;
    factors?: FactorKind[];
}

export const session = {
    state: () => request<SessionState>('GET', '/api/session'),
    means: (email: string) => request<LoginMeans>('GET', withQuery('/api/login/means', { email })),
    logIn: (email: string, password: string) => request<Progress>('POST', '/api/login/password', { email, password }),
    forgotten: (email: string, language: Spoken) => request('POST', '/api/login/forgotten', { email, language }),
    proveTotp: (at: Occasion, code: string) => request('POST', `/api/${at}/totp`, { code }),
    proveRecovery: (code: string) => request('POST', '/api/login/recovery', { code }),
    /** The browser's own question. Whatever it refuses for, the advice is the same. */
    async provePasskey(at: Occasion) {
        const { ceremony, options } = await request<Ceremony>('POST', `/api/${at}/passkey/begin`, {});
        const credential = await asking(async () => {
            const { startAuthentication } = await import('@simplewebauthn/browser');
            return startAuthentication({ optionsJSON: bare<PublicKeyCredentialRequestOptionsJSON>(options) });
        });
        await request('POST', `/api/${at}/passkey/finish`, { ceremony, credential });
    },
    /** Where the organisation's own login is; the browser goes there. */
    organisationLogin: (email: string, return_to: string) =>
        request<{ url: string }>('POST', '/api/login/oidc/begin', { email, return_to }),
    bankIdBegin: (return_to: string, same_device: boolean) =>
        request<{ ceremony: string; start_url?: string }>('POST', '/api/login/bankid/begin', {
            return_to,
            same_device,
        }),
    /** Drawn by the hub, good for a second; never kept. */
    bankIdPicture: (ceremony: string) => requestText(withQuery('/api/login/bankid/qr', { ceremony, at: Date.now() })),
    bankIdCollect: (ceremony: string) => request<BankIdProgress>('POST', '/api/login/bankid/collect', { ceremony }),
    bankIdCancel: (ceremony: string) => request('POST', '/api/login/bankid/cancel', { ceremony }),
    actAt: (unit: string | null) => request<SessionState>('POST', '/api/session/unit', { unit }),
    logOut: () => request('POST', '/api/logout', {}),

    invitation: (token: string) => request<Invitation>('GET', `/api/invitations/${encodeURIComponent(token)}`),
    acceptInvitation: (token: string, given: { name?: string; password: string; language: Spoken }) =>
        request<SessionState>('POST', `/api/invitations/${encodeURIComponent(token)}`, given),

    factors: () => request<FactorState>('GET', '/api/account/factors'),
    async addPasskey(name: string) {
        const { ceremony, options } = await request<Ceremony>('POST', '/api/account/passkeys/begin', { name });
        const credential = await asking(async () => {
            const { startRegistration } = await import('@simplewebauthn/browser');
            return startRegistration({ optionsJSON: bare<PublicKeyCredentialCreationOptionsJSON>(options) });
        });
        await request('POST', '/api/account/passkeys/finish', { ceremony, credential });
    },
    totpBegin: () => request<{ factor: string; secret: string; uri: string }>('POST', '/api/account/totp/begin', {}),
    totpFinish: (factor: string, code: string) => request('POST', '/api/account/totp/finish', { factor, code }),
    /** Shown once; the old ones stop working. */
    recoveryCodes: () => request<{ codes: string[] }>('POST', '/api/account/recovery', {}),
    removeFactor: (id: string) => request('DELETE', `/api/account/factors/${id}`),
    changePassword: (old: string, next: string) => request('POST', '/api/account/password', { old, new: next }),
    change: (name: string, language: Spoken) => request('PUT', '/api/account', { name, language }),
    sessions: () => request<List<SessionRow>>('GET', '/api/account/sessions'),
    endSession: (id: string) => request('DELETE', `/api/account/sessions/${id}`),
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
