//! The audit log for people: search, spot checks, extracts; and for programs
//! that pass it on.
//!
//! An organisation sees its own entries whole. Of another's it sees those that
//! say what passed between the two, without who did it and why.

use super::{Answer, Caller, StoreError};
use crate::{audit_event::Names, spot_check::Rule};
use async_trait::async_trait;
use bildbro_domain::{
    CareUnitId, MemberId, PatientKey, Personal, ShareId,
    audit::{Action, Entry, Outcome, spot_check::Assessment},
};
use bildbro_wire::audit::Event;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Most entries of one page.
pub const PAGE: u32 = 200;

/// Most rows of an extract; above it the period has to be shorter.
pub const EXTRACT: usize = 50_000;

/// Most entries that are drawn at once.
pub const DRAWN: u32 = 200;

/// Which entries are looked for. Empty: all that may be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// From here on.
    pub from: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// A number in any way of writing.
    pub patient: Option<Personal>,
    pub member: Option<MemberId>,
    pub unit: Option<CareUnitId>,
    pub action: Option<Action>,
    pub outcome: Option<Outcome>,
    pub share: Option<ShareId>,
    /// Entries older than this sequence, for the next page.
    pub before: Option<u64>,
    /// How many, at most [`PAGE`].
    pub most: u32,
}

/// One entry and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub sequence: u64,
    pub entry: Entry,
}

/// Newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub lines: Vec<Line>,
    pub names: Names,
    /// `before` of the next page. There may be one although the page is short,
    /// or empty: one search looks through so much of the log and no more.
    pub next: Option<u64>,
    /// Whether the caller may read patients' numbers whole.
    pub whole_numbers: bool,
}

/// What is to be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    pub rule: Rule,
    pub from: Timestamp,
    pub until: Timestamp,
    /// 1 to [`DRAWN`].
    pub size: u32,
}

/// A spot check, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotCheck {
    pub id: Uuid,
    pub draw: Draw,
    pub drawn_at: Timestamp,
    pub drawn_by: MemberId,
    pub drawn_by_name: Personal,
    /// How many entries the rule found.
    pub found: u64,
    pub reviewed: u64,
    pub unjustified: u64,
    pub closed_at: Option<Timestamp>,
}

/// One entry that was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnLine {
    pub line: Line,
    /// Why the rule found it.
    pub why: String,
    pub assessment: Option<Assessment>,
    pub comment: Personal,
    pub reviewed_by: Option<(MemberId, Personal)>,
    pub reviewed_at: Option<Timestamp>,
}

/// A spot check with its entries, in the order of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    pub check: SpotCheck,
    pub lines: Vec<DrawnLine>,
    pub names: Names,
    pub whole_numbers: bool,
}

/// A patient whom an organisation wants looked after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Masked, unless the caller may read it whole.
    pub patient: Personal,
    pub added_by: Personal,
    pub added_at: Timestamp,
}

/// What a patient asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtractWish {
    pub patient: Personal,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// A second member's approval, where the organisation wants one.
    pub approval: Option<Uuid>,
}

/// Who has had access to a patient's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accesses {
    pub organisation: bildbro_domain::OrganisationId,
    /// HSA-id or organisation number.
    pub organisation_number: Option<String>,
    pub patient: PatientKey,
    pub patient_name: Option<Personal>,
    pub drawn_up_by: Personal,
    /// Whether the organisation tells who of its own looked.
    pub names_staff: bool,
    /// Oldest first; at most [`EXTRACT`].
    pub lines: Vec<Line>,
    pub names: Names,
}

/// The scope with which a machine may search the log.
pub const AUDIT_EVENT: &str = "system/AuditEvent.rs";

#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Searches; that somebody did is on record, with the patient if one was
    /// searched for.
    async fn search_log(&self, caller: &Caller, search: &Search) -> Answer<Found>;

    /// The same for a machine, on its organisation's behalf; the token is looked
    /// at again in the transaction, and must have [`AUDIT_EVENT`].
    async fn search_log_as(&self, machine: &Caller, search: &Search) -> Answer<Found>;

    /// Draws a sample of what the rule finds. The same seed draws the same.
    async fn draw_spot_check(&self, caller: &Caller, draw: Draw, seed: u64) -> Answer<Uuid>;
    /// The organisation's, newest first; the last 200.
    async fn spot_checks(&self, caller: &Caller) -> Answer<Vec<SpotCheck>>;
    async fn spot_check(&self, caller: &Caller, id: Uuid) -> Answer<Drawn>;
    /// Nobody assesses what they did themselves: denied, and on record.
    async fn assess(
        &self,
        caller: &Caller,
        id: Uuid,
        sequence: u64,
        assessment: Assessment,
        comment: Personal,
    ) -> Answer<()>;
    /// When all have been assessed.
    async fn close_spot_check(&self, caller: &Caller, id: Uuid) -> Answer<()>;

    async fn watched_patients(&self, caller: &Caller) -> Answer<Vec<Watched>>;
    async fn watch_patient(&self, caller: &Caller, patient: &Personal) -> Answer<()>;
    async fn unwatch_patient(&self, caller: &Caller, patient: &Personal) -> Answer<()>;

    /// All accesses to a patient's data at the organisation, as the one who
    /// holds them or has received them.
    async fn extract_log(&self, caller: &Caller, wish: &ExtractWish) -> Answer<Accesses>;

    /// Takes or renews a cursor's lease. The sequence it is at, 0 for a new one;
    /// `None` while another holds it.
    async fn cursor_take(
        &self,
        name: &str,
        holder: &str,
        at: Timestamp,
        lease: SignedDuration,
    ) -> Result<Option<u64>, StoreError>;
    /// Moves the cursor forward and renews the lease. False, and nothing is
    /// moved, when another holds it by now.
    async fn cursor_advance(
        &self,
        name: &str,
        holder: &str,
        to: u64,
        at: Timestamp,
        lease: SignedDuration,
    ) -> Result<bool, StoreError>;
    async fn cursor_release(&self, name: &str, holder: &str) -> Result<(), StoreError>;
    /// Everyone's entries after a sequence, in order, at most `most`; `source` is
    /// the system that keeps the log. Never one below those given before: what
    /// is appended is committed in the order of its sequence.
    async fn events_after(
        &self,
        after: u64,
        most: u32,
        source: &str,
    ) -> Result<Vec<Event>, StoreError>;
}
