//! C-FIND's attribute matching (PS3.4 C.2.2.2).

use crate::{Tag, dictionary, dictionary::Vr};
use bildbro_domain::fold::fold;

/// Whether a value matches a key of a query: universal, single value, list
/// (of UIDs; of anything else too, C.2.2.2.8), wildcard and range matching, by
/// the element's VR. Of several values one is enough. Person names are compared
/// blind to case and diacritics, as C.2.2.2.1 allows. Offsets from UTC in date
/// times are not understood.
#[must_use]
pub fn matches(tag: Tag, key: &str, value: &str) -> bool {
    let vr = dictionary::vr(tag, false);
    // An empty key, and one that is nothing but `*` (C.2.2.2.3, C.2.2.2.4).
    if key.is_empty() || (takes_wildcards(vr) && key.bytes().all(|b| b == b'*')) {
        return true;
    }
    key.split('\\').any(|key| {
        value
            .split('\\')
            .any(|value| one(vr, key.trim(), value.trim()))
    })
}

fn one(vr: Vr, key: &str, value: &str) -> bool {
    match &vr {
        // A missing date lies in no range.
        b"DA" | b"TM" | b"DT" => !value.is_empty() && in_range(key, value),
        b"PN" => {
            let key = fold(key.trim_end_matches(['^', '=']));
            value
                .split('=')
                .any(|group| wildcard(&key, &fold(group.trim_end_matches('^'))))
        }
        _ if takes_wildcards(vr) => wildcard(key, value),
        _ => key == value,
    }
}

/// VRs for which `*` and `?` are wildcards (C.2.2.2.4).
fn takes_wildcards(vr: Vr) -> bool {
    dictionary::is_text(vr) && !matches!(&vr, b"AS" | b"DA" | b"DS" | b"DT" | b"IS" | b"TM" | b"UI")
}

/// `*` is any sequence of characters, none included, `?` any one character.
/// Takes key length times value length steps at most, whatever the key.
pub fn wildcard(key: &str, value: &str) -> bool {
    let key: Vec<char> = key.chars().collect();
    let value: Vec<char> = value.chars().collect();
    let (mut k, mut v) = (0, 0);
    // Where to take up again: after the last star, one character later.
    let mut again = None;
    while v < value.len() {
        if k < key.len() && key[k] == '*' {
            again = Some((k + 1, v));
            k += 1;
        } else if k < key.len() && (key[k] == '?' || key[k] == value[v]) {
            k += 1;
            v += 1;
        } else if let Some((after_star, from)) = again {
            again = Some((after_star, from + 1));
            k = after_star;
            v = from + 1;
        } else {
            return false;
        }
    }
    key[k..].iter().all(|&c| c == '*')
}

/// `from-to`, `from-`, `-to` (C.2.2.2.5), or one date or time, which is the
/// range that its precision leaves open.
fn in_range(key: &str, value: &str) -> bool {
    let (from, to) = key.split_once('-').unwrap_or((key, key));
    let value = bound(value, '0');
    (from.is_empty() || bound(from, '0') <= value) && (to.is_empty() || value <= bound(to, '9'))
}

/// Digits alone, filled up to the finest precision. `2024.01.31` and
/// `12:30:00` are old forms (PS3.5 6.2).
fn bound(text: &str, fill: char) -> String {
    let mut digits: String = text.chars().filter(char::is_ascii_digit).collect();
    while digits.len() < 20 {
        digits.push(fill);
    }
    digits
}
