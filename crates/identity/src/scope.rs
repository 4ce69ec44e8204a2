//! What a machine's token is good for: scopes, written as in SMART App Launch
//! 2.2 for systems, and two of our own.
//!
//! A scope is taken to the letter. `system/Task.r` is not read as a part of
//! `system/Task.rus`: what is not in the list is not known.

use std::{collections::BTreeSet, fmt, str::FromStr};

/// Longest list that is read, in bytes.
const LONGEST: usize = 1024;

/// How much of an unknown scope is shown.
const SHOWN: usize = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The link between a gateway and the hub.
    Link,
    /// Orders: make, read, search.
    ServiceRequest,
    /// What is done about orders: read, update, search.
    Task,
    /// Reports: make, read, search.
    DiagnosticReport,
    /// The log: read, search.
    AuditEvent,
    /// Figures without persons.
    Analytics,
}

impl Scope {
    pub const ALL: [Self; 6] = [
        Self::Link,
        Self::ServiceRequest,
        Self::Task,
        Self::DiagnosticReport,
        Self::AuditEvent,
        Self::Analytics,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::ServiceRequest => "system/ServiceRequest.crs",
            Self::Task => "system/Task.rus",
            Self::DiagnosticReport => "system/DiagnosticReport.crs",
            Self::AuditEvent => "system/AuditEvent.rs",
            Self::Analytics => "analytics.read",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why there are no scopes; `invalid_scope` of RFC 6749 5.2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    #[error("the scope “{0}” is not known here")]
    Unknown(String),
    #[error("there is no scope in the list")]
    Empty,
    #[error("the list of scopes is longer than 1024 bytes")]
    TooLong,
    #[error("none of the scopes asked for is one that this machine may have")]
    NoneAllowed,
}

/// A set of scopes. Reads and writes as a list with spaces between, in a fixed
/// order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    #[must_use]
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// What a token is given: what is asked for and allowed. A request without
    /// `scope` (`None`) means all that is allowed, which RFC 6749 3.3 lets the
    /// server choose.
    ///
    /// # Errors
    /// [`ScopeError::NoneAllowed`] when nothing is left.
    pub fn granted(requested: Option<&Self>, allowed: &Self) -> Result<Self, ScopeError> {
        let granted = match requested {
            None => allowed.clone(),
            Some(requested) => Self(&requested.0 & &allowed.0),
        };
        if granted.is_empty() {
            return Err(ScopeError::NoneAllowed);
        }
        Ok(granted)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for Scopes {
    type Err = ScopeError;

    /// Reads RFC 6749 3.3's list. All of it must be known.
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if text.len() > LONGEST {
            return Err(ScopeError::TooLong);
        }
        let mut scopes = BTreeSet::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let known = Scope::ALL.into_iter().find(|scope| scope.as_str() == word);
            scopes.insert(known.ok_or_else(|| ScopeError::Unknown(shown(word)))?);
        }
        if scopes.is_empty() {
            return Err(ScopeError::Empty);
        }
        Ok(Self(scopes))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

/// Only what RFC 6749 5.2 lets stand in `error_description`, and not much.
fn shown(word: &str) -> String {
    word.chars()
        .take(SHOWN)
        .map(|c| match c {
            '"' | '\\' => '?',
            '!'..='~' => c,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_and_writes_the_same() {
        let all: Scopes = Scope::ALL.into_iter().collect();
        assert_eq!(all.to_string().parse(), Ok(all.clone()));
        let some: Scopes = "  analytics.read link link ".parse().unwrap();
        assert_eq!(some.to_string(), "link analytics.read");
        assert!(some.contains(Scope::Link) && !some.contains(Scope::Task));
        assert_eq!("  ".parse::<Scopes>(), Err(ScopeError::Empty));
    }

    #[test]
    fn what_is_not_known_is_named_but_never_repeated_raw() {
        for (asked, named) in [
            ("link system/Task.r", "system/Task.r"),
            ("link\tanalytics.read", "link?analytics.read"),
            ("LINK", "LINK"),
            ("system/*.*", "system/*.*"),
            ("å\"\u{1b}[31m", "???[31m"),
        ] {
            let wanted = ScopeError::Unknown(named.to_owned());
            assert_eq!(asked.parse::<Scopes>(), Err(wanted), "{asked:?}");
        }
        let Err(ScopeError::Unknown(long)) = "x".repeat(LONGEST).parse::<Scopes>() else {
            panic!("a long word is known");
        };
        assert_eq!(long.len(), SHOWN);
        let longer = "link ".repeat(LONGEST);
        assert_eq!(longer.parse::<Scopes>(), Err(ScopeError::TooLong));
    }

    #[test]
    fn one_gets_what_is_both_asked_for_and_allowed() {
        let allowed: Scopes = [Scope::Task, Scope::ServiceRequest].into_iter().collect();
        let granted = |asked: &str| Scopes::granted(Some(&asked.parse().unwrap()), &allowed);
        let task: Scopes = [Scope::Task].into_iter().collect();
        assert_eq!(granted("link system/Task.rus"), Ok(task));
        assert_eq!(granted("link"), Err(ScopeError::NoneAllowed));
        assert_eq!(Scopes::granted(None, &allowed), Ok(allowed.clone()));
        let nothing = Scopes::default();
        assert_eq!(
            Scopes::granted(None, &nothing),
            Err(ScopeError::NoneAllowed)
        );
    }
}
