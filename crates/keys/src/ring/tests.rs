use super::*;
use std::fs;

fn ring(text: &str) -> Result<KeyRing, KeysError> {
    KeyRing::open(&toml::from_str::<RingConfig>(text).unwrap())
}

fn refused(text: &str) -> String {
    let error = ring(text).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
    error.to_string()
}

#[tokio::test]
async fn an_old_key_still_opens_and_the_current_one_wraps() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (directory.path().join("old"), directory.path().join("new"));
    let before = KeyRing::single_file("2025", &old).unwrap();
    let key = DataKey::new([7; 32]);
    let wrapped = before.wrap(&key, b"study 1").await.unwrap();
    assert_eq!((wrapped.by.as_str(), wrapped.bytes.len()), ("2025", 60));

    KeyRing::generate_file(&new).unwrap();
    let both = ring(&format!(
        "current = '2026'\nkey.2025.file = {old:?}\nkey.2026.file = {new:?}"
    ))
    .unwrap();
    let opened = both.unwrap(&wrapped, b"study 1").await.unwrap();
    assert_eq!(opened.expose(), key.expose());
    let rewrapped = both.wrap(&key, b"study 1").await.unwrap();
    assert_eq!(rewrapped.by, both.current());
    let again = both.wrap(&key, b"study 1").await.unwrap();
    assert_ne!(rewrapped.bytes, again.bytes, "each has a nonce of its own");

    let error = before.unwrap(&rewrapped, b"study 1").await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
    assert!(error.to_string().contains("`2026`"), "{error}");
}

#[tokio::test]
async fn what_is_another_things_or_was_changed_is_refused_for_good() {
    let directory = tempfile::tempdir().unwrap();
    let ring = KeyRing::single_file("2026", &directory.path().join("key")).unwrap();
    let wrapped = ring.wrap(&DataKey::new([7; 32]), b"study 1").await.unwrap();
    let mut changed = wrapped.clone();
    changed.bytes[30] ^= 1;
    let mut cut = wrapped.clone();
    cut.bytes.pop();
    for (wrapped, context) in [
        (&wrapped, &b"study 2"[..]),
        (&changed, b"study 1"),
        (&cut, b"study 1"),
    ] {
        let error = ring.unwrap(wrapped, context).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Permanent);
    }
}

#[test]
fn a_single_file_is_made_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    KeyRing::single_file("own", &path).unwrap();
    let first = fs::read(&path).unwrap();
    let ring = KeyRing::single_file("own", &path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), first);
    let shown = format!("{ring:?}");
    assert!(!shown.contains(std::str::from_utf8(&first).unwrap().trim()));
}

#[test]
fn errors_name_the_place_and_not_the_content() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("short.key");
    KeyRing::generate_file(&path).unwrap();
    fs::write(&path, "hunter2").unwrap();
    let text = refused(&format!("current = 'a'\nkey.a.file = {path:?}"));
    assert!(text.contains("keys.key.a") && text.contains("short.key"));
    assert!(!text.contains("hunter2"));
    let text = refused("current = 'a'\nkey.a.file = '/nowhere/a.key'");
    assert!(text.contains("/nowhere/a.key"), "{text}");
    // Set in every test run, and no key.
    let text = refused("current = 'a'\nkey.a.env = 'CARGO_MANIFEST_DIR'");
    assert!(text.contains("CARGO_MANIFEST_DIR") && !text.contains("crates"));
    let text = refused("current = 'a'\nkey.a.env = 'BILDBRO_NOT_SET'");
    assert!(text.contains("BILDBRO_NOT_SET"), "{text}");
}

#[test]
fn a_ring_that_cannot_be_meant_is_refused() {
    let pkcs11 = "key.a.pkcs11 = { module = '/nowhere.so', token = 't', label = 'l'";
    for (text, expected) in [
        ("current = 'b'\nkey.a.env = 'A'", "no keys.key.b"),
        ("current = 'a'\nkey.a = {}", "exactly one of file"),
        (
            "current = 'a'\nkey.a = { env = 'A', file = 'a' }",
            "exactly one of file",
        ),
        ("current = 'a b'\nkey.'a b'.env = 'A'", "no name for a key"),
        ("current = ''\nkey.''.env = 'A'", "no name for a key"),
        (
            &format!("current = 'a'\n{pkcs11} }}"),
            "pin_file and pin_env",
        ),
        (
            &format!("current = 'a'\n{pkcs11}, pin_env = 'PATH' }}"),
            "/nowhere.so cannot be loaded",
        ),
    ] {
        let error = refused(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
    let unknown = toml::from_str::<RingConfig>("current = 'a'\nkey.a.path = 'b'");
    assert!(unknown.is_err());
}
