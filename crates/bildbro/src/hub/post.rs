//! Letters go out by SMTP, entries to the SIEM: the loops that a hub runs when
//! the service is configured; and the one that writes letters of what has come.

use crate::fault::{Fault, While};
use async_trait::async_trait;
use bildbro_domain::ErrorClass;
use bildbro_flow::{
    clock::Clock,
    letter::{Item, Items, Letter, Notice, Why},
    notice::{self, Pen},
    ports::portal::Portal,
    post::{Post, send_due},
    vault::Vault,
};
use bildbro_mail::{Address, Mailer, templates};
use bildbro_syslog::{Origin, Pace, Receiver, Sender, Source, SourceError};
use bildbro_wire::audit::Event;
use jiff::{SignedDuration, tz::TimeZone};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often to look for letters.
const LOOK: Duration = Duration::from_secs(5);

/// How often to look for what people are to be told of.
const LOOK_FOR_NEWS: Duration = Duration::from_secs(10);

struct Smtp {
    mailer: Mailer,
    zone: TimeZone,
}

#[async_trait]
impl Post for Smtp {
    async fn send(&self, letter: &Letter) -> Result<(), ErrorClass> {
        let mail = write(letter, &self.zone).map_err(|()| ErrorClass::Permanent)?;
        self.mailer.send(&mail).await.map_err(|error| {
            // The server's words may quote the address.
            error.class()
        })
    }
}

/// `Err`: an address or a name that no letter can carry.
fn write(letter: &Letter, zone: &TimeZone) -> Result<bildbro_mail::Mail, ()> {
    let to = Address::parse(&letter.to).map_err(|_| ())?;
    let language = match letter.language.as_str() {
        "en" => templates::Language::English,
        _ => templates::Language::Swedish,
    };
    let listed: Vec<templates::Share<'_>>;
    let notice = match &letter.notice {
        Notice::Invitation {
            organisation,
            invited_by,
            url,
            expires,
        } => templates::Notice::Invitation {
            organisation,
            invited_by,
            link: url,
            until: *expires,
        },
        Notice::PasswordReset { url, expires } => templates::Notice::PasswordReset {
            link: url,
            until: *expires,
        },
        Notice::SecondFactorChanged { at, .. } => {
            templates::Notice::SecondFactorChanged { at: *at }
        }
        Notice::Arrived {
            organisation,
            items,
        } => {
            listed = items.listed.iter().map(share).collect();
            let list = list(items, &listed);
            templates::Notice::Arrived { organisation, list }
        }
        Notice::Digest {
            organisation,
            items,
        } => {
            listed = items.listed.iter().map(share).collect();
            let list = list(items, &listed);
            templates::Notice::Digest { organisation, list }
        }
        Notice::Emergency {
            organisation,
            sender,
            studies,
            url,
        } => templates::Notice::Emergency {
            organisation,
            sender,
            studies: *studies,
            link: url,
        },
        Notice::Unopened {
            organisation,
            item,
            hours,
        } => templates::Notice::Unopened {
            organisation,
            share: share(item),
            hours: *hours,
        },
        Notice::SentUnopened {
            recipient,
            hours,
            told,
            url,
        } => templates::Notice::SentUnopened {
            recipient,
            hours: *hours,
            told: *told,
            link: url,
        },
    };
    templates::write(&notice, language, to, zone).map_err(|_| ())
}

fn share(item: &Item) -> templates::Share<'_> {
    templates::Share {
        sender: &item.sender,
        studies: item.studies,
        priority: item.priority,
        why: match item.why {
            Why::Came => "came",
            Why::Held => "held",
            Why::Recalled => "recalled",
        },
        link: &item.url,
    }
}

fn list<'a>(items: &'a Items, shares: &'a [templates::Share<'a>]) -> templates::List<'a> {
    templates::List {
        shares,
        more: items.more,
        link: &items.url,
        settings: &items.settings,
    }
}

/// Tells people of what has come until `stop`. It runs without a mail server
/// too: what nobody opens is shown to its sender all the same.
pub async fn news(store: Arc<dyn Portal>, pen: Pen, clock: Clock, stop: CancellationToken) {
    loop {
        if let Err(error) = notice::round(&*store, &pen, clock.now()).await {
            tracing::error!(%error, "notices.failed");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_FOR_NEWS) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Sends what is due until `stop`.
pub async fn letters(
    store: Arc<dyn Portal>,
    vault: Arc<Vault>,
    mailer: Mailer,
    clock: Clock,
    stop: CancellationToken,
) {
    let zone = notice::zone();
    let post = Smtp { mailer, zone };
    loop {
        let at = clock.now();
        if let Err(error) = send_due(&*store, &vault, &post, at, rand::random()).await {
            tracing::error!(%error, "letters.failed");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// The one cursor that the SIEM has.
const SIEM: &str = "siem";

/// The hub's log as the sender reads it.
pub struct Entries {
    store: Arc<dyn Portal>,
    /// This process, for the lease.
    holder: String,
    /// The hub, as the entries name their system.
    source: String,
    clock: Clock,
}

fn source_error(error: bildbro_flow::ports::StoreError) -> SourceError {
    SourceError(Box::new(error))
}

#[async_trait]
impl Source for Entries {
    async fn take(&self, lease: Duration) -> Result<Option<u64>, SourceError> {
        let (at, lease) = (self.clock.now(), signed(lease));
        let taken = self.store.cursor_take(SIEM, &self.holder, at, lease).await;
        taken.map_err(source_error)
    }

    async fn next(&self, after: u64, most: usize) -> Result<Vec<Event>, SourceError> {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let events = self.store.events_after(after, most, &self.source).await;
        events.map_err(source_error)
    }

    async fn advance(&self, to: u64, lease: Duration) -> Result<bool, SourceError> {
        let (at, lease) = (self.clock.now(), signed(lease));
        let moved = self.store.cursor_advance(SIEM, &self.holder, to, at, lease);
        moved.await.map_err(source_error)
    }

    async fn release(&self) -> Result<(), SourceError> {
        let released = self.store.cursor_release(SIEM, &self.holder).await;
        released.map_err(source_error)
    }
}

fn signed(lease: Duration) -> SignedDuration {
    SignedDuration::try_from(lease).unwrap_or(SignedDuration::MAX)
}

/// Passes the log on to the SIEM until `stop`; one hub of several at a time.
///
/// # Errors
/// When this machine has no name to tell.
pub fn siem(
    store: Arc<dyn Portal>,
    receiver: Receiver,
    hub: Uuid,
    clock: Clock,
) -> Result<Sender<Entries>, Fault> {
    let host = gethostname().doing("reading this machine's name for [siem]")?;
    let origin = Origin {
        host,
        process: std::process::id().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let source = Entries {
        store,
        holder: Uuid::new_v4().to_string(),
        source: hub.to_string(),
        clock,
    };
    Ok(Sender::new(source, receiver, origin, Pace::default()))
}

fn gethostname() -> std::io::Result<String> {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned())
}

#[cfg(test)]
mod tests;
