//! Against a client and authenticator of 1Password (`passkey`), through JSON,
//! as between browser and hub.

use super::*;
use passkey::{
    authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod},
    client::{Client, DefaultClientData},
    crypto::rust_crypto::RustCryptoBackend,
    types::{self, ctap2},
};
use public_suffix::PublicSuffixList;
use serde_json::{Value, json};

/// The person at the authenticator, who may be asked for no more than a touch.
struct Person {
    verifies: bool,
}

#[async_trait::async_trait]
impl UserValidationMethod for Person {
    type PasskeyItem = types::Passkey;

    async fn check_user<'a>(
        &self,
        _: UiHint<'a, types::Passkey>,
        _: bool,
        _: bool,
    ) -> Result<UserCheck, ctap2::Ctap2Error> {
        Ok(UserCheck {
            presence: true,
            verification: self.verifies,
        })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(self.verifies)
    }
}

type Key = Option<types::Passkey>;
type Browser = Client<Key, Person, RustCryptoBackend, PublicSuffixList, ()>;

fn browser_with(key: Key, verifies: bool) -> Browser {
    let id = ctap2::Aaguid::new_empty();
    let mut made = Authenticator::new(id, key, Person { verifies }, RustCryptoBackend);
    made.set_make_credentials_with_signature_counter(true);
    Client::new(made).allows_insecure_localhost(true)
}

const HUB: &str = "https://bild.example.org";

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn hub() -> Passkeys {
    Passkeys::new(&url(HUB), "Bildbro").unwrap()
}

fn member() -> Uuid {
    Uuid::from_u128(0x1912_1212)
}

/// The peer writes octets as lists of numbers; a browser's `toJSON` as base64url.
fn as_browsers_do(value: Value) -> Value {
    match value {
        Value::Array(list) if list.first().is_some_and(Value::is_u64) => {
            let octets: Vec<u8> = serde_json::from_value(Value::Array(list)).unwrap();
            json!(data_encoding::BASE64URL_NOPAD.encode(&octets))
        }
        Value::Object(fields) => {
            let fields = fields
                .into_iter()
                .map(|(name, value)| (name, as_browsers_do(value)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

/// What `startRegistration` of @simplewebauthn/browser does with its options.
async fn create(browser: &mut Browser, origin: &str, options: Value) -> Value {
    let request = serde_json::from_value(json!({ "publicKey": options })).unwrap();
    let made = browser
        .register(&url(origin), request, DefaultClientData)
        .await
        .unwrap();
    as_browsers_do(serde_json::to_value(&made).unwrap())
}

/// What `startAuthentication` does with its.
async fn get(browser: &mut Browser, origin: &str, options: Value) -> Value {
    let request = serde_json::from_value(json!({ "publicKey": options })).unwrap();
    let made = browser
        .authenticate(&url(origin), request, DefaultClientData)
        .await
        .unwrap();
    as_browsers_do(serde_json::to_value(&made).unwrap())
}

fn stored<T: Serialize + serde::de::DeserializeOwned>(state: &T) -> T {
    serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
}

/// A member with one passkey, and the browser that has it.
async fn registered() -> (Passkeys, Browser, Vec<Credential>) {
    let hub = hub();
    let mut browser = browser_with(None, true);
    let (options, state) = hub
        .register_begin(member(), "tolvan", "Tolvan", &[])
        .unwrap();
    let options = serde_json::to_value(&options).unwrap();
    assert_eq!(
        options["authenticatorSelection"]["userVerification"],
        "required"
    );
    let response = create(&mut browser, HUB, options).await;
    let response = serde_json::from_value(response).unwrap();
    let credential = hub.register_finish(&stored(&state), &response).unwrap();
    (hub, browser, vec![stored(&credential)])
}

struct Answer {
    state: Authentication,
    response: Value,
}

async fn answer(hub: &Passkeys, browser: &mut Browser, have: &[Credential]) -> Answer {
    let (options, state) = hub.authenticate_begin(have).unwrap();
    let options = serde_json::to_value(&options).unwrap();
    let response = get(browser, HUB, options).await;
    Answer {
        state: stored(&state),
        response,
    }
}

fn finish(hub: &Passkeys, answer: &Answer, have: &mut [Credential]) -> Result<usize, PasskeyError> {
    let response = serde_json::from_value(answer.response.clone()).unwrap();
    hub.authenticate_finish(&answer.state, &response, have)
}

#[tokio::test]
async fn a_passkey_is_added_and_used_and_its_counter_kept() {
    let (hub, mut browser, mut have) = registered().await;
    for _ in 0..2 {
        let before = have[0].counter();
        let mut answer = answer(&hub, &mut browser, &have).await;
        assert_eq!(answer.response["id"], have[0].id());
        // A browser leaves out what is not there.
        answer.response["response"]
            .as_object_mut()
            .unwrap()
            .remove("userHandle");
        assert_eq!(finish(&hub, &answer, &mut have).unwrap(), 0);
        assert!(have[0].counter() > before);
    }
    let again = hub
        .register_begin(member(), "tolvan", "Tolvan", &have)
        .unwrap()
        .0;
    let again = serde_json::to_value(&again).unwrap();
    assert_eq!(again["excludeCredentials"][0]["id"], have[0].id());
    assert_eq!(again["rp"]["id"], "bild.example.org");
    assert!(matches!(
        hub.authenticate_begin(&[]),
        Err(PasskeyError::NoCredential)
    ));
}

#[tokio::test]
async fn an_authenticator_tells_itself_who_it_is_for() {
    let (hub, mut browser, mut have) = registered().await;
    let (options, state) = hub.discover_begin().unwrap();
    let options = serde_json::to_value(&options).unwrap();
    assert!(options["allowCredentials"].as_array().unwrap().is_empty());
    let response = get(&mut browser, HUB, options).await;
    let response = serde_json::from_value(response).unwrap();
    assert_eq!(hub.discovered(&response).unwrap(), member());
    let nobody = hub.discover_finish(stored(&state), &response, &mut []);
    assert!(matches!(nobody, Err(PasskeyError::Unknown)), "{nobody:?}");
    let mut others = registered().await.2;
    let other = hub.discover_finish(stored(&state), &response, &mut others);
    assert!(matches!(other, Err(PasskeyError::Unknown)), "{other:?}");
    assert_eq!(
        hub.discover_finish(stored(&state), &response, &mut have)
            .unwrap(),
        0
    );
    let replayed = hub.discover_finish(state, &response, &mut have);
    assert!(
        matches!(replayed, Err(PasskeyError::Cloned)),
        "{replayed:?}"
    );
}

#[tokio::test]
async fn a_response_is_good_for_its_own_challenge_only() {
    let (hub, mut browser, mut have) = registered().await;
    let mut first = answer(&hub, &mut browser, &have).await;
    finish(&hub, &first, &mut have).unwrap();
    let again = finish(&hub, &first, &mut have);
    assert!(matches!(again, Err(PasskeyError::Cloned)), "{again:?}");
    first.state = hub.authenticate_begin(&have).unwrap().1;
    let replayed = finish(&hub, &first, &mut have);
    assert!(
        matches!(replayed, Err(PasskeyError::Challenge)),
        "{replayed:?}"
    );
}

#[tokio::test]
async fn a_copy_is_found_by_its_counter() {
    let (hub, mut browser, mut have) = registered().await;
    let key = browser.authenticator().store().clone();
    let mut copy = browser_with(key, true);
    let used = answer(&hub, &mut browser, &have).await;
    // Begun before the other has finished: its state knows the old counter.
    let early = answer(&hub, &mut copy, &have).await;
    finish(&hub, &used, &mut have).unwrap();
    let before = have.clone();
    let found = finish(&hub, &early, &mut have);
    assert!(matches!(found, Err(PasskeyError::Cloned)), "{found:?}");
    assert_eq!(have[0].counter(), before[0].counter());
}

#[tokio::test]
async fn another_site_gets_nobody_in() {
    let (hub, mut browser, mut have) = registered().await;
    // A page under the same domain may ask for the passkey, but is not the hub.
    let (options, state) = hub.authenticate_begin(&have).unwrap();
    let options = serde_json::to_value(&options).unwrap();
    let elsewhere = "https://other.bild.example.org";
    let response = get(&mut browser, elsewhere, options).await;
    let refused = finish(&hub, &Answer { state, response }, &mut have);
    assert!(matches!(refused, Err(PasskeyError::Origin)), "{refused:?}");

    let (options, state) = hub
        .register_begin(member(), "tolvan", "Tolvan", &[])
        .unwrap();
    let options = serde_json::to_value(&options).unwrap();
    let mut fresh = browser_with(None, true);
    let response = create(&mut fresh, elsewhere, options).await;
    let response = serde_json::from_value(response).unwrap();
    let refused = hub.register_finish(&state, &response);
    assert!(matches!(refused, Err(PasskeyError::Origin)), "{refused:?}");
}

#[tokio::test]
async fn a_touch_alone_is_not_enough() {
    let (hub, browser, mut have) = registered().await;
    let key = browser.authenticator().store().clone();
    let mut touched = browser_with(key, false);
    let (options, state) = hub.authenticate_begin(&have).unwrap();
    let mut options = serde_json::to_value(&options).unwrap();
    options["userVerification"] = json!("discouraged");
    let response = get(&mut touched, HUB, options).await;
    let refused = finish(&hub, &Answer { state, response }, &mut have);
    assert!(
        matches!(refused, Err(PasskeyError::Unverified)),
        "{refused:?}"
    );

    let (options, state) = hub
        .register_begin(member(), "tolvan", "Tolvan", &[])
        .unwrap();
    let mut options = serde_json::to_value(&options).unwrap();
    options["authenticatorSelection"]["userVerification"] = json!("discouraged");
    let response = create(&mut browser_with(None, false), HUB, options).await;
    let response = serde_json::from_value(response).unwrap();
    let refused = hub.register_finish(&state, &response);
    assert!(
        matches!(refused, Err(PasskeyError::Unverified)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_was_changed_on_the_way_is_refused() {
    let (hub, mut browser, mut have) = registered().await;
    for part in ["signature", "authenticatorData", "clientDataJSON"] {
        let mut answer = answer(&hub, &mut browser, &have).await;
        for wrong in ["", "AAAA", "e30"] {
            answer.response["response"][part] = json!(wrong);
            assert!(finish(&hub, &answer, &mut have).is_err(), "{part} {wrong}");
        }
    }
    let mut other = answer(&hub, &mut browser, &have).await;
    other.response["rawId"] = json!("AAAA");
    let refused = finish(&hub, &other, &mut have);
    assert!(matches!(refused, Err(PasskeyError::Unknown)), "{refused:?}");
    for not_one in [json!(null), json!({}), json!({ "id": 1 })] {
        assert!(serde_json::from_value::<AuthenticationResponse>(not_one.clone()).is_err());
        assert!(serde_json::from_value::<RegistrationResponse>(not_one).is_err());
    }
}

#[test]
fn the_public_url_is_one_where_browsers_have_passkeys() {
    for good in [
        "https://bild.example.org/",
        "https://bild.example.org:8443/x",
        "http://localhost:8080",
    ] {
        assert!(Passkeys::new(&url(good), "Bildbro").is_ok(), "{good}");
    }
    for bad in [
        "http://bild.example.org",
        "https://10.0.0.1",
        "http://127.0.0.1",
        "ftp://localhost",
        "data:,",
    ] {
        let made = Passkeys::new(&url(bad), "Bildbro");
        assert!(matches!(made, Err(PasskeyError::PublicUrl)), "{bad}");
    }
}
