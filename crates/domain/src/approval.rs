//! Four eyes: acts that an organisation wants a second member to approve.

use crate::{MemberId, words::words};
use jiff::{SignedDuration, Timestamp};

/// How long a second member has.
pub const WAITS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long whoever asked has to make use of a yes, where that is theirs to do.
pub const LASTS: SignedDuration = SignedDuration::from_hours(24);

words!(
    /// What may need a second member.
    Guarded {
        /// Giving a role to someone, or widening a role that someone has.
        GrantRole = "grant_role",
        CloseMember = "close_member",
        /// Taking a patient's extract out of the log.
        ExtractAudit = "extract_audit",
        LiftBlock = "lift_block",
        /// That fewer acts need a second member: always needs one, where some do.
        ChangeFourEyes = "change_four_eyes",
    }
);

words!(
    State {
        Waiting = "waiting",
        Approved = "approved",
        Refused = "refused",
        Expired = "expired",
    }
);

impl State {
    /// Of what was asked until `expires`, and decided so.
    #[must_use]
    pub fn of(approved: Option<bool>, expires: Timestamp, now: Timestamp) -> Self {
        match approved {
            Some(true) => Self::Approved,
            Some(false) => Self::Refused,
            None if expires <= now => Self::Expired,
            None => Self::Waiting,
        }
    }
}

/// Whether `decider` is a second pair of eyes: neither who asked, nor whom it
/// is about.
#[must_use]
pub fn is_second(decider: MemberId, asked_by: MemberId, about: Option<MemberId>) -> bool {
    decider != asked_by && Some(decider) != about
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn neither_the_asker_nor_whom_it_is_about_decides() {
        let [one, two, three] = [1, 2, 3].map(|n| MemberId(Uuid::from_u128(n)));
        assert!(is_second(three, one, Some(two)));
        assert!(is_second(three, one, None));
        assert!(!is_second(one, one, Some(two)));
        assert!(!is_second(two, one, Some(two)));
    }

    #[test]
    fn what_was_decided_in_time_stays_so() {
        let [before, at] = [1, 2].map(|n| Timestamp::from_second(n).unwrap());
        assert_eq!(State::of(None, at, before), State::Waiting);
        assert_eq!(State::of(None, at, at), State::Expired);
        assert_eq!(State::of(Some(true), before, at), State::Approved);
        assert_eq!(State::of(Some(false), before, at), State::Refused);
    }
}
