//! Secrets in files and environment variables. Bytes are read into buffers that
//! never grow, so that no copy is left behind, and wiped when dropped. Errors
//! name the place, never what is in it.

use aws_lc_rs::rand;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use std::{
    env, fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Bytes of a wrapping key (AES-256).
pub const KEY: usize = 32;
const BASE64_LENGTH: usize = 44;
const HEX_LENGTH: usize = 64;

/// A file longer than this holds neither a key nor a PIN.
const MOST: usize = 1024;

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{path} cannot be read: {source}")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{0} is open to others than its owner: chmod 600 {0}")]
    Exposed(PathBuf),
    #[error("the environment variable {0} is not set, or is not text")]
    Unset(String),
    #[error("{0} holds no key: it is 32 bytes as base64 (44 characters) or as 64 hex digits")]
    NoKey(String),
    #[error(
        "{0} holds no signing key: it is an Ed25519 key as PKCS#8 in PEM form, as `openssl genpkey -algorithm ed25519` writes it"
    )]
    NoSigningKey(String),
    #[error("{0} holds no PIN")]
    NoPin(String),
    #[error("{path} cannot be written: {source}")]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the system has no random numbers")]
    Random,
}

/// Where a secret's text lies.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    File(&'a Path),
    Env(&'a str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Env(variable) => write!(f, "the environment variable {variable}"),
        }
    }
}

impl Place<'_> {
    /// The key there; white space around its text is ignored.
    pub fn key(self) -> Result<Zeroizing<[u8; KEY]>, SecretError> {
        decode(&self.read()?).ok_or_else(|| SecretError::NoKey(self.to_string()))
    }

    /// The PIN there; only the end of the line is no part of it.
    pub fn pin(self) -> Result<Zeroizing<String>, SecretError> {
        let bytes = self.read()?;
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let pin = text.trim_end_matches(['\r', '\n']);
        if pin.is_empty() {
            return Err(SecretError::NoPin(self.to_string()));
        }
        Ok(Zeroizing::new(pin.to_owned()))
    }

    pub(crate) fn read(self) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        match self {
            Self::File(path) => read_file(path),
            Self::Env(variable) => {
                let value = env::var(variable);
                let value = value.map_err(|_| SecretError::Unset(variable.to_owned()))?;
                Ok(Zeroizing::new(value.into_bytes()))
            }
        }
    }
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let read = |source| SecretError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(read)?;
    if is_exposed(&file).map_err(read)? {
        return Err(SecretError::Exposed(path.to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * MOST));
    let limit = MOST as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(read)?;
    if bytes.len() > MOST {
        let long = io::Error::other(format!("it is longer than {MOST} bytes"));
        return Err(read(long));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn is_exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o077 != 0)
}

/// Elsewhere the folder's access list decides.
#[cfg(not(unix))]
fn is_exposed(_: &File) -> io::Result<bool> {
    Ok(false)
}

fn decode(text: &[u8]) -> Option<Zeroizing<[u8; KEY]>> {
    let text = text.trim_ascii();
    let encoding = match text.len() {
        BASE64_LENGTH => BASE64,
        HEX_LENGTH => HEXLOWER_PERMISSIVE,
        _ => return None,
    };
    // Base64 has one byte more until its padding is read.
    let mut decoded = Zeroizing::new([0; KEY + 1]);
    let room = encoding.decode_len(text.len()).ok()?;
    let written = encoding.decode_mut(text, &mut decoded[..room]).ok()?;
    let (key, _) = decoded[..written].split_first_chunk::<KEY>()?;
    (written == KEY).then(|| Zeroizing::new(*key))
}

/// Writes a new random key as base64 into a file that must not be there yet,
/// and returns when it is on disk.
pub fn write_new_key(path: &Path) -> Result<(), SecretError> {
    let mut key = Zeroizing::new([0; KEY]);
    rand::fill(&mut key[..]).map_err(|_| SecretError::Random)?;
    let mut line = Zeroizing::new([b'\n'; BASE64_LENGTH + 1]);
    BASE64.encode_mut(&key[..], &mut line[..BASE64_LENGTH]);
    write_new(path, &line[..])
}

/// Writes a secret's text into a file that must not be there yet, and returns
/// when it is on disk.
pub fn write_new(path: &Path, text: &[u8]) -> Result<(), SecretError> {
    let write = |source| SecretError::Write {
        path: path.to_owned(),
        source,
    };
    let draft = path.with_extension("draft");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()?;
        // Whole or not at all, and never over another.
        fs::hard_link(&draft, path)?;
        sync_directory(path)
    });
    let _draft_is_of_no_use = fs::remove_file(&draft);
    written.map_err(write)
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_give_the_same_key() {
        let bytes: [u8; KEY] = std::array::from_fn(|i| u8::try_from(i * 7).unwrap());
        let hex = HEXLOWER_PERMISSIVE.encode(&bytes);
        let texts = [
            format!(" {}\n", BASE64.encode(&bytes)),
            format!("{}\r\n", hex.to_uppercase()),
            hex,
        ];
        for text in texts {
            assert_eq!(*decode(text.as_bytes()).unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn other_lengths_and_letters_are_no_key() {
        let wrong = [
            String::new(),
            BASE64.encode(&[7; 31]),
            BASE64.encode(&[7; 33]),
            "g".repeat(HEX_LENGTH),
            "=".repeat(BASE64_LENGTH),
            "ab".repeat(33),
        ];
        for text in wrong {
            assert!(decode(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn a_new_key_file_is_never_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new.key");
        write_new_key(&path).unwrap();
        let first = Place::File(&path).key().unwrap();
        assert_ne!(*first, [0; KEY]);
        let error = write_new_key(&path).unwrap_err();
        assert!(error.to_string().contains("new.key"), "{error}");
        assert_eq!(*Place::File(&path).key().unwrap(), *first);
    }

    /// What is in the file is in no error.
    #[test]
    fn a_pin_keeps_its_blanks_and_must_be_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pin");
        write_new_key(&path).unwrap();
        for (content, pin) in [
            (&b" 12 34\r\n"[..], Some(" 12 34")),
            (b"\n", None),
            (b"\xff1", None),
        ] {
            fs::write(&path, content).unwrap();
            match (Place::File(&path).pin(), pin) {
                (Ok(read), Some(pin)) => assert_eq!(*read, pin),
                (Err(error), None) => {
                    let expected = format!("{} holds no PIN", path.display());
                    assert_eq!(error.to_string(), expected);
                }
                (read, _) => panic!("{read:?}"),
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("open.key");
        write_new_key(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = Place::File(&path).key().unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        Place::File(&path).key().unwrap();
    }

    #[test]
    fn a_long_file_is_not_read_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("long.key");
        write_new_key(&path).unwrap();
        fs::write(&path, vec![b'a'; 2 * MOST]).unwrap();
        let error = Place::File(&path).key().unwrap_err();
        assert!(error.to_string().contains("longer than"), "{error}");
    }
}
