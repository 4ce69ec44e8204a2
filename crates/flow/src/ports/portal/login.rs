//! Log-in: sessions, second factors, what is kept between two steps.

use super::{Answer, Caller, StoreError};
use async_trait::async_trait;
use bildbro_domain::{
    CareUnitId, Digest, HsaId, MemberId, OrganisationId, Personal, SessionId,
    audit::{Action, Outcome},
    member::{Acting, FactorKind, InvitationKind, Level, Notices},
    organisation::Kind,
    permission::Permission,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// How long a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLife {
    /// Without a request.
    pub idle: jiff::SignedDuration,
    /// In any case.
    pub whole: jiff::SignedDuration,
}

impl Default for SessionLife {
    fn default() -> Self {
        Self {
            idle: jiff::SignedDuration::from_mins(30),
            whole: jiff::SignedDuration::from_hours(12),
        }
    }
}

/// A session about to begin, or to go on under a new token at a higher level.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// SHA-256 of the token.
    pub token: Digest,
    pub member: MemberId,
    pub level: Level,
    /// password, oidc or bankid.
    pub means: &'static str,
    pub life: SessionLife,
    pub from: String,
    /// What the browser calls itself, cut short.
    pub agent: String,
    pub at: Timestamp,
}

/// What a route asks of whoever calls, before anything of the request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A session, however far it has come.
    Session,
    /// Logged in.
    Member,
    /// Logged in, with a role that gives this where they act. Refused in the
    /// name of the action, if it has one.
    Permission(Permission, Option<Action>),
}

/// How an account is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// An e-mail address, in whatever case.
    Email(Personal),
    /// Twelve digits.
    PersonalNumber(Personal),
    /// Who an organisation's identity provider says it is: by the employee's
    /// HSA-id, else by the address.
    AtProvider {
        organisation: OrganisationId,
        hsa_id: Option<HsaId>,
        email: Option<Personal>,
    },
}

/// An open account of an open organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub member: MemberId,
    pub organisation: OrganisationId,
    pub organisation_name: String,
    pub name: Personal,
    pub email: Personal,
    /// `sv` or `en`.
    pub language: String,
    /// PHC string.
    pub password: Option<Personal>,
}

/// A second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    pub id: Uuid,
    pub kind: FactorKind,
    pub name: String,
    /// Sealed.
    pub data: String,
    /// TOTP: the last step that was used.
    pub last_step: i64,
    pub proven: bool,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// A factor about to be kept.
#[derive(Debug, Clone)]
pub struct NewFactor {
    pub id: Uuid,
    pub kind: FactorKind,
    pub name: String,
    /// A passkey's credential id.
    pub credential: Option<String>,
    /// Sealed.
    pub data: String,
}

/// A care unit to act at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitChoice {
    pub id: CareUnitId,
    pub name: String,
    pub hsa_id: Option<HsaId>,
}

/// A session, with all that its browser shows.
#[derive(Debug, Clone)]
pub struct View {
    pub who: Acting,
    pub organisation_name: String,
    pub kind: Kind,
    pub language: String,
    pub password: Option<Personal>,
    pub units: Vec<UnitChoice>,
    /// Something of what they have counts in the whole organisation.
    pub whole_organisation: bool,
    pub must_choose_unit: bool,
    pub factors: Vec<Factor>,
    pub recovery_left: u64,
    pub idle_until: Timestamp,
    pub ends_at: Timestamp,
    pub means: String,
}

/// That a second factor was shown. It was judged against what was read before;
/// the store takes it only if that is still so, which makes it good once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A right code of this step, which must come after the last one used.
    Totp { factor: Uuid, step: i64 },
    /// Its sealed data as judged, and as it is from now on.
    Passkey {
        factor: Uuid,
        before: String,
        after: String,
    },
    /// A recovery code's digest.
    Recovery { code: String },
}

/// Why a second factor is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    LogIn,
    /// Once more, in a session that is logged in.
    StepUp,
}

/// A session that goes on under a new token.
#[derive(Debug, Clone)]
pub struct Renewal {
    pub token: Digest,
    pub life: SessionLife,
}

/// Something counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    pub key: Digest,
    /// So many are let pass in a window.
    pub most: u32,
    pub window: SignedDuration,
}

/// A try that is counted before it is judged.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub buckets: Vec<Bucket>,
    pub action: Action,
    pub about: Option<MemberId>,
    pub from: String,
    pub at: Timestamp,
}

/// A try that came to nothing, for the log. Never what was typed.
#[derive(Debug, Clone)]
pub struct Failed {
    pub action: Action,
    pub outcome: Outcome,
    pub about: Option<MemberId>,
    pub why: &'static str,
    pub from: String,
    pub at: Timestamp,
}

/// What is kept between two steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceremony {
    /// Of what only the browser has.
    pub id: Digest,
    /// A word.
    pub kind: &'static str,
    /// Sealed.
    pub data: String,
    pub expires_at: Timestamp,
}

/// A link that is good now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub kind: InvitationKind,
    pub account: Account,
    pub expires_at: Timestamp,
}

/// What someone who has followed a link has chosen.
#[derive(Debug, Clone)]
pub struct Accepting {
    pub link: Digest,
    /// PHC string.
    pub password: Personal,
    pub name: Option<String>,
    pub language: String,
    /// Sealed.
    pub letter: Option<String>,
}

/// One of a member's sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    pub id: SessionId,
    pub current: bool,
    pub address: String,
    pub agent: String,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    pub unit: Option<String>,
}

/// An organisation's identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRow {
    pub organisation: OrganisationId,
    pub name: String,
    /// Sealed.
    pub config: String,
}

/// When a member is written to of what has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnNotices {
    pub notices: Notices,
    /// The hour of day of a digest, 0 to 23.
    pub hour: u8,
}

#[async_trait]
pub trait Login: Send + Sync + 'static {
    /// Whether the caller may come in at all; a no is on record. Renews the
    /// session's idle time. Each use-case then decides for itself, in its own
    /// transaction.
    async fn may(&self, caller: &Caller, need: Need, life: SessionLife) -> Answer<()>;

    /// Begins a session; that someone has logged in is on record when it is of
    /// [`Level::Full`].
    async fn begin_session(&self, new: NewSession) -> Result<SessionId, StoreError>;

    /// Begins a session of someone whose account is open. One of
    /// [`Level::First`] becomes [`Level::Setup`] when they have no second
    /// factor yet. `commissions` are those that an identity provider named; others
    /// do not count.
    async fn log_in(
        &self,
        new: NewSession,
        judged: Option<Personal>,
        commissions: Option<Vec<HsaId>>,
    ) -> Answer<(SessionId, Level)>;

    /// The caller's session, however far it has come. That of a closed account
    /// or organisation is none.
    async fn session(&self, caller: &Caller) -> Answer<View>;

    /// Takes a second factor, and lets the session go on as [`Level::Full`],
    /// fresh, under a new token; the old one is dead. [`Refusal::Over`] when the
    /// factor was used meanwhile.
    ///
    /// [`Refusal::Over`]: super::Refusal::Over
    async fn rise(
        &self,
        caller: &Caller,
        goal: Goal,
        proof: Proof,
        renewal: Renewal,
        letter: Option<String>,
    ) -> Answer<()>;

    /// Ends the caller's session; `why` when it was not of their own will.
    async fn log_out(&self, caller: &Caller, why: Option<&'static str>) -> Answer<()>;

    /// Where to act from now on.
    async fn choose_unit(&self, caller: &Caller, unit: Option<CareUnitId>) -> Answer<()>;

    /// The caller's own sessions, the newest first.
    async fn sessions(&self, caller: &Caller) -> Answer<Vec<SessionRow>>;

    /// Ends one of the caller's own sessions, or all but the one that calls.
    async fn end_sessions(&self, caller: &Caller, which: Option<SessionId>) -> Answer<()>;

    /// Counts a try in each of its buckets. Some time: one is full until then,
    /// and the try must not be judged. On record when it first happens.
    async fn attempt(&self, attempt: Attempt) -> Result<Option<Timestamp>, StoreError>;

    /// Takes one try back from each: it was a good one.
    async fn forgive(&self, buckets: &[Digest]) -> Result<(), StoreError>;

    async fn failed(&self, failed: Failed) -> Result<(), StoreError>;

    /// Accounts of that name: at most one but by personal number.
    async fn accounts(&self, named: Named) -> Result<Vec<Account>, StoreError>;

    async fn keep_ceremony(&self, ceremony: Ceremony, at: Timestamp) -> Result<(), StoreError>;

    /// What is kept; it stays.
    async fn see_ceremony(
        &self,
        id: Digest,
        kind: &'static str,
        at: Timestamp,
    ) -> Result<Option<String>, StoreError>;

    /// What is kept; it is gone with this, so that it serves once.
    async fn take_ceremony(
        &self,
        id: Digest,
        kind: &'static str,
        at: Timestamp,
    ) -> Result<Option<String>, StoreError>;

    /// What a link is for. [`Refusal::Over`] with `used` or `expired`.
    ///
    /// [`Refusal::Over`]: super::Refusal::Over
    async fn invitation(&self, link: Digest, at: Timestamp) -> Answer<Invitation>;

    /// Takes a link: sets the password, ends all sessions, and begins `session`
    /// as first or setup ([`Login::log_in`]), whose member is put in.
    async fn accept_invitation(
        &self,
        accepting: Accepting,
        session: NewSession,
    ) -> Answer<(SessionId, Level)>;

    /// Keeps a link to choose a new password, and a letter; for no account it
    /// does as much work, so that the time does not tell.
    async fn ask_reset(
        &self,
        account: Option<MemberId>,
        link: Ceremony,
        letter: String,
        from: String,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Keeps a TOTP that is not proven yet, in place of others such.
    async fn begin_totp(&self, caller: &Caller, new: NewFactor) -> Answer<()>;

    /// A TOTP is proven by its first code; it takes the place of an older one. A
    /// session of [`Level::Setup`] rises. Answers whether it did.
    async fn prove_totp(
        &self,
        caller: &Caller,
        factor: Uuid,
        step: i64,
        renewal: Renewal,
        letter: Option<String>,
    ) -> Answer<bool>;

    /// Keeps a passkey that was proven just now; as [`Login::prove_totp`].
    async fn add_passkey(
        &self,
        caller: &Caller,
        new: NewFactor,
        renewal: Renewal,
        letter: Option<String>,
    ) -> Answer<bool>;

    /// [`Refusal::LastFactor`] for the only one.
    ///
    /// [`Refusal::LastFactor`]: super::Refusal::LastFactor
    async fn remove_factor(
        &self,
        caller: &Caller,
        factor: Uuid,
        letter: Option<String>,
    ) -> Answer<()>;

    /// New recovery codes, by their digests, in place of all others.
    async fn put_recovery(
        &self,
        caller: &Caller,
        codes: Vec<String>,
        letter: Option<String>,
    ) -> Answer<()>;

    /// A new password, if the old one is still that which was judged. Ends the
    /// member's other sessions.
    async fn change_password(
        &self,
        caller: &Caller,
        before: Personal,
        after: Personal,
        letter: Option<String>,
    ) -> Answer<()>;

    /// The same password, hashed anew; `false` when it was changed meanwhile.
    async fn rehash(
        &self,
        member: MemberId,
        before: Personal,
        after: Personal,
    ) -> Result<bool, StoreError>;

    /// One's own name and language.
    async fn change_own(&self, caller: &Caller, language: String) -> Answer<()>;

    /// When one is written to of what has come.
    async fn own_notices(&self, caller: &Caller) -> Answer<OwnNotices>;

    async fn change_notices(&self, caller: &Caller, notices: OwnNotices) -> Answer<()>;

    /// The identity provider of an organisation.
    async fn provider(
        &self,
        organisation: OrganisationId,
    ) -> Result<Option<ProviderRow>, StoreError>;

    /// The identity provider for addresses of a domain: that of the one
    /// organisation that has a provider and open accounts there. It does not tell
    /// whether this very address has an account.
    async fn provider_for(&self, email: &Personal) -> Result<Option<ProviderRow>, StoreError>;
}
