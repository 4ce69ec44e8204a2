use super::{
    assertion::{LEEWAY, LIFE, LONGEST},
    *,
};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeySize, PrivateDecryptingKey},
    signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair},
};
use bildbro_domain::{Digest, GatewayId, MachineId};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::sync::LazyLock;
use uuid::Uuid;

const AUDIENCE: &str = "https://hub.example/oauth/token";

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn machine() -> MachineId {
    MachineId(Uuid::from_u128(7))
}

/// Both halves of a key, for one algorithm.
struct Signer {
    algorithm: Algorithm,
    key: EncodingKey,
    public: PublicKey,
}

impl Signer {
    fn named(&self, kid: &str) -> PublicKey {
        let mut key = self.public.clone();
        key.kid = Some(kid.to_owned());
        key
    }

    fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = kid.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

fn p256() -> Signer {
    let pair = KeyPair::generate().unwrap();
    Signer {
        algorithm: Algorithm::ES256,
        key: EncodingKey::from_ec_der(pair.pkcs8()),
        public: PublicKey::from_pem(&pair.public_pem(), None).unwrap(),
    }
}

fn p384() -> Signer {
    let suite = &ECDSA_P384_SHA384_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(suite, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(suite, pkcs8.as_ref()).unwrap();
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    Signer {
        algorithm: Algorithm::ES384,
        key: EncodingKey::from_ec_der(pkcs8.as_ref()),
        public: PublicKey::from_pem(&pair::pem("PUBLIC KEY", der.as_ref()), None).unwrap(),
    }
}

/// Made once: it takes a moment.
static RSA: LazyLock<Signer> = LazyLock::new(|| {
    let pair = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    assert!(RsaKeyPair::from_pkcs8(pkcs8.as_ref()).is_ok());
    Signer {
        algorithm: Algorithm::RS384,
        key: EncodingKey::from_rsa_pem(pair::pem("PRIVATE KEY", pkcs8.as_ref()).as_bytes())
            .unwrap(),
        public: PublicKey::from_pem(&pair::pem("PUBLIC KEY", public.as_ref()), None).unwrap(),
    }
});

fn claims() -> Value {
    let id = machine().to_string();
    json!({
        "iss": id, "sub": id, "aud": AUDIENCE, "jti": "once",
        "exp": now().as_second() + LIFE,
    })
}

fn with(member: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[member] = value;
    claims
}

fn verify(jwt: &str, keys: &[PublicKey]) -> Result<VerifiedMachine, AssertionError> {
    let keys = |issuer| {
        if issuer == machine() {
            keys.to_vec()
        } else {
            Vec::new()
        }
    };
    verify_machine(jwt, keys, AUDIENCE, now())
}

#[test]
fn a_gateways_assertion_names_it_and_is_made_for_one_use() {
    let gateway = GatewayId(machine().0);
    let key = KeyPair::from_pem(&KeyPair::generate().unwrap().to_pem()).unwrap();
    let verify = |jwt: &str| {
        let pem = |_| Some(key.public_pem());
        verify_assertion(jwt, pem, AUDIENCE, at(1)).unwrap()
    };
    let one = verify(&assertion(&key, gateway, AUDIENCE, now()));
    assert_eq!(one.gateway, gateway);
    assert_eq!(one.expires, at(LIFE + LEEWAY));
    let other = verify(&assertion(&key, gateway, AUDIENCE, now()));
    assert_ne!(other.jti_hash, one.jti_hash);
}

#[test]
fn each_algorithm_verifies_with_its_kind_of_key_alone() {
    let signers = [p256(), p384()];
    let all: Vec<&Signer> = signers.iter().chain([&*RSA]).collect();
    for signer in &all {
        let jwt = signer.sign(None, &claims());
        for other in &all {
            let verified = verify(&jwt, std::slice::from_ref(&other.public));
            if other.algorithm == signer.algorithm {
                assert_eq!(verified.unwrap().machine, machine());
            } else {
                assert_eq!(verified, Err(AssertionError::Key));
            }
        }
    }
}

#[test]
fn a_replay_is_known_by_its_hash_whatever_the_key() {
    let (old, new) = (p256(), p384());
    let keys = [old.named("old"), new.named("new")];
    let hash = |jwt: String| verify(&jwt, &keys).unwrap().jti_hash;
    let first = hash(old.sign(Some("old"), &claims()));
    assert_eq!(first, hash(old.sign(Some("old"), &claims())));
    assert_eq!(first, hash(new.sign(Some("new"), &claims())));
    assert_eq!(first, Digest::of(format!("{} once", machine()).as_bytes()));
    let twice = with("jti", json!("twice"));
    assert_ne!(first, hash(old.sign(Some("old"), &twice)));
}

#[test]
fn during_a_rotation_both_keys_verify_each_under_its_own_name() {
    let (old, new) = (p256(), p256());
    let both = [old.named("2026"), new.named("2027")];
    for (signer, kid, key) in [(&old, "2026", 0), (&new, "2027", 1)] {
        let verified = verify(&signer.sign(Some(kid), &claims()), &both).unwrap();
        assert_eq!(verified.kid, both[key].kid);
        assert!(verify(&signer.sign(None, &claims()), &both).is_ok());
    }
    let confused = new.sign(Some("2026"), &claims());
    assert_eq!(verify(&confused, &both), Err(AssertionError::Signature));
    let unknown = new.sign(Some("2028"), &claims());
    assert_eq!(verify(&unknown, &both), Err(AssertionError::Key));
    let retired = old.sign(Some("2026"), &claims());
    assert_eq!(verify(&retired, &both[1..]), Err(AssertionError::Key));
    // A key that was registered without a name goes by any.
    assert!(verify(&unknown, &[old.public, new.public]).is_ok());
}

#[test]
fn wrong_claims_are_refused_for_what_they_are() {
    let signer = p256();
    let keys = std::slice::from_ref(&signer.public);
    let second = now().as_second();
    use AssertionError::{Audience, Claims, Issuer, Life};
    for (member, value, wanted) in [
        (
            "aud",
            json!("https://hub.example/oauth/token/"),
            Some(Audience),
        ),
        (
            "aud",
            json!([AUDIENCE, "https://other.example/"]),
            Some(Audience),
        ),
        ("aud", json!([AUDIENCE]), None),
        ("aud", json!([]), Some(Audience)),
        ("iss", json!(Uuid::from_u128(8)), Some(Issuer)),
        ("iss", json!("../../etc"), Some(Issuer)),
        // Another way to write the same UUID.
        ("iss", json!(machine().0.urn().to_string()), Some(Claims)),
        ("sub", json!(Uuid::from_u128(8)), Some(Claims)),
        ("jti", json!(""), Some(Claims)),
        ("jti", json!(7), Some(Claims)),
        ("exp", json!("soon"), Some(Claims)),
        ("exp", json!(null), Some(Claims)),
        ("exp", json!(second - LEEWAY), Some(Life)),
        ("exp", json!(second - LEEWAY + 1), None),
        ("exp", json!(second + 300 + LEEWAY), None),
        ("exp", json!(second + 300 + LEEWAY + 1), Some(Life)),
        ("exp", json!(i64::MAX), Some(Life)),
        ("exp", json!(i64::MIN), Some(Life)),
        ("iat", json!(second + LEEWAY), None),
        ("iat", json!(second + LEEWAY + 1), Some(Life)),
        ("nbf", json!(second + LEEWAY + 1), Some(Life)),
    ] {
        let jwt = signer.sign(None, &with(member, value.clone()));
        assert_eq!(verify(&jwt, keys).err(), wanted, "{member}: {value}");
    }
}

#[test]
fn what_is_no_signed_assertion_is_refused() {
    let signer = p256();
    let keys = std::slice::from_ref(&signer.public);
    let good = signer.sign(None, &claims());
    let (rest, signature) = good.rsplit_once('.').unwrap();
    let body = rest.split_once('.').unwrap().1;
    let headed = |header: Value| {
        let header = BASE64URL_NOPAD.encode(header.to_string().as_bytes());
        format!("{header}.{body}.{signature}")
    };
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "None"}),
        json!({"alg": "ES256", "crit": ["exp"]}),
        json!({"alg": "ES256", "typ": "at+jwt"}),
        json!({"alg": "PS384"}),
        json!({}),
    ] {
        let jwt = headed(header.clone());
        assert_eq!(verify(&jwt, keys), Err(AssertionError::Form), "{header}");
    }
    let unsigned = format!(
        "{}.",
        headed(json!({"alg": "none"})).rsplit_once('.').unwrap().0
    );
    assert_eq!(verify(&unsigned, keys), Err(AssertionError::Form));
    let cut = format!("{rest}.");
    assert_eq!(verify(&cut, keys), Err(AssertionError::Signature));

    // The public key, which an attacker knows, as a shared secret.
    for algorithm in [Algorithm::HS256, Algorithm::HS384] {
        let secret = EncodingKey::from_secret(signer.public.to_pem().as_bytes());
        let shared = jsonwebtoken::encode(&Header::new(algorithm), &claims(), &secret).unwrap();
        assert_eq!(verify(&shared, keys), Err(AssertionError::Form));
    }
    let huge = signer.sign(None, &with("jti", json!("x".repeat(LONGEST))));
    assert_eq!(verify(&huge, keys), Err(AssertionError::TooLong));
    for garbage in ["", "a.b.c", "....", "å", "e30.e30.e30"] {
        assert!(verify(garbage, keys).is_err());
    }
}

#[test]
fn a_key_is_read_as_pem_as_jwk_and_in_a_set() {
    for signer in [&p256(), &p384(), &*RSA] {
        let again = PublicKey::read(&signer.public.to_pem()).unwrap();
        assert_eq!(again, std::slice::from_ref(&signer.public));
    }
    let signer = p256();
    let jwk = jwk(&signer, "a");
    assert_eq!(
        PublicKey::read(&jwk.to_string()).unwrap(),
        [signer.named("a")]
    );
    let other = p256();
    let set = json!({"keys": [jwk, self::jwk(&other, "b")]});
    let read = PublicKey::read(&set.to_string()).unwrap();
    assert_eq!(read, [signer.named("a"), other.named("b")]);
}

fn jwk(signer: &Signer, kid: &str) -> Value {
    let pem = signer.public.to_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = data_encoding::BASE64.decode(body.as_bytes()).unwrap();
    let (x, y) = der[der.len() - 64..].split_at(32);
    json!({
        "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
        "key_ops": ["verify"],
        "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y),
    })
}

#[test]
fn keys_that_cannot_be_taken_are_refused_for_what_they_are() {
    use PublicKeyError as E;
    let good = jwk(&p256(), "a");
    let with = |member: &str, value: Value| {
        let mut jwk = good.clone();
        jwk[member] = value;
        jwk.to_string()
    };
    let rsa = |bytes: usize| {
        let n = BASE64URL_NOPAD.encode(&[vec![0, 0xc5], vec![0x55; bytes - 1]].concat());
        json!({"kty": "RSA", "e": "AQAB", "n": n}).to_string()
    };
    let private = KeyPair::generate().unwrap().to_pem();
    let many: Vec<&Value> = std::iter::repeat_n(&good, 17).collect();
    for (text, wanted) in [
        (private.clone(), E::Private),
        (private.replace("PRIVATE", "EC PRIVATE"), E::Private),
        (with("d", json!("AAAA")), E::Private),
        (json!({"kty": "oct", "k": "AAAA"}).to_string(), E::Private),
        (pair::pem("CERTIFICATE", b"x"), E::Certificate),
        (pair::pem("PUBLIC KEY", b"x"), E::Kind),
        (rsa(128), E::RsaSize),
        (rsa(2000), E::RsaSize),
        (with("crv", json!("P-521")), E::Kind),
        (with("crv", json!("secp256k1")), E::Kind),
        (with("kty", json!("OKP")), E::Kind),
        (with("x", json!("AAAA")), E::Damaged),
        (with("x", json!("A".repeat(43))), E::Damaged),
        (with("x", json!("=")), E::Damaged),
        (with("use", json!("enc")), E::Use),
        (with("alg", json!("HS256")), E::Use),
        (with("key_ops", json!(["encrypt"])), E::Use),
        (with("kid", json!("")), E::Kid),
        (with("kid", json!("a\nb")), E::Kid),
        (with("kid", json!(7)), E::Kid),
        (json!({"keys": [good, good]}).to_string(), E::Kid),
        (json!({"keys": []}).to_string(), E::Count),
        (json!({"keys": many}).to_string(), E::Count),
        (json!({"keys": "none"}).to_string(), E::Form),
        ("{".to_owned(), E::Form),
        ("ssh-ed25519 AAAA".to_owned(), E::Form),
        (String::new(), E::Form),
        (format!("{{{}", " ".repeat(70_000)), E::Form),
    ] {
        assert_eq!(PublicKey::read(&text).err(), Some(wanted), "{text:.80}");
    }
    // Exactly enough: 2048 bits.
    assert!(PublicKey::read(&rsa(256)).is_ok());
}
