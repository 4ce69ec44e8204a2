//! Time-based one-time codes (RFC 6238), as authenticator apps make them:
//! HMAC-SHA-1, six digits, a new one each 30 seconds.
//!
//! SHA-1 is sound inside HMAC, and the only digest that all such apps know.
//! A code is taken once: the caller keeps the step of the last one and passes it
//! in, in the same transaction as it writes the new one (RFC 6238, 5.2).
//!
//! What this module deliberately does not do: it does not count failed tries.
//! With three codes valid at a time one guess in 333 333 is right; the caller
//! slows guesses down.

use aws_lc_rs::{constant_time, hmac, rand};
use data_encoding::BASE32_NOPAD;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{EcLevel, QrCode, render::svg};
use std::fmt;
use zeroize::Zeroizing;

/// Octets: 160 bits, as RFC 4226, 4 (R6) recommends.
const SECRET: usize = 20;
/// Seconds.
const PERIOD: i64 = 30;
const DIGITS: usize = 6;
/// Steps to either side that are taken too: clocks differ, and typing takes time.
const DRIFT: i64 = 1;
/// Who the app says that the code is for.
const ISSUER: &str = "Bildbro";

/// RFC 3986's unreserved characters stay as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What hub and app share. Prints as `‹secret›`; store it sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TotpError {
    #[error("reading a secret: not 32 symbols of base 32")]
    Secret,
    /// Not six digits, or not a code of now.
    #[error("that is not the code of now")]
    Wrong,
    /// A right code, of a step that is not after the last one used.
    #[error("that code has been used")]
    Used,
    #[error("drawing the QR code: the account's name is too long")]
    Drawing,
}

impl Secret {
    /// 160 random bits.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = Zeroizing::new(vec![0; SECRET]);
        rand::fill(&mut bytes).expect("the system has random numbers");
        Self(bytes)
    }

    /// Reads base 32 as [`Secret::to_base32`] gives it.
    ///
    /// # Errors
    /// Anything else.
    pub fn from_base32(text: &str) -> Result<Self, TotpError> {
        let bytes = BASE32_NOPAD
            .decode(text.as_bytes())
            .map_err(|_| TotpError::Secret)?;
        let bytes = Zeroizing::new(bytes);
        if bytes.len() == SECRET {
            Ok(Self(bytes))
        } else {
            Err(TotpError::Secret)
        }
    }

    /// 32 symbols, for typing into an app that has no camera.
    #[must_use]
    pub fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.0))
    }

    /// `otpauth://totp/…`, as apps read it (the "Key Uri Format" of Google
    /// Authenticator). `account` is shown in the app: an e-mail address.
    #[must_use]
    pub fn uri(&self, account: &str) -> Zeroizing<String> {
        let account = utf8_percent_encode(account, ENCODED);
        let secret = self.to_base32();
        Zeroizing::new(format!(
            "otpauth://totp/{ISSUER}:{account}?secret={}&issuer={ISSUER}\
             &algorithm=SHA1&digits={DIGITS}&period={PERIOD}",
            *secret
        ))
    }

    /// [`Secret::uri`] as a QR code: an `<svg>` element, black on white, with
    /// its quiet zone, at least 240 pixels wide.
    ///
    /// # Errors
    /// An account name of more than about two thousand characters.
    pub fn qr_svg(&self, account: &str) -> Result<Zeroizing<String>, TotpError> {
        let uri = self.uri(account);
        let code = QrCode::with_error_correction_level(uri.as_bytes(), EcLevel::M)
            .map_err(|_| TotpError::Drawing)?;
        let drawn = code
            .render::<svg::Color<'_>>()
            .min_dimensions(240, 240)
            .build();
        // Inside a page the declaration of a file has no place.
        let element = drawn.find("<svg").map_or(drawn.as_str(), |at| &drawn[at..]);
        Ok(Zeroizing::new(element.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}

/// The number of a step of 30 seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step(pub i64);

impl Step {
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self(time.as_second().div_euclid(PERIOD))
    }
}

/// Checks a code as typed (spaces between digits are passed over) against the
/// step of `at` and its neighbours. The step that it belongs to is to be kept
/// as the next `last_used`. All steps are looked at, each in constant time.
///
/// # Errors
/// [`TotpError::Wrong`]; [`TotpError::Used`] for a code of a step that is not
/// after `last_used`.
pub fn verify(
    secret: &Secret,
    code: &str,
    at: Timestamp,
    last_used: Option<Step>,
) -> Result<Step, TotpError> {
    let typed = digits(code).ok_or(TotpError::Wrong)?;
    let now = Step::at(at).0;
    let mut found = None;
    for step in (now - DRIFT..=now + DRIFT).map(Step) {
        let right = make(secret, step);
        if constant_time::verify_slices_are_equal(&typed, &right).is_ok() {
            found = Some(step);
        }
    }
    match found {
        None => Err(TotpError::Wrong),
        Some(step) if last_used.is_some_and(|last| step <= last) => Err(TotpError::Used),
        Some(step) => Ok(step),
    }
}

fn digits(code: &str) -> Option<[u8; DIGITS]> {
    // Bounded before it is looked through.
    if code.len() > 64 {
        return None;
    }
    let digits: Vec<u8> = code.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let digits: [u8; DIGITS] = digits.try_into().ok()?;
    digits.iter().all(u8::is_ascii_digit).then_some(digits)
}

/// RFC 4226, 5.3: dynamic truncation of the HMAC over the step's number.
fn make(secret: &Secret, step: Step) -> [u8; DIGITS] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret.0);
    let tag = hmac::sign(&key, &step.0.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0x0f);
    let mut word = [0; 4];
    word.copy_from_slice(&tag[offset..offset + 4]);
    let mut number = u32::from_be_bytes(word) & 0x7fff_ffff;
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).expect("below ten");
        number /= 10;
    }
    digits
}

#[cfg(test)]
mod tests;
