use super::*;
use proptest::prelude::*;

/// The test key of RFC 8032 section 7.1, test 1, as PKCS#8 (RFC 8410).
fn key() -> SigningKey {
    let pkcs8 = "302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc4\
                 4449c5697b326919703bac031cae7f60";
    SigningKey::from_pkcs8(&HEXLOWER.decode(pkcs8.as_bytes()).unwrap()).unwrap()
}

fn hub() -> KeyName {
    KeyName::of_hub(uuid::Uuid::from_u128(7))
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: hub(),
        size: 20852,
        root: [0xab; 32],
        at: "2026-11-24T18:00:00.25Z".parse().unwrap(),
        head: [1; 32],
        previous: [0; 32],
    }
}

fn public() -> PublicKey {
    PublicKey::new(hub(), key().public())
}

#[test]
fn a_signed_checkpoint_reads_back() {
    let printed = Note::sign(checkpoint(), &key()).to_string();
    let expected = "bildbro/00000000-0000-0000-0000-000000000007\n\
                    20852\n\
                    q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n\
                    time 2026-11-24T18:00:00.25Z\n";
    assert!(printed.starts_with(expected), "{printed}");
    let read = Note::parse(&printed).unwrap();
    assert_eq!(read.to_string(), printed);
    assert_eq!(read.verify(&[public()]), Ok(&checkpoint()));
}

/// The example of C2SP signed-note: its key, text and signature.
#[test]
fn a_key_of_the_standards_own_example_is_understood() {
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let read: PublicKey = key.parse().unwrap();
    assert_eq!(read.to_string(), key);
    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n";
    let signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg\
                     KvqfqdngotpRZb6KE6RyyBwJnAM=";
    let signature = BASE64.decode(signature.as_bytes()).unwrap();
    assert_eq!(signature[..4], read.id());
    let signature: [u8; 64] = signature[4..].try_into().unwrap();
    assert!(read.holds(text.as_bytes(), &signature));
    assert!(!read.holds(&text.as_bytes()[1..], &signature));
    for wrong in [
        "",
        "a+b",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ] {
        assert_eq!(wrong.parse::<PublicKey>(), Err(NoKey));
    }
}

#[test]
fn nobody_else_vouches_for_it() {
    let note = Note::sign(checkpoint(), &key());
    assert_eq!(note.verify(&[]), Err(Unsigned::Unknown));
    let other_hub = KeyName::new("bildbro/other").unwrap();
    let other = PublicKey::new(other_hub.clone(), key().public());
    assert_eq!(note.verify(&[other]), Err(Unsigned::Unknown));
    let text = note.to_string();
    let changed = Note::parse(&text.replace("20852", "20853")).unwrap();
    assert_eq!(changed.verify(&[public()]), Err(Unsigned::Wrong(hub())));
    // Signed by a key that is trusted, but for another log.
    let moved = checkpoint();
    let mut moved = Note::sign(moved, &key());
    moved.checkpoint.origin = other_hub;
    let signature = key().sign(moved.checkpoint.to_string().as_bytes());
    moved.signatures[0].bytes = signature.to_vec();
    assert_eq!(moved.verify(&[public()]), Err(Unsigned::Unknown));
}

#[test]
fn what_is_written_otherwise_is_refused() {
    let note = Note::sign(checkpoint(), &key()).to_string();
    let changed = |from: &str, to: &str| Note::parse(&note.replacen(from, to, 1)).unwrap_err();
    assert_eq!(changed("\n20852", "\n020852"), Malformed::Line(2));
    assert_eq!(changed("\n20852", "\n+20852"), Malformed::Line(2));
    assert_eq!(changed("q6s=", "q6t="), Malformed::Line(3));
    assert_eq!(
        changed("18:00:00.25Z", "19:00:00.25+01:00"),
        Malformed::Line(4)
    );
    assert_eq!(changed("head 01", "head 0X"), Malformed::Line(5));
    assert_eq!(changed("time ", "tide "), Malformed::Line(4));
    assert_eq!(changed("bildbro/", "bild bro/"), Malformed::Line(1));
    assert_eq!(changed("\n\n", "\nmore\n\n"), Malformed::Line(7));
    assert_eq!(changed("\n\n", "\n"), Malformed::Form);
    assert_eq!(changed("\u{2014} ", "- "), Malformed::Signature(1));
    assert_eq!(Note::parse(&note[..note.len() - 1]), Err(Malformed::Form));
    assert_eq!(Note::parse(&note.repeat(60)), Err(Malformed::Long));
    let signature = note.lines().last().unwrap();
    let many = format!("{note}{}", format!("{signature}\n").repeat(MOST_SIGNATURES));
    let bounded = [Malformed::Signature(MOST_SIGNATURES + 1), Malformed::Long];
    assert!(bounded.contains(&Note::parse(&many).unwrap_err()));
}

/// A witness's signature beside ours changes nothing.
#[test]
fn signatures_of_others_are_passed_by() {
    let note = Note::sign(checkpoint(), &key()).to_string();
    let witness = BASE64.encode(&[9; 76]);
    let two = format!("{note}\u{2014} witness.example {witness}\n");
    let read = Note::parse(&two).unwrap();
    assert_eq!(read.to_string(), two);
    assert!(read.verify(&[public()]).is_ok());
}

proptest! {
    #[test]
    fn anything_read_prints_to_the_same(cut in 0_usize..400, byte: u8) {
        let mut bytes = Note::sign(checkpoint(), &key()).to_string().into_bytes();
        let at = cut % bytes.len();
        bytes[at] = byte;
        if let Ok(text) = std::str::from_utf8(&bytes)
            && let Ok(read) = Note::parse(text)
        {
            prop_assert_eq!(read.to_string(), text);
        }
    }
}
