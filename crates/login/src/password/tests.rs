use super::*;

const ABOUT: About<'_> = About {
    name: "Tolvan Tolvansson",
    email: "t.tolvansson@example.org",
    organisation: "Region Skåne",
};

fn judge(password: &str) -> Result<(), Refused> {
    check_new(&Password::new(password), &ABOUT)
}

#[test]
fn only_the_right_password_is_right() {
    let right = Password::new("korrekt häst batteri");
    let stored = hash(&right).unwrap();
    assert!(
        stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{stored}"
    );
    assert_ne!(stored, hash(&right).unwrap(), "each has its own salt");
    assert_eq!(verify(&right, &stored), Ok(true));
    for wrong in ["korrekt häst batterI", "korrekt häst batteri ", ""] {
        assert_eq!(verify(&Password::new(wrong), &stored), Ok(false), "{wrong}");
    }
    assert!(!needs_rehash(&stored));
    assert_eq!(format!("{right:?}"), "‹password›");
}

#[test]
fn the_same_letters_typed_elsewhere_are_the_same_password() {
    let stored = hash(&Password::new("korrekt h\u{e4}st ﬁn")).unwrap();
    let decomposed = Password::new("korrekt ha\u{308}st fin");
    assert_eq!(verify(&decomposed, &stored), Ok(true));
}

/// Made by the reference program: `argon2-cffi` 25.1.0, PyPI.
#[test]
fn a_hash_of_another_program_is_read_and_asks_to_be_made_anew() {
    let stored = include_str!("argon2-cffi.txt").trim();
    assert_eq!(
        verify(&Password::new("korrekt häst batteri"), stored),
        Ok(true)
    );
    assert_eq!(verify(&Password::new("korrekt häst"), stored), Ok(false));
    assert!(needs_rehash(stored));
    assert!(needs_rehash(&stored.replace("argon2id", "argon2i")));
}

#[test]
fn what_is_stored_wrongly_is_an_error_and_no_match() {
    let password = Password::new("korrekt häst batteri");
    for stored in [
        "",
        "plain",
        "$argon2id$v=19$m=1,t=0,p=0$AAAA$AAAA",
        "$2b$12$x",
    ] {
        let answer = verify(&password, stored);
        assert!(
            matches!(answer, Err(PasswordError::Stored(_))),
            "{stored}: {answer:?}"
        );
        assert!(needs_rehash(stored));
    }
}

#[test]
fn too_long_is_refused_before_it_costs_anything() {
    let long = Password::new("ö".repeat(LONGEST + 1));
    assert_eq!(hash(&long), Err(PasswordError::Long));
    assert_eq!(check_new(&long, &ABOUT), Err(Refused::Long));
    let stored = hash(&Password::new("")).unwrap();
    assert_eq!(
        verify(&long, &stored),
        Ok(false),
        "not taken for the empty one"
    );
    let fits = Password::new("öäå".repeat(85) + "x");
    assert_eq!(check_new(&fits, &ABOUT), Ok(()));
}

#[test]
fn nobody_has_a_password() {
    assert!(!verify_nobody(&Password::new("")));
    assert!(!verify_nobody(&Password::new("korrekt häst batteri")));
}

#[test]
fn good_ones_are_taken_without_demands_on_their_letters() {
    for good in [
        "korrekt häst batteri",
        "tvättbjörnarna dansar",
        "the quick brown badger",
        "4837 2910 5562 0193",
        "🐎🔋📎🐎🐢🔋📎🐎🦊🐎🔋🐙",
        "Evas gröna paraply",
    ] {
        assert_eq!(judge(good), Ok(()), "{good}");
    }
}

#[test]
fn short_common_and_personal_ones_are_refused() {
    let cases = [
        ("elva tecken", Refused::Short),
        // Twelve code points as typed, six after NFKC.
        (
            "a\u{308}a\u{308}a\u{308}a\u{308}a\u{308}a\u{308}",
            Refused::Short,
        ),
        ("1qaz2wsx3edc", Refused::Common),
        ("Q1W2E3R4T5Y6", Refused::Common),
        ("Password2026!", Refused::Common),
        ("!!2026sunshine", Refused::Common),
        ("Sommaren2026!", Refused::Common),
        ("Lo\u{308}senord1234", Refused::Common),
        ("passwordPassword", Refused::Common),
        ("passwordpassword1!", Refused::Common),
        ("aaaaaaaaaaaaaa", Refused::Common),
        ("123456123456", Refused::Common),
        ("xx TOLVANSSON xx", Refused::Personal),
        ("heja Skåne heja", Refused::Personal),
        ("t.tolvansson är bäst", Refused::Personal),
    ];
    for (password, why) in cases {
        assert_eq!(judge(password), Err(why), "{password}");
    }
}
