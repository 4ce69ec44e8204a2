//! Names as people write them, against names as PACS keep them.
//!
//! A `?` for a letter that may carry a diacritic would be the exact way, and
//! does not work: archives match bytes, or names from which they have dropped
//! such letters, so that `?BERG` finds no Öberg in them. `*` does.

use crate::identifier::wildcard;
use bildbro_domain::fold::fold;

/// Fewer letters than these in all of a pattern, and it would match half the
/// archive.
const FEWEST_LETTERS: usize = 2;

/// Letters of a word that suffice to leave also the less common ones open.
const ENOUGH_LETTERS: usize = 3;

/// A name to look for.
pub struct Name {
    /// Which is the family name was not said: any order will do.
    unordered: bool,
    family: Vec<String>,
    given: Vec<String>,
}

impl Name {
    /// `None` when there is nothing in it to look for.
    pub fn new(text: &str) -> Option<Self> {
        let text = super::clean(text).replace('=', " ");
        let words = |text: &str| -> Vec<String> {
            let words = text.split(|c: char| c.is_whitespace() || matches!(c, '^' | ','));
            let words = words
                .map(|word| word.trim_matches('-'))
                .filter(|w| !w.is_empty());
            words.map(str::to_owned).collect()
        };
        let (family, given, unordered) = match text.find(['^', ',']) {
            Some(at) => (words(&text[..at]), words(&text[at..]), false),
            None => (words(&text), Vec::new(), true),
        };
        (!family.is_empty() || !given.is_empty()).then_some(Self {
            unordered,
            family,
            given,
        })
    }

    /// Keys for Patient's Name (PS3.4 C.2.2.2.4), in capitals and not, since
    /// some archives tell those apart.
    pub fn patterns(&self) -> Vec<String> {
        let mut patterns = Vec::new();
        for (family, given) in self.orders() {
            for capitals in [true, false] {
                for pattern in in_case(family, given, capitals) {
                    if !patterns.contains(&pattern) {
                        patterns.push(pattern);
                    }
                }
            }
        }
        patterns
    }

    /// Which words may be the family name, and which given names.
    fn orders(&self) -> Vec<(&[String], &[String])> {
        let all = self.family.as_slice();
        if !self.unordered {
            return vec![(all, &self.given)];
        }
        let none = &all[..0];
        let last = all.len() - 1;
        let mut orders = match last {
            0 => vec![(all, none), (none, all)],
            // The last: a family name of two words, such as von Sydow.
            1 => vec![(&all[..1], &all[1..]), (&all[1..], &all[..1]), (all, none)],
            _ => vec![
                (&all[..1], &all[1..]),
                (&all[last..], &all[..last]),
                (&all[..2], &all[2..]),
                (&all[1..], &all[..1]),
                (all, none),
            ],
        };
        orders.dedup();
        orders
    }

    /// Whether a Patient's Name has all that is looked for: each word begins a
    /// word of it, whatever the case and the diacritics.
    pub fn fits(&self, name: &str) -> bool {
        // Alphabetic, ideographic and phonetic, each a whole name (PS3.5 6.2.1).
        name.split('=').any(|name| {
            let (family, given) = name.split_once('^').unwrap_or((name, ""));
            if self.unordered {
                all_in(&self.family, name)
            } else {
                all_in(&self.family, family) && all_in(&self.given, given)
            }
        })
    }
}

fn all_in(wanted: &[String], name: &str) -> bool {
    let words = folded_words(name);
    let begins = |begin: &String| {
        let key = format!("{begin}*");
        words.iter().any(|word| wildcard(&key, word))
    };
    wanted.iter().all(|w| folded_words(w).iter().all(begins))
}

fn folded_words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let words = folded.split(|c: char| !c.is_alphanumeric() && !matches!(c, '*' | '?'));
    words.filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// The key in one case; when too few letters are left of it, the name as it
/// was written, and without diacritics.
fn in_case(family: &[String], given: &[String], capitals: bool) -> Vec<String> {
    let cased = |words: &[String]| -> Vec<String> {
        words
            .iter()
            .map(|word| in_capitals(word, capitals))
            .collect()
    };
    let (family, given) = (cased(family), cased(given));
    let open = key(&family, &given, open);
    if letters(&open) >= FEWEST_LETTERS {
        return vec![open];
    }
    let plain = |word: &str| bildbro_domain::fold::ascii(word);
    vec![
        key(&family, &given, str::to_owned),
        key(&family, &given, plain),
    ]
}

fn key(family: &[String], given: &[String], write: impl Fn(&str) -> String) -> String {
    let written =
        |words: &[String]| -> String { words.iter().map(|word| write(word) + "*").collect() };
    let mut key = match (family, given) {
        (family, []) => written(family),
        ([], given) => format!("*^{}", written(given)),
        (family, given) => format!("{}^{}", written(family), written(given)),
    };
    while key.contains("**") {
        key = key.replace("**", "*");
    }
    key
}

/// All of it, or the first letter of each part: `Lind-Öberg`.
fn in_capitals(word: &str, capitals: bool) -> String {
    if capitals {
        return word.to_uppercase();
    }
    let mut out = String::with_capacity(word.len());
    let mut begins = true;
    for c in word.chars() {
        if begins {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        begins = matches!(c, '-' | '\'' | '.');
    }
    out
}

/// A word with `*` for what may be written in another way: vowels and, where
/// enough is left, other letters that have diacritics in names of Europe.
fn open(word: &str) -> String {
    let vowels = opened(word, "AEOU");
    let more = opened(word, "AEOUIYCNSZ");
    if letters(&more) >= ENOUGH_LETTERS {
        more
    } else {
        vowels
    }
}

fn opened(word: &str, which: &str) -> String {
    let written = |c: char| match c {
        '-' | '\'' | '.' => '*',
        c if !c.is_ascii() || which.contains(c.to_ascii_uppercase()) => '*',
        c => c,
    };
    word.chars().map(written).collect()
}

fn letters(pattern: &str) -> usize {
    pattern.chars().filter(|c| c.is_alphanumeric()).count()
}
