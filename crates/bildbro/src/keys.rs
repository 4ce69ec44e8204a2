//! The wrapping keys, as configured.

use crate::fault::{Fault, While};
use bildbro_flow::ports::keys::Wrapping;
use bildbro_keys::{KeyRing, RingConfig};
use std::{path::Path, sync::Arc};

/// The default wrapping key, in the data directory, and its name.
const FILE: &str = "wrapping.key";
const NAME: &str = "default";

/// The configured ring, or one of a single key in the data directory, which is
/// made when nothing has been wrapped yet (`in_use` says whether).
///
/// # Errors
/// When a key cannot be read or reached; also when the default key has gone,
/// since another in its place would open nothing.
pub fn ring(
    config: Option<&RingConfig>,
    data_dir: &Path,
    in_use: bool,
) -> Result<Arc<dyn Wrapping>, Fault> {
    const DOING: &str = "opening the wrapping keys";
    let Some(config) = config else {
        let file = data_dir.join(FILE);
        if in_use && !file.exists() {
            return Err(Fault::new(format!(
                "the wrapping key {} is missing, and what is stored cannot be read without it: put it back from a backup",
                file.display()
            )));
        }
        return Ok(Arc::new(KeyRing::single_file(NAME, &file).doing(DOING)?));
    };
    Ok(Arc::new(KeyRing::open(config).doing(DOING)?))
}
