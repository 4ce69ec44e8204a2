//! Services outside that a hub uses when they are configured: an SMTP server,
//! BankID, a SIEM.

use crate::fault::{Fault, While};
use bildbro_login::bankid::{self, BankId};
use bildbro_mail::{Address, Mailer};
use bildbro_syslog::{Identity, Receiver, Trust};
use serde::Deserialize;
use std::{fmt, fs, path::PathBuf};
use zeroize::Zeroizing;

/// `[mail]`: without it, links are shown to whoever invites, to pass on.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    pub host: String,
    #[serde(default)]
    pub port: Option<u16>,
    #[serde(default)]
    pub tls: MailTls,
    #[serde(default)]
    pub username: Option<String>,
    /// Better given as `BILDBRO_MAIL__PASSWORD`.
    #[serde(default)]
    pub password: Option<String>,
    /// `Bildbro <bildbro@region.example>`
    pub from: String,
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

impl fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailConfig")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// For a server on the same machine.
    None,
    #[default]
    Starttls,
    Tls,
}

impl MailConfig {
    /// # Errors
    /// Says what of `[mail]` cannot be used.
    pub fn mailer(&self) -> Result<Mailer, Fault> {
        let tls = match self.tls {
            MailTls::None => bildbro_mail::Tls::None,
            MailTls::Starttls => bildbro_mail::Tls::StartTls,
            MailTls::Tls => bildbro_mail::Tls::Tls,
        };
        let usual = match self.tls {
            MailTls::None => 25,
            MailTls::Starttls => 587,
            MailTls::Tls => 465,
        };
        Mailer::new(bildbro_mail::Config {
            host: self.host.clone(),
            port: self.port.unwrap_or(usual),
            tls,
            username: self.username.clone(),
            password: self.password.clone(),
            from: Address::parse(&self.from).doing("reading [mail] from")?,
            ca_file: self.ca_file.clone(),
        })
        .doing("setting up [mail]")
    }
}

/// `[bankid]`: log-in by BankID. `bildbro sim bankid` plays the service.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankIdConfig {
    /// `https://appapi2.bankid.com`, or `https://appapi2.test.bankid.com`.
    pub endpoint: String,
    /// The relying party's certificate and key, as the bank gave it.
    pub pkcs12: PathBuf,
    /// Better given as `BILDBRO_BANKID__PASSWORD`.
    pub password: String,
    /// PEM: BankID's own authority, trusted for this and nothing else.
    pub authority: PathBuf,
}

impl fmt::Debug for BankIdConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BankIdConfig")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl BankIdConfig {
    /// # Errors
    /// Says what of `[bankid]` cannot be used.
    pub fn client(&self) -> Result<BankId, Fault> {
        let read = |path: &PathBuf| fs::read(path).doing(format!("reading {}", path.display()));
        BankId::new(&bankid::Config {
            endpoint: self.endpoint.clone(),
            identity: bankid::Identity::Pkcs12 {
                file: read(&self.pkcs12)?,
                password: Zeroizing::new(self.password.clone()),
            },
            authority: read(&self.authority)?,
        })
        .doing("setting up [bankid]")
    }
}

/// `[siem]`: the log, entry by entry, to a syslog receiver over TLS.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiemConfig {
    pub host: String,
    #[serde(default = "syslog_tls")]
    pub port: u16,
    /// PEM: the authority of the receiver's certificate.
    pub ca_file: PathBuf,
    /// PEM: who we are, when the receiver asks.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    #[serde(default)]
    pub key: Option<PathBuf>,
}

/// RFC 5425 4.1.
const fn syslog_tls() -> u16 {
    6514
}

impl SiemConfig {
    /// # Errors
    /// Says what of `[siem]` cannot be used.
    pub fn receiver(&self) -> Result<Receiver, Fault> {
        let read = |path: &PathBuf| fs::read(path).doing(format!("reading {}", path.display()));
        let authority = read(&self.ca_file)?;
        let own = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
            (None, None) => None,
            _ => {
                return Err(Fault::new(
                    "[siem] needs both certificate and key, or neither",
                ));
            }
        };
        let identity = own
            .as_ref()
            .map(|(certificate, key)| Identity { certificate, key });
        let trust = Trust::new(&authority, identity).doing("reading the certificates of [siem]")?;
        Receiver::new(&self.host, self.port, trust).doing("reading [siem] host")
    }
}
