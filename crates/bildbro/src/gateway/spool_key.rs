//! The key that seals the spool: made once, kept in the data directory, wrapped.

use super::config::Config;
use crate::{
    durable::write_private,
    fault::{Fault, While},
    keys,
};
use bildbro_flow::ports::keys::Wrapped;
use bildbro_seal::DataKey;
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use std::{fs, io};

/// The wrapped key, in the data directory.
const FILE: &str = "spool.key";

const CONTEXT: &[u8] = b"bildbro spool";

#[derive(Serialize, Deserialize)]
struct Kept {
    wrapped_by: String,
    /// Base64.
    wrapped: String,
}

/// The spool's key, made when there is none. A key that another than the
/// current wrapping key wraps is wrapped anew: starting the gateway rotates.
pub async fn open(config: &Config) -> Result<DataKey, Fault> {
    const DOING: &str = "opening the spool's key";
    let file = config.data_dir.join(FILE);
    let text = match fs::read(&file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).doing(format!("reading {}", file.display())),
    };
    let ring = keys::ring(config.keys.as_ref(), &config.data_dir, text.is_some())?;
    let key = match text {
        None => DataKey::new(rand::random()),
        Some(text) => {
            let kept: Kept =
                serde_json::from_slice(&text).doing(format!("reading {}", file.display()))?;
            let bytes = BASE64.decode(kept.wrapped.as_bytes()).doing(DOING)?;
            let wrapped = Wrapped {
                by: kept.wrapped_by,
                bytes,
            };
            let key = ring.unwrap(&wrapped, CONTEXT).await.doing(DOING)?;
            if wrapped.by == ring.current() {
                return Ok(key);
            }
            key
        }
    };
    let wrapped = ring.wrap(&key, CONTEXT).await.doing(DOING)?;
    let kept = Kept {
        wrapped_by: wrapped.by,
        wrapped: BASE64.encode(&wrapped.bytes),
    };
    let text = serde_json::to_vec_pretty(&kept).doing(DOING)?;
    write_private(&file, &text)?;
    Ok(key)
}
