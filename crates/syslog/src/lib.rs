//! Audit messages to a SIEM: syslog over TLS (RFC 5424, 5425), as DICOM PS3.15
//! A.6 wants it.
//!
//! The log is the buffer. It is on disk anyway, so nothing is copied: a cursor
//! in the database says up to which entry a receiver has the log, and one hub at
//! a time holds it by a lease ([`Source`]). A receiver that is away, a hub that
//! ends, and a full disk at the receiver cost nothing but time.
//!
//! Invariants: each entry is delivered at least once; entries arrive in their
//! order, save that after a break a batch is sent again from its start; the
//! cursor moves only when the receiver has confirmed.
//!
//! Syslog has no acknowledgement. What stands for one is the end of a
//! connection: a batch is a connection, we close it with close_notify, and RFC
//! 5425 section 4.4 makes the receiver answer with its own, which it can do only
//! when it has read all before it. So "confirmed" means: read by the receiver's
//! program. What it does then, such as losing a queue it keeps in memory, is
//! beyond what this protocol can tell.
//!
//! What this crate deliberately does not do: it knows no database, makes no
//! audit message (`wire::audit`), and speaks neither UDP nor TCP without TLS.

pub mod message;
mod receiver;
mod sender;
mod tls;

pub use message::{Element, Message, Origin, Severity};
pub use receiver::{DeliveryError, Receiver};
pub use sender::{Pace, Round, SendError, Sender, Source, SourceError};
pub use tls::{Identity, Trust, TrustError};
