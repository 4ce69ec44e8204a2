//! Where a blob's objects lie, and what binds them to their place.

use bildbro_domain::{Digest, OrganisationId};
pub use bildbro_flow::ports::hub::SEGMENT;
use bildbro_flow::ports::keys::KeyId;
use bildbro_seal::DataKey;
use object_store::path::Path;
use std::sync::Arc;

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

/// A blob in the folder of the key that its study has. A study that is deleted
/// and comes again has another key, and so another folder: what was sealed with
/// the old one never meets the new.
#[derive(Clone)]
pub struct Spot {
    pub holder: OrganisationId,
    pub key_id: KeyId,
    pub data_key: Arc<DataKey>,
    pub digest: Digest,
}

impl Place {
    pub fn path(self, spot: &Spot) -> Path {
        let folder = folder(spot.holder, spot.key_id);
        match self {
            Self::Whole => folder.join(spot.digest.to_string()),
            Self::Part { upload, index } => parts(spot).join(format!("{upload:016x}-{index:05}")),
        }
    }

    /// What the object's seal is bound to.
    pub fn context(self, spot: &Spot) -> Vec<u8> {
        match self {
            Self::Whole => format!("bildbro blob {}", spot.digest),
            Self::Part { upload, index } => {
                format!("bildbro blob {} {upload:016x} {index}", spot.digest)
            }
        }
        .into_bytes()
    }
}

/// Ends the name of a large blob's folder.
pub const PARTS: &str = ".p";

/// The folder of a large blob's parts.
pub fn parts(spot: &Spot) -> Path {
    folder(spot.holder, spot.key_id).join(format!("{}{PARTS}", spot.digest))
}

/// Notes that an upload's bytes are not what they were said to be: it is not
/// gone on with. Nothing is removed, since another upload may have gone on with
/// its first segments, and found them good.
pub fn bad(spot: &Spot, upload: Upload) -> Path {
    parts(spot).join(format!("{upload:016x}{BAD}"))
}

/// Notes that an upload goes on with old segments, which `fsck` is to leave.
pub fn going_on(spot: &Spot, upload: Upload) -> Path {
    parts(spot).join(format!("{upload:016x}.on"))
}

const BAD: &str = ".bad";

/// The upload that a mark says is bad.
pub fn bad_of(path: &Path) -> Option<Upload> {
    let upload = path.filename()?.strip_suffix(BAD)?;
    Upload::from_str_radix(upload, 16).ok()
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

/// The folder of a study's key.
pub fn folder(of: OrganisationId, key: KeyId) -> Path {
    holder(of).join(key.0.simple().to_string())
}

/// Bytes of a blob that lie in its segment `index`.
pub fn segment_length(length: u64, index: u32) -> u64 {
    length
        .saturating_sub(u64::from(index) * SEGMENT)
        .min(SEGMENT)
}
