//! What a program tells the person at the terminal when it cannot go on: what
//! happened, and what to do about it.

use std::{error::Error, fmt};

#[derive(Debug)]
pub struct Fault(String);

impl Fault {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Adds what was being done to an error, and keeps the whole chain of causes.
pub trait While<T> {
    fn doing(self, what: impl fmt::Display) -> Result<T, Fault>;
}

impl<T, E: Error> While<T> for Result<T, E> {
    fn doing(self, what: impl fmt::Display) -> Result<T, Fault> {
        self.map_err(|error| {
            let mut text = format!("{what}: {error}");
            let mut shown = error.to_string();
            let mut cause = error.source();
            while let Some(source) = cause {
                let next = source.to_string();
                if !shown.contains(&next) {
                    text.push_str(": ");
                    text.push_str(&next);
                }
                shown = next;
                cause = source.source();
            }
            Fault(text)
        })
    }
}
