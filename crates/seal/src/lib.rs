//! Keys, and bytes sealed with them.
//!
//! Ring 0: no I/O; random numbers come in as parameters, and must never be used
//! twice. What is at rest (the hub's blobs, the gateway's spool) is sealed with
//! a [`DataKey`]; the data key lies beside it, wrapped by a [`WrappingKey`] that
//! lies elsewhere. Whoever loses the data key has lost the data: that is how a
//! study is deleted also from backups.
//!
//! AES-256-GCM throughout (NIST SP 800-38D), HKDF-SHA-256 (RFC 5869) to give
//! each sealed thing a key of its own. Ed25519 (RFC 8032) signs the log's checkpoints.
//!
//! What this crate deliberately does not do: it keeps no key, and does not know
//! what is sealed.

mod frames;
mod key;
mod record;
mod sign;

pub use frames::{FRAME, HEADER, Opener, Sealer, TAG, frame_at, sealed_length};
pub use key::{DataKey, WrappingKey, wrapped_nonce};
pub use record::{RECORD_EXTRA, RecordKey};
pub use sign::{NoSigningKey, PUBLIC, SIGNATURE, SigningKey, is_signed};

/// Why something could not be opened. Deliberately says no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("this is not sealed data")]
    Form,
    #[error("the key does not open it: it was changed, moved, or sealed with another key")]
    Refused,
}
