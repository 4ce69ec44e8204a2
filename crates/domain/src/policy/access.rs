//! May this member reach this study?

use super::{
    Denial,
    act::{is_fresh, logged_in},
};
use crate::{
    MemberId, StudyId,
    care::{Closed, Will},
    member::Acting,
    permission::Permission,
    share::{LegalMode, Purpose},
    words::words,
};
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// How long one access lives: a page of images, not a working day.
const ACCESS_LIFE: SignedDuration = SignedDuration::from_mins(15);

words!(
    /// What is wanted of a study.
    Deed {
        Find = "find",
        View = "view",
        Download = "download",
        Share = "share",
        Receive = "receive",
    }
);

impl Deed {
    #[must_use]
    pub const fn permission(self) -> Permission {
        match self {
            Self::Find => Permission::Find,
            Self::View => Permission::View,
            Self::Download => Permission::Download,
            Self::Share => Permission::Share,
            Self::Receive => Permission::Receive,
        }
    }
}

words!(
    /// What the member's organisation is to the study.
    Relation {
        /// It holds the study.
        Holder = "holder",
        /// The study was shared with it, and the share is live.
        Recipient = "recipient",
        /// Neither.
        Other = "other",
    }
);

/// A wish to reach a study, with the facts that decide it.
#[derive(Debug, Clone, Copy)]
pub struct ContentRequest<'a> {
    pub who: &'a Acting,
    pub deed: Deed,
    pub study: StudyId,
    pub relation: Relation,
    /// The share's, of what was shared with the member's organisation: never the
    /// member's own word there, since the patient's request opens what is blocked.
    pub purpose: Purpose,
    pub will: Will,
    pub closed: Closed,
}

/// The proof that a member may do this with this study now. Private fields, not
/// `Clone`, not stored.
pub struct Access {
    member: MemberId,
    study: StudyId,
    deed: Deed,
    legal_mode: Option<LegalMode>,
    emergency: bool,
    until: Timestamp,
}

impl Access {
    #[must_use]
    pub const fn member(&self) -> MemberId {
        self.member
    }

    #[must_use]
    pub const fn deed(&self) -> Deed {
        self.deed
    }

    /// `None` within the organisation that holds the study.
    #[must_use]
    pub const fn legal_mode(&self) -> Option<LegalMode> {
        self.legal_mode
    }

    /// Whether it rests on an emergency, and is to be reviewed.
    #[must_use]
    pub const fn is_emergency(&self) -> bool {
        self.emergency
    }

    #[must_use]
    pub fn covers(&self, study: StudyId, now: Timestamp) -> bool {
        self.study == study && now < self.until
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("deed", &self.deed)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// May this member do this with this study? By relation:
///
/// - *Holder*: within one's own organisation the patient's block on a care unit
///   closes it to the other units (PDL 4 kap. 4 §); any block closes the way
///   out, but for the patient's own request.
/// - *Recipient*: what was disclosed may be used, as long as the patient has
///   not closed it.
/// - *Other*: coherent access (lag 2022:913): for care, with consent, and never
///   what is blocked. Without consent it is not told either that something is
///   blocked.
///
/// An emergency opens what a block or a missing consent closes, to those who may
/// decide that there is one, and only to look or take a copy: nothing leaves its
/// holder, or is let in, by a recipient's emergency.
///
/// # Errors
/// The first [`Denial`] that applies.
pub fn content(request: &ContentRequest<'_>, now: Timestamp) -> Result<Access, Denial> {
    let ContentRequest { who, deed, .. } = *request;
    logged_in(who)?;
    match (request.relation, deed) {
        (Relation::Holder | Relation::Other, Deed::Receive) => return Err(Denial::NotRecipient),
        (Relation::Recipient | Relation::Other, Deed::Share) => return Err(Denial::NotHolder),
        _ => {}
    }
    if !who.holds(deed.permission()) {
        return Err(Denial::NoPermission(deed.permission()));
    }
    let emergency = is_closed(request)?;
    if emergency {
        if !who.holds(Permission::Emergency) {
            return Err(Denial::NoPermission(Permission::Emergency));
        }
        // The decision itself asked for a fresh factor; it counts for as long
        // as it lasts. A download leaves the house, and asks again.
        if deed == Deed::Download && !is_fresh(who, now) {
            return Err(Denial::StepUp);
        }
    }
    Ok(Access {
        member: who.member.id,
        study: request.study,
        deed,
        legal_mode: match request.relation {
            Relation::Holder => None,
            Relation::Recipient => Some(LegalMode::Disclosure),
            Relation::Other => Some(LegalMode::CoherentAccess),
        },
        emergency,
        until: now.checked_add(ACCESS_LIFE).unwrap_or(now),
    })
}

/// Whether only an emergency opens it: false when it is open anyhow.
fn is_closed(request: &ContentRequest<'_>) -> Result<bool, Denial> {
    let closed = match request.relation {
        Relation::Holder if request.deed != Deed::Share => request.closed == Closed::Unit,
        Relation::Holder | Relation::Recipient => {
            request.closed != Closed::Nothing && request.purpose != Purpose::PatientRequest
        }
        Relation::Other => {
            if !request.who.organisation_in_care || !request.purpose.is_care() {
                return Err(Denial::NotCare);
            }
            if request.will == Will::Unknown {
                return Err(Denial::NoConsent);
            }
            request.closed != Closed::Nothing
        }
    };
    let is_emergency = request.will == Will::Emergency
        && matches!(request.deed, Deed::Find | Deed::View | Deed::Download);
    if closed && !is_emergency {
        return Err(Denial::Blocked);
    }
    Ok(closed || (request.relation == Relation::Other && request.will == Will::Emergency))
}
