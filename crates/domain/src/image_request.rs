//! Image requests: one organisation asks another for a patient's images, and is
//! answered with a share, or with a reason why not.

use crate::{OrganisationId, words::words};
use jiff::SignedDuration;

/// A request that nobody has answered runs out.
pub const LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The holder is reminded this often at most.
pub const BETWEEN_REMINDERS: SignedDuration = SignedDuration::from_hours(24);

words!(
    /// Where a request stands, as a person would say it.
    State {
        /// Nobody at the holder has taken it yet.
        Open = "open",
        /// Someone at the holder has.
        BeingHandled = "being_handled",
        /// With a share.
        Answered = "answered",
        /// With a reason why not.
        Declined = "declined",
        /// By the asker: the images are not needed any more.
        Withdrawn = "withdrawn",
        /// Nobody answered in time.
        Expired = "expired",
    }
);

impl State {
    /// Whether it still waits for an answer.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Open | Self::BeingHandled)
    }
}

/// Why a share is no answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// It has been answered, declined or withdrawn, or has run out.
    Over,
    /// Whoever asked is not among the recipients.
    AskerLeftOut,
    /// A study is of another patient than the one asked for.
    OtherPatient,
}

/// What an answer is held to. That the request is to the one who answers is for
/// whoever reads it: another organisation's request does not exist.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub state: State,
    pub asker: OrganisationId,
    /// The patient as compared.
    pub patient: &'a str,
}

impl Asked<'_> {
    /// Whether a share of studies of these patients, to these recipients, answers
    /// it. A study without a number is of nobody in particular, so of another.
    ///
    /// # Errors
    /// The first [`NoAnswer`] that applies.
    pub fn answered_by<'a>(
        self,
        recipients: &[OrganisationId],
        mut patients: impl Iterator<Item = &'a str>,
    ) -> Result<(), NoAnswer> {
        if !self.state.is_waiting() {
            return Err(NoAnswer::Over);
        }
        if !recipients.contains(&self.asker) {
            return Err(NoAnswer::AskerLeftOut);
        }
        if self.patient.is_empty() || patients.any(|patient| patient != self.patient) {
            return Err(NoAnswer::OtherPatient);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_answer_is_in_time_to_the_asker_and_of_the_patient_alone() {
        let asker = OrganisationId(Uuid::from_u128(1));
        let other = OrganisationId(Uuid::from_u128(2));
        let (tolvan, someone) = ("191212121212", "198112189876");
        let judge = |state, patient, recipients: &[OrganisationId], patients: &[&str]| {
            let asked = Asked {
                state,
                asker,
                patient,
            };
            asked.answered_by(recipients, patients.iter().copied())
        };
        for state in State::ALL {
            let expected = match state {
                State::Open | State::BeingHandled => Ok(()),
                _ => Err(NoAnswer::Over),
            };
            assert_eq!(judge(*state, tolvan, &[asker], &[tolvan]), expected);
        }
        let open = State::Open;
        assert_eq!(judge(open, tolvan, &[other, asker], &[tolvan; 2]), Ok(()));
        let left_out = judge(open, tolvan, &[other], &[tolvan]);
        assert_eq!(left_out, Err(NoAnswer::AskerLeftOut));
        for patients in [&[someone][..], &[tolvan, someone], &[""]] {
            let wrong = judge(open, tolvan, &[asker], patients);
            assert_eq!(wrong, Err(NoAnswer::OtherPatient), "{patients:?}");
        }
        let nobody = judge(open, "", &[asker], &[""]);
        assert_eq!(nobody, Err(NoAnswer::OtherPatient));
    }
}
