use super::*;
use std::{env, path::Path, process::Command};

/// RFC 6238, appendix B: the secret of all its vectors for SHA-1.
fn rfc() -> Secret {
    Secret(Zeroizing::new(b"12345678901234567890".to_vec()))
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn codes_are_those_of_the_rfc() {
    // The last six of the eight digits printed there.
    let vectors = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];
    for (at, code) in vectors {
        let at = second(at);
        assert_eq!(verify(&rfc(), code, at, None), Ok(Step::at(at)), "{code}");
    }
}

#[test]
fn one_step_to_either_side_is_taken_and_no_more() {
    let step = Step(37_037_036);
    let code = String::from_utf8(make(&rfc(), step).to_vec()).unwrap();
    let first = step.0 * 30;
    for at in [first - 30, first, first + 29, first + 59] {
        assert_eq!(verify(&rfc(), &code, second(at), None), Ok(step), "{at}");
    }
    for at in [first - 31, first + 60] {
        let answer = verify(&rfc(), &code, second(at), None);
        assert_eq!(answer, Err(TotpError::Wrong), "{at}");
    }
}

#[test]
fn no_code_is_taken_twice_nor_one_before_it() {
    let at = second(1_111_111_111);
    let used = verify(&rfc(), "050471", at, None).unwrap();
    let again = verify(&rfc(), "050471", at, Some(used));
    assert_eq!(again, Err(TotpError::Used));
    // The code of the step before, seen over a shoulder and not yet used.
    let earlier = verify(&rfc(), "081804", at, Some(used));
    assert_eq!(earlier, Err(TotpError::Used));
    let wrong = verify(&rfc(), "000000", at, Some(used));
    assert_eq!(wrong, Err(TotpError::Wrong));
    let next = make(&rfc(), Step(used.0 + 1));
    let next = String::from_utf8(next.to_vec()).unwrap();
    assert_eq!(verify(&rfc(), &next, at, Some(used)), Ok(Step(used.0 + 1)));
}

#[test]
fn codes_are_read_as_people_type_them() {
    let at = second(1_111_111_111);
    assert!(verify(&rfc(), " 050 471 ", at, None).is_ok());
    let long = "0".repeat(1_000_000);
    for typed in ["", "05047", "0504711", "05047a", "٠٥٠٤٧١", "-50471", &long] {
        let answer = verify(&rfc(), typed, at, None);
        assert_eq!(answer, Err(TotpError::Wrong));
    }
    for text in [
        "",
        "ABC",
        "gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
        "GEZDGNBVGY3TQOJQ",
    ] {
        assert_eq!(Secret::from_base32(text), Err(TotpError::Secret));
    }
}

#[test]
fn the_uri_is_what_apps_read() {
    assert_eq!(
        *rfc().uri("tolvan@example.org"),
        "otpauth://totp/Bildbro:tolvan%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
         &issuer=Bildbro&algorithm=SHA1&digits=6&period=30"
    );
    let svg = rfc().qr_svg("tolvan@example.org").unwrap();
    assert!(
        svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"),
        "{}",
        *svg
    );
    let long = "x".repeat(10_000);
    assert_eq!(rfc().qr_svg(&long), Err(TotpError::Drawing));
    assert_eq!(format!("{:?}", rfc()), "‹secret›");
}

/// `pyotp` (PyPI) reads our URI and makes codes; we take them.
#[test]
fn codes_of_a_program_that_is_not_ours_are_taken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python =
        env::var_os("BILDBRO_PYTHON").map_or_else(|| root.join(".venv/bin/python"), Into::into);
    let secret = Secret::generate();
    assert_eq!(
        Secret::from_base32(&secret.to_base32()).as_ref(),
        Ok(&secret)
    );
    let script = "import pyotp, sys\n\
        made = pyotp.parse_uri(sys.argv[1])\n\
        assert (made.issuer, made.name) == ('Bildbro', 'åsa+1@example.org'), (made.issuer, made.name)\n\
        print(' '.join(made.at(int(second)) for second in sys.argv[2:]))";
    let seconds = ["59", "1764000000", "1764000029", "1764000030", "4102444800"];
    let output = Command::new(&python)
        .args(["-c", script, secret.uri("åsa+1@example.org").as_str()])
        .args(seconds)
        .output()
        .expect("python runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", python.display());
    let codes = String::from_utf8(output.stdout).unwrap();
    let codes: Vec<&str> = codes.split_whitespace().collect();
    assert_eq!(codes.len(), seconds.len());
    for (code, at) in codes.iter().zip(seconds) {
        let at = second(at.parse().unwrap());
        assert_eq!(verify(&secret, code, at, None), Ok(Step::at(at)));
    }
}
