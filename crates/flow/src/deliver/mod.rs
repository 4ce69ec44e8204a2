//! Stage 5a at the gateway, deliver: images from the hub, or straight from the
//! spool, into a node.
//!
//! Before anything is sent the node is asked what it holds; that is never sent
//! again. Each image ends in a receipt. The last bytes of an image are held
//! back until its digest is verified, so that a node never completes an image
//! that was damaged on the way.

mod direct;
mod from_hub;
mod resumed;
mod verified;

pub use direct::Direct;
pub use from_hub::FromHub;
pub(crate) use resumed::patiently;
pub use verified::verified;

use crate::ports::gateway::{Kind, NodeError};
use bildbro_domain::{
    ErrorClass,
    share::{Failure, Receipt},
};

/// What a node's C-STORE status means for the image (PS3.4 B.2.3, PS3.7 C).
#[must_use]
pub fn receipt(status: u16) -> Receipt {
    let failed = |class, failure| Receipt::Failed {
        class,
        failure,
        status: Some(status),
    };
    match status {
        // Success, and warnings: stored, perhaps with elements coerced.
        0x0000 | 0x0001 | 0x0107 | 0x0116 | 0xB000..=0xBFFF => Receipt::Stored { status },
        // Duplicate SOP instance.
        0x0111 => Receipt::AlreadyThere,
        0xA700..=0xA7FF => failed(ErrorClass::Transient, Failure::NodeFull),
        // Processing failure, resource limitation: often passes.
        0x0110 | 0x0213 => failed(ErrorClass::Transient, Failure::ObjectRefused),
        0x0122 => failed(ErrorClass::Permanent, Failure::NotAccepted),
        _ => failed(ErrorClass::Permanent, Failure::ObjectRefused),
    }
}

/// The receipt of an image whose association broke off.
fn broken_off(error: &NodeError) -> Receipt {
    Receipt::Failed {
        class: error.class,
        failure: error.failure,
        status: None,
    }
}

/// The distinct kinds among objects, for the association's negotiation.
fn kinds<'a>(objects: impl Iterator<Item = &'a Kind>) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for kind in objects {
        if !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_sort_into_stored_try_again_and_tell_a_person() {
        assert_eq!(receipt(0x0000), Receipt::Stored { status: 0 });
        assert_eq!(receipt(0xB007), Receipt::Stored { status: 0xB007 });
        assert_eq!(receipt(0x0111), Receipt::AlreadyThere);
        let class = |status| match receipt(status) {
            Receipt::Failed { class, .. } => Some(class),
            _ => None,
        };
        assert_eq!(class(0xA701), Some(ErrorClass::Transient));
        assert_eq!(class(0xA900), Some(ErrorClass::Permanent));
        assert_eq!(class(0xC123), Some(ErrorClass::Permanent));
        assert_eq!(class(0x0122), Some(ErrorClass::Permanent));
    }
}
