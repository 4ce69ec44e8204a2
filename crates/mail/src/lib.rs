//! E-mail by SMTP (RFC 5321), and the few messages that the hub sends.
//!
//! Ring 2. A message is text and a simple HTML of the same words. What goes
//! into headers has types of its own ([`Address`], [`Subject`]) that take no
//! line break, so nothing that people write can add a header.
//!
//! What this crate deliberately does not do: it keeps no queue and does not try
//! again; [`MailError::class`] tells the caller whether to. Sending twice does
//! no harm, so nothing is ambiguous here. It never falls back from TLS to plain.

mod message;
mod smtp;
pub mod templates;

pub use message::{Address, Mail, Subject, Unusable};
pub use smtp::{Config, MailError, Mailer, Tls};
