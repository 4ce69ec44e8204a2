//! The patient's will: blocks and consents, and what is done against them when
//! life or health is at stake.
//!
//! Patientdatalagen (2008:355) 4 kap. 4 § (blocks within a provider), lag
//! (2022:913) 2 kap. 2–4 §§ (blocks between providers, consent), 3 kap. 4 §
//! (when life or health is at stake).

use crate::{BlockId, CareUnitId, ConsentId, OrganisationId, PatientKey, words::words};
use jiff::{SignedDuration, Span, Timestamp, tz::TimeZone};

/// How long an emergency lasts: one visit at the emergency department.
pub const EMERGENCY_LASTS: SignedDuration = SignedDuration::from_hours(4);

/// A reason says something, and is not a record of its own.
pub const REASON: std::ops::RangeInclusive<usize> = 10..=500;

/// A consent given earlier today, or yesterday evening, may be registered now.
const BACKDATED: SignedDuration = SignedDuration::from_hours(24);

/// A patient's no: to studies of an organisation, or of one of its care units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub id: BlockId,
    pub patient: PatientKey,
    /// Whose studies.
    pub organisation: OrganisationId,
    /// `None`: the whole organisation's.
    pub unit: Option<CareUnitId>,
    pub registered_at: Timestamp,
    pub lifted_at: Option<Timestamp>,
}

/// A patient's yes to an organisation that wants to see what others hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub id: ConsentId,
    pub patient: PatientKey,
    /// Who may see.
    pub organisation: OrganisationId,
    /// `None`: all its care units.
    pub unit: Option<CareUnitId>,
    pub from: Timestamp,
    pub until: Timestamp,
    pub withdrawn_at: Option<Timestamp>,
}

impl Consent {
    /// Whether it holds for someone who acts at `unit` at `now`.
    #[must_use]
    pub fn holds(&self, unit: Option<CareUnitId>, now: Timestamp) -> bool {
        self.withdrawn_at.is_none()
            && self.from <= now
            && now < self.until
            && (self.unit.is_none() || self.unit == unit)
    }
}

/// What is wrong with the time of a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPeriod {
    #[error("it begins more than a day ago")]
    Begun,
    #[error("it ends before it begins, or has ended already")]
    Ended,
    #[error("it lasts longer than a year")]
    TooLong,
}

/// Whether a consent may be registered at `now` for this time: for at most a
/// calendar year, of which something is left, and not for what has been.
///
/// # Errors
/// The first [`BadPeriod`] that applies.
pub fn period(from: Timestamp, until: Timestamp, now: Timestamp) -> Result<(), BadPeriod> {
    if from < now.checked_sub(BACKDATED).unwrap_or(Timestamp::MIN) {
        return Err(BadPeriod::Begun);
    }
    if until <= from || until <= now {
        return Err(BadPeriod::Ended);
    }
    let begins = from.to_zoned(TimeZone::UTC);
    let latest = begins.checked_add(Span::new().years(1));
    if latest.is_ok_and(|latest| until > latest.timestamp()) {
        return Err(BadPeriod::TooLong);
    }
    Ok(())
}

words!(
    /// What the patient has said to this access.
    Will {
        /// Nothing.
        Unknown = "unknown",
        /// Yes, and the time of it has not run out.
        Consent = "consent",
        /// It was not asked: life or health is at stake, on record.
        Emergency = "emergency",
    }
);

words!(
    /// What the patient has closed, as it is met by this access.
    Closed {
        /// Nothing that is met here.
        Nothing = "nothing",
        /// The care unit that the study is of, and the member acts elsewhere.
        Unit = "unit",
        /// The organisation that the study is of.
        Organisation = "organisation",
    }
);

/// What of `blocks` meets someone who acts at `unit` of `organisation`, and wants
/// a study of `holder` and its care unit. A study whose care unit is not known
/// counts as the blocked one's, since a block that is missed cannot be undone.
///
/// A unit's block is met before the whole organisation's: the latter closes the
/// way to others only, and must not hide what is closed within.
#[must_use]
pub fn met(
    blocks: &[Block],
    holder: OrganisationId,
    study_unit: Option<CareUnitId>,
    organisation: OrganisationId,
    unit: Option<CareUnitId>,
) -> Closed {
    let live = || {
        blocks
            .iter()
            .filter(|block| block.lifted_at.is_none() && block.organisation == holder)
    };
    let is_own = |blocked: CareUnitId| organisation == holder && unit == Some(blocked);
    let by_unit = live()
        .filter_map(|block| block.unit)
        .any(|blocked| study_unit.is_none_or(|of| of == blocked) && !is_own(blocked));
    if by_unit {
        Closed::Unit
    } else if live().any(|block| block.unit.is_none()) {
        Closed::Organisation
    } else {
        Closed::Nothing
    }
}

#[cfg(test)]
mod tests;
