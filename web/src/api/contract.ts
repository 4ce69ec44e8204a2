// What the hub's portal API says and hears, by the names that the pages use for
// it. The types are the hub's own, generated from openapi/bildbro.json (npm run
// api); here stands by hand only what that file does not say, and why.

import type { components, paths } from './schema';

type Schema = components['schemas'];

// Words that are plain strings in the file: these are the ones that the pages
// themselves act on. A word that is only shown goes through i18n/word.ts.
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
export type Spoken = Schema['Language'];
export type FactorKind = 'passkey' | 'totp' | 'recovery';
export type Takes = 'open' | 'hold' | 'closed';
export type TestStage = 'made' | 'at_hub' | 'allowed' | 'under_way' | 'in_pacs';
export type Assessment = 'justified' | 'unclear' | 'unjustified';

// Session and login
export type SessionState = Schema['Session'];
export type Invitation = Schema['Link'];
export type SessionRow = Schema['OwnSession'];

// Organisations
export type OrganisationRow = Schema['Party'];
export type NewOrganisation = Schema['AddParty'];
export type Health = Schema['HubHealth'];
export type Organisation = Schema['Organisation'];
export type NewParticulars = Schema['ChangeOrganisation'];
export type Partners = Schema['PartnerList'];
export type UnitRow = Schema['CareUnit'];
export type NewUnit = Schema['ChangeCareUnit'];
export type Gateway = Schema['Gateway'];
export type Node = Schema['Node'];
export type TestImage = Schema['Progress2'];
export type IdentityProvider = Schema['Shown'];
export type NewIdentityProvider = Schema['Wanted'];

// Members
/** From members' own part; an organisation's first invitation is one of these too. */
export type InvitationLink = Schema['Invitation'];
export type Assignment = Schema['Assignment'];
export type Member = Schema['Member'];
export type NewAssignment = Schema['NewAssignment'];
export type NewMember = Schema['NewMember'];
export type Verdict = Schema['Verdict'];
export type RoleRow = Schema['Role'];
export type NewRole = Schema['RoleDefinition'];
export type Approval = Schema['Approval'];
export type Machine = Schema['Machine'];

// A patient's will
export type Emergency = Schema['Emergency'];
export type Will = Schema['PatientWill'];
export type StudyRow = Schema['PatientStudy'];

// The log
export type LogQuery = Schema['SearchJson'];
export type LogEntry = Schema['EntryJson'];
export type SpotCheck = Schema['CheckJson'];
export type SpotCheckSheet = Schema['DrawnJson'];
export type SpotCheckEntry = Schema['DrawnEntry'];
export type WatchedPatient = Schema['WatchedJson'];
export type OwnNotices = Schema['OwnNotices'];

// Calls

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What the file leaves out of an address: the parameters after its `?`. */
interface Queries {
    'GET /api/login/bankid/qr': { ceremony: string; at: number };
    'GET /api/members': { search?: string; active?: boolean; limit?: number };
    'DELETE /api/gateways/{id}': { confirm: string };
    'GET /api/emergencies': { reviewed: boolean };
}

/** What may need a second member's approval, and then answers 202 with this; the file says 200 only. */
export interface Asked {
    approval_id: string;
}
type MayBeAsked =
    | 'POST /api/members/{id}/assignments'
    | 'POST /api/members/{id}/close'
    | 'PUT /api/roles/{id}'
    | 'PUT /api/organisation/four-eyes'
    | 'POST /api/blocks/{id}/lift'
    | 'POST /api/audit/extract';

/** The addresses of the portal that take a method. */
export type PathOf<M extends Method> = {
    [P in keyof paths]: P extends `/api/${string}`
        ? paths[P] extends Record<Lowercase<M>, object>
            ? P
            : never
        : never;
}[keyof paths];

type Operation<M extends Method, P extends PathOf<M>> = paths[P] extends Record<Lowercase<M>, infer O> ? O : never;

type InPath<O> = O extends { parameters: { path: infer V } } ? { path: V } : unknown;
type InBody<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? { body: B } : unknown;
type InQuery<C extends string> = C extends keyof Queries ? { query: Queries[C] } : unknown;

/** All that a call is given: what fills its address, what stands after `?`, what it sends. */
export type Given<M extends Method, P extends PathOf<M>> = InPath<Operation<M, P>> &
    InBody<Operation<M, P>> &
    InQuery<`${M} ${P}`>;

type Ok<O> = O extends { responses: { 200: { content: { 'application/json': infer A } } } } ? A : undefined;

/** The JSON that a call answers with. */
export type Answer<M extends Method, P extends PathOf<M>> =
    | Ok<Operation<M, P>>
    | (`${M} ${P}` extends MayBeAsked ? Asked : never);

/** Whether a second member has to approve it first. */
export function isAsked(answer: object | undefined): answer is Asked {
    return answer !== undefined && 'approval_id' in answer;
}
