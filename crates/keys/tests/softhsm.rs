//! A real PKCS#11 module, SoftHSM, with a token in a temporary directory.
//!
//! The module finds its tokens by the environment variable SOFTHSM2_CONF, and
//! there is one module in a process: so each test runs its body in a child
//! process of its own.

#![expect(clippy::unwrap_used, reason = "tests")]

mod kept;

use bildbro_domain::ErrorClass;
use bildbro_flow::ports::keys::{Wrapping, study_context};
use bildbro_keys::{KeyConfig, KeyRing, KeysError, Pkcs11Config, RingConfig, TokenError, rotate};
use bildbro_seal::DataKey;
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    object::{Attribute, AttributeType},
    session::{Session, UserType},
    types::AuthPin,
};
use kept::{Kept, data_key, study};
use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// Tells the child process where its token is.
const HERE: &str = "BILDBRO_TEST_TOKEN";
const TOKEN: &str = "bildbro test";
const PIN: &str = "482 915";
const PIN_VARIABLE: &str = "BILDBRO_TEST_PIN";
const LABEL: &str = "wrapping 2026";

/// Where Debian, Fedora and a build from source put it.
const MODULES: [&str; 5] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];

/// Runs `body` in a child process that has a token.
fn on_a_token(test: &str, body: impl AsyncFnOnce(Bench)) {
    if let Some(directory) = env::var_os(HERE) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        return runtime.block_on(body(Bench(directory.into())));
    }
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench(directory.path().to_owned());
    fs::create_dir(bench.tokens()).unwrap();
    let conf = directory.path().join("softhsm2.conf");
    let tokens = bench.tokens();
    let text = format!("directories.tokendir = {}\n", tokens.display());
    fs::write(&conf, text).unwrap();
    bench.write("pin", PIN);
    bench.write("wrong", "000000");
    let made = Command::new("softhsm2-util")
        .env("SOFTHSM2_CONF", &conf)
        .args(["--init-token", "--free", "--label", TOKEN])
        .args(["--pin", PIN, "--so-pin", "12345678"])
        .output()
        .expect("softhsm2-util is there: scripts/setup.sh installs it");
    assert!(made.status.success(), "{made:?}");
    let ran = Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("SOFTHSM2_CONF", &conf)
        .env(HERE, directory.path())
        .env(PIN_VARIABLE, PIN)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}\n{errors}");
    assert!(said.contains("1 passed"), "{test} is no test: {said}");
}

/// The directory with the token and the files of one test.
struct Bench(PathBuf);

impl Bench {
    fn tokens(&self) -> PathBuf {
        self.0.join("tokens")
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn config(&self, pin: &str) -> Pkcs11Config {
        Pkcs11Config {
            module: module(),
            token: TOKEN.to_owned(),
            pin_file: Some(self.0.join(pin)),
            pin_env: None,
            label: LABEL.to_owned(),
        }
    }

    fn config_with_variable(&self) -> Pkcs11Config {
        Pkcs11Config {
            pin_file: None,
            pin_env: Some(PIN_VARIABLE.to_owned()),
            ..self.config("pin")
        }
    }

    fn ring(&self, pin: &str) -> Result<KeyRing, KeysError> {
        KeyRing::open(&RingConfig {
            current: "2026".to_owned(),
            key: BTreeMap::from([("2026".to_owned(), on_token(self.config(pin)))]),
        })
    }

    fn ring_with_new_key(&self) -> KeyRing {
        KeyRing::pkcs11_generate(&self.config("pin")).unwrap();
        self.ring("pin").unwrap()
    }
}

fn on_token(config: Pkcs11Config) -> KeyConfig {
    KeyConfig {
        pkcs11: Some(config),
        ..KeyConfig::default()
    }
}

fn module() -> PathBuf {
    let mut modules = MODULES.map(Path::new).into_iter();
    let module = modules.find(|path| path.exists());
    module.expect("SoftHSM's module is there").to_owned()
}

/// Ends all sessions and logins of this process, as a restart of the token's
/// machine does.
fn lose_sessions() {
    Pkcs11::new(module()).unwrap().finalize().unwrap();
}

/// A session beside those of the ring.
fn own_session() -> Session {
    let module = Pkcs11::new(module()).unwrap();
    let flags = CInitializeFlags::OS_LOCKING_OK;
    let _ = module.initialize(CInitializeArgs::new(flags));
    let mut slots = module.get_slots_with_initialized_token().unwrap();
    module.open_rw_session(slots.remove(0)).unwrap()
}

#[test]
fn a_key_on_a_token_opens_with_its_own_context_only() {
    let name = "a_key_on_a_token_opens_with_its_own_context_only";
    on_a_token(name, async |bench| {
        let ring = bench.ring_with_new_key();
        let key = DataKey::new([7; 32]);
        let wrapped = ring.wrap(&key, b"study 1").await.unwrap();
        assert_eq!((wrapped.by.as_str(), wrapped.bytes.len()), ("2026", 60));
        let mut changed = wrapped.clone();
        changed.bytes[20] ^= 1;
        let mut cut = wrapped.clone();
        cut.bytes.pop();
        for (wrapped, context) in [
            (&wrapped, &b"study 2"[..]),
            (&changed, b"study 1"),
            (&cut, b"study 1"),
        ] {
            let error = ring.unwrap(wrapped, context).await.unwrap_err();
            assert_eq!(error.class(), ErrorClass::Permanent, "{error}");
        }
        let (one, other) = tokio::join!(
            ring.unwrap(&wrapped, b"study 1"),
            ring.unwrap(&wrapped, b"study 1")
        );
        assert_eq!(one.unwrap().expose(), key.expose());
        assert_eq!(other.unwrap().expose(), key.expose());
    });
}

#[test]
fn a_new_key_cannot_leave_the_token_and_is_never_made_twice() {
    let name = "a_new_key_cannot_leave_the_token_and_is_never_made_twice";
    on_a_token(name, async |bench| {
        let absent = bench.ring("pin").unwrap_err();
        assert_eq!(absent.class(), ErrorClass::Permanent);
        assert!(absent.to_string().contains(LABEL), "{absent}");

        let _ring = bench.ring_with_new_key();
        let session = own_session(); // the process is logged in
        let named = [Attribute::Label(LABEL.into())];
        let keys = session.find_objects(&named).unwrap();
        let asked = [AttributeType::Extractable, AttributeType::Sensitive];
        let is = session.get_attributes(keys[0], &asked).unwrap();
        let should = [Attribute::Extractable(false), Attribute::Sensitive(true)];
        assert_eq!(is, should);

        let twice = KeyRing::pkcs11_generate(&bench.config("pin")).unwrap_err();
        assert_eq!(twice.class(), ErrorClass::Permanent);
        assert!(twice.to_string().contains("already"), "{twice}");
    });
}

#[test]
fn a_wrong_pin_is_tried_once() {
    on_a_token("a_wrong_pin_is_tried_once", async |bench| {
        KeyRing::pkcs11_generate(&bench.config("pin")).unwrap();
        let error = bench.ring("wrong").unwrap_err();
        assert_eq!(error.class(), ErrorClass::Permanent);
        let refused = matches!(
            error,
            KeysError::Token {
                source: TokenError::PinRefused { .. },
                ..
            }
        );
        assert!(refused, "{error}");
        assert!(!error.to_string().contains("000000"));

        // Someone changes the PIN while a hub is running, and changes it back.
        let ring = bench.ring("pin").unwrap();
        let key = DataKey::new([7; 32]);
        let [old, new] = [PIN, "777777"].map(AuthPin::from);
        own_session().set_pin(&old, &new).unwrap();
        lose_sessions();
        let error = ring.wrap(&key, b"study 1").await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Permanent);
        assert!(error.to_string().contains("refuses the PIN"), "{error}");
        let session = own_session();
        session.login(UserType::User, Some(&new)).unwrap();
        session.set_pin(&new, &old).unwrap();
        let error = ring.wrap(&key, b"study 1").await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Permanent);
        assert!(error.to_string().contains("is not tried"), "{error}");
    });
}

#[test]
fn a_lost_session_is_opened_anew_and_a_token_that_is_away_may_come_back() {
    let name = "a_lost_session_is_opened_anew_and_a_token_that_is_away_may_come_back";
    on_a_token(name, async |bench| {
        let ring = bench.ring_with_new_key();
        let key = DataKey::new([7; 32]);
        let wrapped = ring.wrap(&key, b"study 1").await.unwrap();

        lose_sessions();
        let opened = ring.unwrap(&wrapped, b"study 1").await.unwrap();
        assert_eq!(opened.expose(), key.expose());

        // Only the login is lost.
        own_session().logout().unwrap();
        ring.unwrap(&wrapped, b"study 1").await.unwrap();

        lose_sessions();
        let drawn = bench.0.join("drawn");
        fs::rename(bench.tokens(), &drawn).unwrap();
        fs::create_dir(bench.tokens()).unwrap();
        let error = ring.unwrap(&wrapped, b"study 1").await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Transient, "{error}");
        let error = bench.ring("pin").unwrap_err();
        assert_eq!(error.class(), ErrorClass::Transient, "{error}");

        lose_sessions();
        fs::remove_dir(bench.tokens()).unwrap();
        fs::rename(&drawn, bench.tokens()).unwrap();
        ring.unwrap(&wrapped, b"study 1").await.unwrap();
    });
}

#[test]
fn keys_move_from_a_file_to_a_token() {
    on_a_token("keys_move_from_a_file_to_a_token", async |bench| {
        let path = bench.0.join("2025.key");
        let before = KeyRing::single_file("2025", &path).unwrap();
        let kept = Kept::wrapped_by(&before, 300).await;
        KeyRing::pkcs11_generate(&bench.config("pin")).unwrap();
        let file = KeyConfig {
            file: Some(path),
            ..KeyConfig::default()
        };
        let both = KeyRing::open(&RingConfig {
            current: "2026".to_owned(),
            key: [
                ("2025".to_owned(), file),
                ("2026".to_owned(), on_token(bench.config("pin"))),
            ]
            .into(),
        })
        .unwrap();
        let done = rotate(&kept, &both, |_| {}).await.unwrap();
        assert_eq!((done.rewrapped, done.unopened), (300, 0));

        let after = KeyRing::open(&RingConfig {
            current: "2026".to_owned(),
            key: [("2026".to_owned(), on_token(bench.config_with_variable()))].into(),
        })
        .unwrap();
        for number in [0, 299] {
            let context = study_context(study(number));
            let wrapped = kept.wrapped(number);
            let opened = after.unwrap(&wrapped, &context).await.unwrap();
            assert_eq!(opened.expose(), data_key(number).expose());
        }
    });
}
