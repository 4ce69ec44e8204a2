// Finding, sharing and receiving, as the hub's portal API says it, with each word
// spelled out that the description calls a text; exchange.fits.ts holds them to it.

export type Purpose =
    | 'care'
    | 'second_opinion'
    | 'before_surgery'
    | 'conference'
    | 'patient_request'
    | 'insurance'
    | 'other';
export type Priority = 'ordinary' | 'urgent' | 'emergency';

export interface Named {
    id: string;
    name: string;
}

// Find
export interface Patient {
    /** The same for the same patient. */
    key: string;
    id: string;
    name: string;
    birth_date: string;
    sex: 'M' | 'F' | 'O' | '';
    proven: boolean;
}
export interface FoundStudy {
    /** By this the study is named when it is shared, for 24 hours. */
    found: string;
    gateway: string;
    node: string;
    patient: Patient;
    study_uid: string;
    accession: string;
    date: string;
    time: string;
    modalities: string[];
    description: string;
    institution: string;
    images: number | null;
    series: number | null;
    /** Images that are at the hub already. */
    held: number;
}
export interface SearchQuery {
    patient_id?: string;
    name?: string;
    accession?: string;
    from?: string;
    until?: string;
    modality?: string;
}
export interface SearchProblem {
    gateway: string;
    /** Empty: the gateway itself. */
    node: string;
    failure: string;
}
export type SearchLine =
    | { is: 'study'; study: FoundStudy }
    | ({ is: 'problem' } & SearchProblem)
    | { is: 'end'; studies: number; cut: boolean };

// Share
export interface Recipient extends Named {
    kind: string;
    in_care: boolean;
    takes: 'open' | 'hold' | 'closed';
    favourite: boolean;
    /** Whoever is on call there is e-mailed of an emergency; else nobody is. */
    on_call: boolean;
    last_at: string | null;
}
export interface NewShare {
    studies: string[];
    recipients: string[];
    purpose: Purpose;
    priority: Priority;
    message: string;
    expires_at: string | null;
    several_patients: boolean;
    /** The request that it answers. */
    answers?: string | null;
}
export type ShareState =
    | 'fetching'
    | 'waiting'
    | 'under_way'
    | 'retrying'
    | 'delivered'
    | 'stopped'
    | 'held'
    | 'taken_back'
    | 'expired'
    | 'declined';
export interface ShareProgress {
    state: ShareState;
    expected: number | null;
    here: number;
    /** Of the recipient that has come least far. */
    delivered: number;
    changed_at: string;
}
export interface ShareLine extends ShareProgress {
    id: string;
    made_at: string;
    made_by: string | null;
    patients: Patient[];
    studies: number;
    modalities: string[];
    purpose: Purpose;
    priority: Priority;
    recipients: Named[];
    /** The request that it answers. */
    answers: string | null;
    /** For so many hours nobody at a recipient had opened it. */
    unopened_hours: number | null;
}
export interface ShareStudy {
    study_uid: string;
    patient: Patient;
    date: string;
    /** `HH:MM`, or empty. */
    time: string;
    modalities: string[];
    description: string;
    accession: string;
    node: string;
    expected: number | null;
    here: number;
    /** Everything has come. */
    complete: boolean;
    fetch: 'none' | 'waiting' | 'under_way' | 'done' | 'failed';
    moved: { completed: number; failed: number; remaining: number | null } | null;
    failure: string | null;
    retry_at: string | null;
    gateway_silent_since: string | null;
}
export type DeliveryState =
    | 'waiting'
    | 'under_way'
    | 'retrying'
    | 'delivered'
    | 'stopped'
    | 'withdrawn'
    | 'held'
    | 'declined';
export interface Delivery {
    id: string;
    recipient: Named;
    state: DeliveryState;
    images: number;
    bytes: number;
    expected: number | null;
    complete: boolean;
    stored: number;
    already_there: number;
    failed: number;
    pending: number;
    failure: string | null;
    next_attempt_at: string | null;
    silent_since: string | null;
    on_call: boolean;
    opened_at: string | null;
    unopened_hours: number | null;
    decline_reason: string | null;
    changed_at: string;
    bytes_per_second: number | null;
    seconds_left: number | null;
}
export type Happening =
    | 'shared'
    | 'allowed'
    | 'first_stored'
    | 'all_stored'
    | 'opened'
    | 'let_in'
    | 'declined'
    | 'taken_back'
    | 'failed'
    | 'retried'
    | 'recalled'
    | 'escalated';
export interface Event {
    at: string;
    what: Happening;
    recipient: string | null;
    images: number | null;
    by: string | null;
}
export interface Share extends ShareLine {
    message: string;
    legal_mode: string;
    expires_at: string | null;
    /** Nothing leaves before this. */
    sends_at: string | null;
    taken_back_at: string | null;
    taken_back_why: string | null;
    contents: ShareStudy[];
    deliveries: Delivery[];
    timeline: Event[];
}
export type TakeBackWhy = 'wrong_patient' | 'wrong_recipient' | 'not_needed' | 'other';
export interface Page<T> {
    items: T[];
    next: string | null;
}
export interface SharesNews {
    shares: (ShareProgress & { id: string })[];
}

// Inbox
export type Box = 'new' | 'under_way' | 'done';
export type Counts = Record<Box, number>;
export interface InboxProgress {
    id: string;
    state: DeliveryState;
    stored: number;
    already_there: number;
    failed: number;
    pending: number;
    images: number;
    expected: number | null;
    changed_at: string;
}
export interface InboxItem extends InboxProgress {
    share: string;
    sender: Named;
    patients: Patient[];
    studies: number;
    modalities: string[];
    purpose: Purpose;
    priority: Priority;
    made_at: string;
    held: boolean;
    failure: string | null;
    opened_at: string | null;
    opened_by: string | null;
    assigned_to: ({ kind: 'member' | 'unit' } & Named) | null;
    recall: { at: string; why: string } | null;
    /** Our own request that it answers. */
    answers: string | null;
}
export interface InboxStudy {
    study_uid: string;
    patient: Patient;
    date: string;
    time: string;
    modalities: string[];
    description: string;
    accession: string;
    institution: string;
    images: number;
    expected: number | null;
    series: { modality: string; description: string; body_part: string; images: number }[];
}
export type Difference = 'name' | 'birth_date' | 'sex' | 'id';
export interface Match {
    verdict: 'certain' | 'uncertain' | 'mismatch' | 'new' | 'unknown';
    candidates: { patient: Patient; studies: number; node: string; differences: Difference[] }[];
}
export interface InboxDetail extends InboxItem {
    message: string;
    expires_at: string | null;
    contents: InboxStudy[];
    match: Match | null;
    timeline: Event[];
}
export interface InboxPage extends Page<InboxItem> {
    counts: Counts;
}
export interface InboxNews {
    counts: Counts;
    items: InboxProgress[];
}
export type Decision = '' | 'same_person' | 'new_patient';
export interface Colleagues {
    members: Named[];
    units: Named[];
}

// Request
export type RequestSide = 'asked' | 'received';
export type RequestState = 'open' | 'being_handled' | 'answered' | 'declined' | 'withdrawn' | 'expired';
export interface NewImageRequest {
    holder: string;
    patient_id: string;
    patient_name: string;
    patient_birth_date: string;
    wanted: string;
    from: string | null;
    until: string | null;
    modality: string;
    purpose: Purpose;
    priority: Priority;
    needed_by: string | null;
}
export interface ImageRequest {
    id: string;
    side: RequestSide;
    asker: Named;
    holder: Named;
    patient: Patient;
    wanted: string;
    from: string | null;
    until: string | null;
    modality: string;
    purpose: Purpose;
    priority: Priority;
    needed_by: string | null;
    asked_at: string;
    /** Told to the asker's own. */
    asked_by: string | null;
    unit: string | null;
    state: RequestState;
    expires_at: string;
    handled_at: string | null;
    /** Told to the holder's own. */
    handled_by: string | null;
    reminded_at: string | null;
    /** From when one may remind; null: now. */
    remind_from: string | null;
    /** What it was answered with. */
    share: string | null;
    reason: string | null;
    changed_at: string;
}
export type RequestCounts = Record<RequestSide, { open: number; being_handled: number }>;
export interface RequestPage extends Page<ImageRequest> {
    counts: RequestCounts;
}
export interface RequestsNews {
    counts: RequestCounts;
    items: { id: string; state: RequestState; changed_at: string }[];
}
