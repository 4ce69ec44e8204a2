//! DIMSE status codes (PS3.7 C; PS3.4 B.2.3, C.4).

pub const SUCCESS: u16 = 0x0000;
pub const PENDING: u16 = 0xFF00;
pub const PENDING_WARNING: u16 = 0xFF01;
pub const CANCEL: u16 = 0xFE00;
/// Some sub-operations failed (C-MOVE, C-GET).
pub const WARNING_SUBOPERATIONS: u16 = 0xB000;
pub const SOP_CLASS_NOT_SUPPORTED: u16 = 0x0122;
pub const UNRECOGNIZED_OPERATION: u16 = 0x0211;
pub const OUT_OF_RESOURCES: u16 = 0xA700;
/// Out of resources: unable to perform sub-operations.
pub const UNABLE_TO_SUBOPERATE: u16 = 0xA702;
pub const MOVE_DESTINATION_UNKNOWN: u16 = 0xA801;
pub const DOES_NOT_MATCH: u16 = 0xA900;
pub const CANNOT_UNDERSTAND: u16 = 0xC000;

/// Whether more responses follow this one.
#[must_use]
pub const fn is_pending(status: u16) -> bool {
    matches!(status, PENDING | PENDING_WARNING)
}
