// What the hub's portal API says and hears, as the pages see it. One place, so
// that a change of the contract is a change here. Ids are UUIDs, times RFC 3339
// in UTC, days YYYY-MM-DD.

export type Permission =
    | 'find'
    | 'share'
    | 'receive'
    | 'view'
    | 'download'
    | 'handle_orders'
    | 'emergency'
    | 'register_will'
    | 'follow_deliveries'
    | 'manage_organisation'
    | 'manage_members'
    | 'manage_gateways'
    | 'manage_machines'
    | 'search_audit'
    | 'review_audit'
    | 'run_hub';
export type Spoken = 'sv' | 'en';
export type Level = 'none' | 'first' | 'setup' | 'full';
export type FactorKind = 'passkey' | 'totp' | 'recovery';

export interface Named {
    id: string;
    name: string;
}
export interface List<T> {
    items: T[];
    next?: string | null;
}
/** What may need a second member's approval answers this instead of its own thing. */
export interface Asked {
    approval_id?: string;
}
export interface InvitationLink {
    url: string;
    expires_at: string;
    mailed: boolean;
}

// Session and login

export interface SessionState {
    level: Level;
    member?: Named & { email: string; organisation: Named & { kind: string }; language: Spoken };
    unit: Named | null;
    units: (Named & { hsa_id?: string | null })[];
    whole_organisation: boolean;
    must_choose_unit: boolean;
    permissions: string[];
    roles: string[];
    fresh_until?: string | null;
    factors: { passkeys: number; totp: boolean; recovery_left: number };
    idle_until?: string | null;
    ends_at?: string | null;
    means: { password: boolean; bankid: boolean };
}
export interface LoginMeans {
    password: boolean;
    bankid: boolean;
    identity_provider: { name: string } | null;
}
export interface Ceremony {
    ceremony: string;
    /** As the WebAuthn library of the hub writes them: bare, or under `publicKey`. */
    options: unknown;
}
export interface BankIdProgress {
    status: 'pending' | 'failed' | 'complete';
    message: { sv: string; en: string; key: string };
    level?: Level;
}
export interface Invitation {
    kind: 'invitation' | 'reset';
    organisation_name: string;
    name: string;
    email: string;
    expires_at: string;
}

// One's own account

export interface FactorState {
    passkeys: (Named & { created_at: string; used_at?: string | null })[];
    totp: { id: string; created_at: string; used_at?: string | null } | null;
    recovery_left: number;
}
export interface SessionRow {
    id: string;
    current: boolean;
    address: string | null;
    agent: string | null;
    created_at: string;
    seen_at: string;
    unit?: Named | string | null;
}

// Organisations, as the operator sees them

export interface OrganisationRow extends Named {
    kind: string;
    ae_title: string;
    hsa_id?: string | null;
    number?: string | null;
    active: boolean;
    members: number;
    gateways: number;
    last_image_at?: string | null;
}
export interface NewOrganisation {
    name: string;
    kind: string;
    ae_title: string;
    hsa_id?: string;
    number?: string;
    administrator: { name: string; email: string; language: Spoken };
}
export interface Health {
    database: string;
    gateways: (Named & {
        organisation?: string | Named;
        live?: boolean;
        last_seen?: string | null;
        version?: string;
    })[];
    deliveries: Record<string, number>;
    audit: { entries: number; checkpoint_at?: string | null };
}

// One's own organisation

export type Takes = 'open' | 'hold' | 'closed';
export interface Organisation extends Named {
    kind: string;
    ae_title: string;
    hsa_id?: string | null;
    number?: string | null;
    postal?: string | null;
    on_call?: string | null;
    takes: Takes;
    four_eyes: string[];
    names_staff: boolean;
}
export interface DirectoryRow extends Named {
    kind: string;
    ae_title: string;
    hsa_id?: string | null;
}
export interface Partners {
    takes: Takes;
    items: { organisation: Named & { kind: string }; takes: Takes | null }[];
}
export interface UnitRow extends Named {
    hsa_id?: string | null;
    institution?: string | null;
    active: boolean;
    members: number;
}
export interface Node {
    name: string;
    ae_title?: string | null;
    ok: boolean;
    failure?: string | null;
    checked_at?: string | null;
}
export interface Gateway extends Named {
    version?: string | null;
    active: boolean;
    created_at: string;
    last_seen?: string | null;
    live: boolean;
    waiting_images: number;
    waiting_bytes: number;
    last_image_at?: string | null;
    nodes: Node[];
}
export interface EnrolCode {
    code: string;
    expires_at: string;
    command: string;
}
export type TestStage = 'made' | 'at_hub' | 'allowed' | 'under_way' | 'in_pacs';
export interface TestImage {
    state: string;
    stages: { stage: TestStage; at: string | null }[];
    failure: string | null;
    seconds: number | null;
}
export interface HeldDelivery {
    id: string;
    sender: Named | string;
    recipient: Named | string;
    purpose: string;
    state: string;
    images: number;
    created_at: string;
}
export interface IdentityProvider {
    name: string;
    issuer: string;
    client_id: string;
    scopes: string[] | string;
    mapping?: unknown;
    acr_values?: string[] | string | null;
    two_factors: boolean;
}

// Members

export interface Assignment {
    id: string;
    role: { word: string; name: string };
    unit: Named | null;
    commission?: string | null;
}
export interface Member extends Named {
    email: string;
    hsa_id?: string | null;
    active: boolean;
    invited: boolean;
    last_login?: string | null;
    factors: { passkeys: number; totp: boolean };
    assignments: Assignment[];
}
export interface NewAssignment {
    role: string;
    unit: string | null;
    commission?: string;
}
export interface NewMember {
    name: string;
    email: string;
    hsa_id?: string;
    personal_number?: string;
    language: Spoken;
    assignments: NewAssignment[];
}
export interface Verdict {
    permission: Permission;
    allowed: boolean;
    by: { role: string; name: string; unit: Named | null }[];
    would: string[];
}
export interface Explanation {
    member: Named;
    choices: { unit: Named | null; permissions: Verdict[] }[];
}
export interface RoleRow {
    word?: string;
    id?: string;
    name: string;
    built_in: boolean;
    permissions: string[];
    members: number;
}
export interface Approval {
    id: string;
    action: string;
    about: Named | null;
    summary: Record<string, unknown>;
    asked_by: Named;
    asked_at: string;
    expires_at: string;
    state: 'waiting' | 'approved' | 'refused' | 'expired';
}

// Machines

export interface Machine extends Named {
    scopes: string[];
    active: boolean;
    created_at: string;
    last_seen?: string | null;
    keys: { kid: string; alg: string; added_at: string; removed_at?: string | null }[];
}

// A patient's will

export interface Block {
    id: string;
    unit?: Named | null;
    created_at?: string;
    lifted_at?: string | null;
    by?: Named | null;
}
export interface Consent {
    id: string;
    unit?: Named | null;
    from: string;
    until: string;
    withdrawn_at?: string | null;
}
export interface Emergency {
    id: string;
    reason?: string;
    by?: Named | null;
    member?: Named | null;
    patient?: string | { id: string } | null;
    created_at?: string;
    at?: string;
    until: string;
    reviewed_at?: string | null;
    assessment?: Assessment | null;
    comment?: string | null;
}
export interface Will {
    patient: { key_masked: string; proven: boolean };
    blocks: Block[];
    consents: Consent[];
    emergencies: Emergency[];
}
export interface StudyRow {
    study: string;
    date?: string | null;
    modality?: string | null;
    description?: string | null;
    institution?: string | null;
    images: number;
}
export interface Overview {
    own: StudyRow[];
    others: { organisation: Named; studies?: StudyRow[]; blocked?: boolean }[];
    will: 'unknown' | 'consent' | 'emergency';
    denied: string | null;
}

// The log

export interface LogQuery {
    from?: string;
    until?: string;
    patient_id?: string;
    member?: string;
    unit?: string;
    action?: string;
    share?: string;
    outcome?: string;
    after?: string;
    limit?: number;
}
export interface LogEntry {
    sequence: number;
    id: string;
    at: string;
    action: string;
    outcome: string;
    actor: { kind: string; id?: string; name?: string; hsa_id?: string; roles?: string[] };
    organisation?: Named | string | null;
    unit?: Named | null;
    counterpart?: Named | null;
    patient?: { id: string } | string | null;
    studies?: string[];
    share?: string | null;
    delivery?: string | null;
    purpose?: string | null;
    legal_mode?: string | null;
    reason?: string | null;
    images?: number | null;
    from?: string | null;
    detail?: string | null;
    about?: Named | null;
}
export type Assessment = 'justified' | 'unclear' | 'unjustified';
export interface SpotCheck {
    id: string;
    rule: string;
    from: string;
    until: string;
    drawn_at: string;
    drawn_by: Named | string;
    found: number;
    size: number;
    reviewed: number;
    unjustified: number;
    closed_at?: string | null;
}
export interface SpotCheckEntry {
    sequence: number;
    why: string;
    entry: LogEntry;
    assessment?: Assessment | null;
    comment?: string | null;
    reviewed_by?: Named | string | null;
    reviewed_at?: string | null;
}
export interface WatchedPatient {
    id?: string;
    patient_id?: string;
    key_masked?: string;
    added_at?: string;
    added_by?: Named | null;
}

/** Some answers give a name, some the thing with its name. */
export function nameOf(thing: Named | string | null | undefined): string {
    return typeof thing === 'string' ? thing : (thing?.name ?? '');
}
