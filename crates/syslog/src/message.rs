//! A syslog message (RFC 5424) and its frame (RFC 5425 section 4.3).
//!
//! A frame begins with its length, so no text inside can end it. Header fields
//! are cut to the printable ASCII that the RFC allows; the message's text
//! loses nothing but control characters, which many receivers show as line breaks
//! or act upon.

use bildbro_domain::audit::Outcome;
use bildbro_wire::audit::{Event, dicom};
use jiff::Timestamp;
use std::fmt::Write as _;

/// Security and authorization messages: what PS3.15 A.6 and IHE ATNA use.
const FACILITY: u8 = 10;

/// What receivers tell DICOM audit messages by (PS3.15 A.6).
const MESSAGE_ID: &str = "DICOM+RFC3881";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error = 3,
    Warning = 4,
    /// Normal but significant: what an audit message is (PS3.15 A.6).
    Notice = 5,
}

impl From<Outcome> for Severity {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success => Self::Notice,
            Outcome::Denied => Self::Warning,
            Outcome::Failure => Self::Error,
        }
    }
}

/// Who sends: the header's HOSTNAME and PROCID, and the program's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub host: String,
    pub process: String,
    pub version: String,
}

/// An element of structured data: an id of RFC 5424 section 7, or
/// `name@number`, and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element<'a> {
    pub id: &'a str,
    pub parameters: Vec<(&'a str, String)>,
}

/// A message before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    pub severity: Severity,
    pub at: Timestamp,
    pub host: &'a str,
    pub process: &'a str,
    pub structured: Vec<Element<'a>>,
    pub text: String,
}

impl<'a> Message<'a> {
    /// An entry as a DICOM audit message.
    #[must_use]
    pub fn audit(event: &Event, origin: &'a Origin) -> Self {
        Self {
            severity: event.outcome.into(),
            at: event.at,
            host: &origin.host,
            process: &origin.process,
            structured: vec![
                Element {
                    id: "meta",
                    parameters: vec![("sequenceId", sequence_id(event.sequence).to_string())],
                },
                Element {
                    id: "origin",
                    parameters: vec![
                        ("software", "bildbro".to_owned()),
                        ("swVersion", origin.version.clone()),
                    ],
                },
            ],
            text: dicom::message(event),
        }
    }

    /// The message with its length before it, as bytes go on the connection.
    #[must_use]
    pub fn frame(&self) -> Vec<u8> {
        let message = self.write();
        let mut frame = format!("{} ", message.len()).into_bytes();
        frame.extend_from_slice(message.as_bytes());
        frame
    }

    fn write(&self) -> String {
        let priority = FACILITY * 8 + self.severity as u8;
        let host = field(self.host, 255);
        let process = field(self.process, 128);
        // Microseconds are the most that the RFC allows.
        let at = self.at;
        let mut out = format!("<{priority}>1 {at:.6} {host} bildbro {process} {MESSAGE_ID} ");
        if self.structured.is_empty() {
            out.push('-');
        }
        for element in &self.structured {
            let _infallible = write!(out, "[{}", name(element.id));
            for (key, value) in &element.parameters {
                let _infallible = write!(out, " {}=\"", name(key));
                push_value(&mut out, value);
                out.push('"');
            }
            out.push(']');
        }
        // The mark that says UTF-8 (section 6.4).
        out.push_str(" \u{feff}");
        out.extend(self.text.chars().map(harmless));
        out
    }
}

/// RFC 5424 section 7.3.1: 1 to 2147483647, then 1 again.
const fn sequence_id(sequence: u64) -> u64 {
    (sequence.saturating_sub(1)) % 2_147_483_647 + 1
}

/// A header field: printable ASCII without spaces, or `-` for none.
fn field(text: &str, most: usize) -> String {
    let kept = text.chars().filter(char::is_ascii_graphic).take(most);
    let kept: String = kept.collect();
    if kept.is_empty() {
        "-".to_owned()
    } else {
        kept
    }
}

/// SD-NAME: a header field without `=`, `]` and `"`, of 32 characters at most.
fn name(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !"=]\"".contains(*c)).collect();
    field(&kept, 32)
}

/// PARAM-VALUE (section 6.3.3).
fn push_value(out: &mut String, value: &str) {
    for c in value.chars().map(harmless) {
        if matches!(c, '"' | '\\' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
}

const fn harmless(c: char) -> char {
    match c {
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Message<'_> {
        Message {
            severity: Severity::Notice,
            at: "2026-11-24T08:15:30.123456789Z".parse().unwrap(),
            host: "hub.example",
            process: "7",
            structured: Vec::new(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_frame_counts_bytes_not_characters() {
        let frame = String::from_utf8(message("åäö").frame()).unwrap();
        assert_eq!(
            frame,
            "81 <85>1 2026-11-24T08:15:30.123456Z hub.example bildbro 7 DICOM+RFC3881 - \u{feff}åäö"
        );
        assert_eq!(frame.len(), 3 + 81);
    }

    #[test]
    fn no_field_can_begin_another() {
        let mut message = message("a\r\n<13>1 - - - - - - false\u{2028}b");
        message.host = "hub example\n<0>1";
        message.process = "";
        message.structured = vec![Element {
            id: "x] [y@1=",
            parameters: vec![("na\"me", "q\"]\\\n".to_owned())],
        }];
        let out = message.write();
        assert!(!out.contains(char::is_control));
        assert!(out.contains(" hubexample<0>1 bildbro - DICOM"), "{out}");
        assert!(out.contains(r#" [x[y@1 name="q\"\]\\ "] "#), "{out}");
    }

    #[test]
    fn sequences_start_again_where_the_standard_ends() {
        assert_eq!(sequence_id(1), 1);
        assert_eq!(sequence_id(2_147_483_647), 2_147_483_647);
        assert_eq!(sequence_id(2_147_483_648), 1);
    }
}
