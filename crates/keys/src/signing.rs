//! The key that signs the log's checkpoints: an Ed25519 key as PKCS#8 in PEM
//! form (RFC 8410, RFC 7468), in a file or an environment variable.

use crate::secret::{self, Place, SecretError};
use aws_lc_rs::rand;
use bildbro_seal::SigningKey;
use data_encoding::BASE64;
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where the key lies: exactly one of these.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningConfig {
    /// Readable by its owner only.
    pub file: Option<PathBuf>,
    /// The name of an environment variable that holds the same text.
    pub env: Option<String>,
}

/// PKCS#8 of an Ed25519 key, up to its 32 bytes.
const HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// The configured key; without configuration the one in `default`, which is
/// made when it is not there.
///
/// # Errors
/// When it cannot be read, others may read it, or it is no such key.
pub fn signing_key(
    config: Option<&SigningConfig>,
    default: &Path,
) -> Result<SigningKey, SecretError> {
    let place = match config.map(|config| (&config.file, &config.env)) {
        None => {
            if !default.exists() {
                write_new(default)?;
            }
            Place::File(default)
        }
        Some((Some(file), None)) => Place::File(file),
        Some((None, Some(variable))) => Place::Env(variable),
        Some(_) => return Err(SecretError::NoSigningKey("audit.key".to_owned())),
    };
    let wrong = || SecretError::NoSigningKey(place.to_string());
    let text = place.read()?;
    let pkcs8 = PrivatePkcs8KeyDer::from_pem_slice(&text).map_err(|_| wrong())?;
    SigningKey::from_pkcs8(pkcs8.secret_pkcs8_der()).map_err(|_| wrong())
}

fn write_new(path: &Path) -> Result<(), SecretError> {
    let mut pkcs8 = Zeroizing::new([0; HEAD.len() + 32]);
    let (head, seed) = pkcs8.split_at_mut(HEAD.len());
    head.copy_from_slice(&HEAD);
    rand::fill(seed).map_err(|_| SecretError::Random)?;
    let line = Zeroizing::new(BASE64.encode(&pkcs8[..]));
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        *line
    );
    secret::write_new(path, Zeroizing::new(pem).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_key_is_made_once_and_only_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        let made = signing_key(None, &path).unwrap();
        let again = signing_key(None, &path).unwrap();
        assert_eq!(made.public(), again.public());
        let configured = SigningConfig {
            file: Some(path.clone()),
            env: None,
        };
        let read = signing_key(Some(&configured), Path::new("/nowhere")).unwrap();
        assert_eq!(read.public(), made.public());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            let error = signing_key(None, &path).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn what_is_no_such_key_is_refused_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        secret::write_new(
            &path,
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        )
        .unwrap();
        let before = fs::read(&path).unwrap();
        let error = signing_key(None, &path).unwrap_err().to_string();
        assert!(error.contains("holds no signing key"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
        let both = SigningConfig {
            file: Some(path.clone()),
            env: Some("X".into()),
        };
        assert!(signing_key(Some(&both), &path).is_err());
        let missing = SigningConfig {
            file: Some(folder.path().join("none")),
            env: None,
        };
        assert!(signing_key(Some(&missing), &path).is_err());
    }

    /// As OpenSSL writes it: the key of RFC 8410 section 10.3.
    #[test]
    fn another_programs_key_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        let pem = b"-----BEGIN PRIVATE KEY-----\n\
            MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
            -----END PRIVATE KEY-----\n";
        secret::write_new(&path, pem).unwrap();
        let public = signing_key(None, &path).unwrap().public();
        // Its public key, of section 10.1.
        assert_eq!(
            BASE64.encode(&public),
            "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
        );
    }
}
