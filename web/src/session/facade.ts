// All that the portal asks about who is logged in. Pages know this interface
// only; `remote.ts` speaks to the hub, `imitation.ts` plays it for development
// and tests, and is left out of what is shipped.

import type {
    AuthenticationResponseJSON,
    PublicKeyCredentialCreationOptionsJSON,
    PublicKeyCredentialRequestOptionsJSON,
    RegistrationResponseJSON,
} from '@simplewebauthn/browser';
import { imitation } from './imitation';
import { remote } from './remote';

export interface Named {
    id: string;
    name: string;
}

export interface Unit extends Named {
    /** The role that one has there, in words. */
    role: string;
    organisation: Named;
}

export interface Me {
    name: string;
    email: string;
    units: Unit[];
    /** The care unit acted in; none is chosen right after logging in. */
    unit?: Unit;
    permissions: string[];
    /** When the session ends if nothing happens. RFC 3339. */
    idleEnd?: string;
}

export type FactorKind = 'passkey' | 'totp' | 'recovery';

export type Proof =
    | { kind: 'totp' | 'recovery'; code: string }
    | { kind: 'passkey'; response: AuthenticationResponseJSON };

/** What is still needed after the first step. */
export interface Progress {
    factors: FactorKind[];
}

export interface BankIdOrder {
    state: 'waiting' | 'done' | 'failed';
    /** The text of the QR code, which changes each second. */
    qr?: string;
    /** Opens the app on this device. */
    link?: string;
}

export interface Invitation {
    inviter: string;
    organisation: string;
    email: string;
    name?: string;
}

export interface SessionRow extends Named {
    place: string;
    since: string;
    seen: string;
    isThis: boolean;
}

export interface FactorRow extends Named {
    kind: 'passkey' | 'totp';
    added: string;
    used?: string;
}

export interface Session {
    /** Who is logged in, or nobody. */
    me(): Promise<Me | null>;
    logIn(email: string, password: string): Promise<Progress>;
    /** The second factor when logging in. */
    confirm(proof: Proof): Promise<void>;
    /** The second factor anew, for something sensitive. */
    confirmAgain(proof: Proof): Promise<void>;
    factorKinds(): Promise<FactorKind[]>;
    passkeyRequest(): Promise<PublicKeyCredentialRequestOptionsJSON>;
    organisations(): Promise<Named[]>;
    /** Where the organisation's own login is; the browser goes there. */
    organisationLogin(id: string): Promise<string>;
    bankIdStart(): Promise<BankIdOrder>;
    bankIdAsk(): Promise<BankIdOrder>;
    actAt(unit: string): Promise<void>;
    /** Something happened here: the session goes on. */
    stay(): Promise<void>;
    logOut(): Promise<void>;

    invitation(token: string): Promise<Invitation>;
    acceptInvitation(token: string, name: string, password: string): Promise<void>;
    totpStart(): Promise<{ uri: string; secret: string }>;
    passkeyStart(): Promise<PublicKeyCredentialCreationOptionsJSON>;
    /** The new factor is proven; gives recovery codes, once. */
    totpFinish(code: string): Promise<string[]>;
    passkeyFinish(response: RegistrationResponseJSON): Promise<string[]>;

    sessions(): Promise<SessionRow[]>;
    endSession(id: string): Promise<void>;
    factors(): Promise<{ factors: FactorRow[]; recoveryLeft: number }>;
    removeFactor(id: string): Promise<void>;

    /** Who can give a permission, for the page that says it is missing. */
    givers(permission: string): Promise<{ name: string; email: string }[]>;
}

export const session: Session = import.meta.env.MODE === 'production' ? remote : imitation;
