//! Where a blob's objects lie, and what binds them to their place.

use bildbro_domain::{OrganisationId, StudyId};
use bildbro_flow::ports::hub::BlobKey;
use object_store::path::Path;
/// Bytes of a blob in one object: what is lost at most when an upload breaks
/// off, and held at most for a blob on its way. A multiple of a sealed frame.
pub const SEGMENT: u64 = 8 << 20;

const _: () = assert!(SEGMENT.is_multiple_of(bildbro_seal::FRAME as u64));

/// An upload, by a random number: names of objects are to be short.
pub type Upload = u64;

/// One object of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// All of a small blob, or the manifest of a large one.
    Whole,
    /// A segment of a large one, as an upload brought it.
    Part { upload: Upload, index: u32 },
}

impl Place {
    pub fn path(self, key: &BlobKey) -> Path {
        match self {
            Self::Whole => study(key.holder, key.study).join(key.digest.to_string()),
            Self::Part { upload, index } => parts(key).join(format!("{upload:016x}-{index:05}")),
        }
    }

    /// What the object's seal is bound to.
    pub fn context(self, key: &BlobKey) -> Vec<u8> {
        match self {
            Self::Whole => format!("bildbro blob {}", key.digest),
            Self::Part { upload, index } => {
                format!("bildbro blob {} {upload:016x} {index}", key.digest)
            }
        }
        .into_bytes()
    }
}

/// Ends the name of a large blob's folder.
pub const PARTS: &str = ".p";

/// The folder of a large blob's parts.
pub fn parts(key: &BlobKey) -> Path {
    study(key.holder, key.study).join(format!("{}{PARTS}", key.digest))
}

/// Upload and index of a part, by its path; `None` for anything else.
pub fn part_of(path: &Path) -> Option<(Upload, u32)> {
    let (upload, index) = path.filename()?.split_once('-')?;
    let upload = Upload::from_str_radix(upload, 16).ok()?;
    Some((upload, index.parse().ok()?))
}

/// A holder's folder.
pub fn holder(holder: OrganisationId) -> Path {
    Path::from(holder.0.simple().to_string())
}

/// The folder of a study as one organisation holds it.
pub fn study(of: OrganisationId, study: StudyId) -> Path {
    holder(of).join(study.0.simple().to_string())
}

/// Bytes of a blob that lie in its segment `index`.
pub fn segment_length(length: u64, index: u32) -> u64 {
    length
        .saturating_sub(u64::from(index) * SEGMENT)
        .min(SEGMENT)
}
