//! Transfer syntaxes (PS3.5 A), by their properties.

/// How data elements are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    pub explicit: bool,
    pub big_endian: bool,
    /// The whole data set is deflated (PS3.5 A.5).
    pub deflated: bool,
}

pub const IMPLICIT_LE: &str = "1.2.840.10008.1.2";
pub const EXPLICIT_LE: &str = "1.2.840.10008.1.2.1";
pub const EXPLICIT_BE: &str = "1.2.840.10008.1.2.2";
pub const DEFLATED: &str = "1.2.840.10008.1.2.1.99";

impl Encoding {
    /// Every syntax but the four with an encoding of their own is explicit
    /// little endian with encapsulated pixel data (PS3.5 A.4).
    #[must_use]
    pub fn of(transfer_syntax: &str) -> Self {
        Self {
            explicit: transfer_syntax != IMPLICIT_LE,
            big_endian: transfer_syntax == EXPLICIT_BE,
            // JPIP Referenced Deflate and the deflated image frame syntaxes
            // deflate too; only the first two deflate the data set.
            deflated: matches!(
                transfer_syntax,
                DEFLATED | "1.2.840.10008.1.2.4.95" | "1.2.840.10008.1.2.4.205"
            ),
        }
    }
}

/// Whether pixel data are encapsulated (compressed) in this syntax.
#[must_use]
pub fn encapsulated(transfer_syntax: &str) -> bool {
    !matches!(
        transfer_syntax,
        IMPLICIT_LE | EXPLICIT_LE | EXPLICIT_BE | DEFLATED
    )
}
