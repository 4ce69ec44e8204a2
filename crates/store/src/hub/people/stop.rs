//! How a use-case of the portal stops half-way: refused, or by a fault.

use crate::fault::Fault;
use bildbro_flow::ports::portal::{Answer, Refusal};

/// A refusal is committed, since a denial is on record: whatever refuses does so
/// before anything is written. A fault rolls back.
pub enum Stop {
    Refused(Refusal),
    Fault(Fault),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// For [`Tx::end`](crate::database::Tx::end).
pub fn settle<T>(done: Result<T, Stop>) -> Result<Answer<T>, Fault> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Fault(fault)) => Err(fault),
    }
}
