//! One share, with its history as the log has it.

use super::{
    allowed_to, not_found, shown,
    view::{self, Eyes, For},
};
use crate::{
    database::Connection,
    fault::Fault,
    hub::people::stop::Stop,
    value::{from_json, micros, time},
};
use bildbro_domain::{
    OrganisationId, Personal, ShareId,
    audit::{Action, Actor, Entry, Outcome},
    share::DeliveryState,
};
use bildbro_flow::ports::portal::{
    Caller, Refusal,
    inbox::Compared,
    sharing::{ShareEvent, ShareView},
};
use std::collections::HashSet;

/// Most entries of a share that are read for its history.
const MOST: i64 = 5000;

const ENTRIES: &str = "SELECT text FROM audit WHERE share = $1 \
     AND action IN ('share', 'decide', 'deliver', 'accept', 'decline', 'revoke', 'retry', \
     'answer_recall', 'escalate') ORDER BY sequence LIMIT $2";

const SENDER: &str = "SELECT sender FROM share WHERE id = $1 AND origin <> 'test'";

/// What can still be undone has not come yet, and what was undone never does.
const ITEM: &str = "SELECT i.verdict, i.compared FROM inbox i JOIN share sh ON sh.id = i.share \
     WHERE i.share = $1 AND i.recipient = $2 AND (sh.sends_at IS NULL OR sh.sends_at <= $3 \
     AND (sh.revoked_at IS NULL OR sh.revoked_at >= sh.sends_at))";

const ON_ITS_WAY: &str = "SELECT CAST(COALESCE(SUM(i.length), 0) AS BIGINT), \
     MIN(di.receipt_at) FROM delivery d JOIN delivery_instance di ON di.delivery = d.id \
     JOIN instance i ON i.id = di.instance JOIN study st ON st.id = d.study \
     WHERE d.share = $1 AND d.recipient = $2 AND st.study_uid = $3 AND di.state = 'stored'";

pub async fn share(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
) -> Result<(ShareView, Vec<ShareEvent>), Stop> {
    let who = allowed_to(connection, caller, Action::FollowShare).await?;
    let sender: Option<String> = sqlx::query_scalar(SENDER)
        .bind(share.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let own = who.member.organisation;
    if sender != Some(own.to_string()) {
        return Err(not_found(connection, &who, Action::FollowShare, share, caller.at).await?);
    }
    let mut views = view::load(connection, &[share], Eyes::Sender, For::Page, caller.at).await?;
    let Some(mut view) = views.pop() else {
        return Err(Refusal::NotFound.into());
    };
    measure(connection, &mut view).await?;
    let events = events(connection, &view, Eyes::Sender).await?;
    let views = [view];
    shown::record(connection, &who, Action::FollowShare, &views, caller.at).await?;
    let [view] = views;
    Ok((view, events))
}

pub async fn item(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
) -> Result<(ShareView, Vec<ShareEvent>, Option<Compared>), Stop> {
    let who = allowed_to(connection, caller, Action::OpenInbox).await?;
    let own = who.member.organisation;
    let row: Option<(Option<String>, Option<String>)> = sqlx::query_as(ITEM)
        .bind(share.to_string())
        .bind(own.to_string())
        .bind(micros(caller.at))
        .fetch_optional(&mut *connection)
        .await?;
    let Some((verdict, sealed)) = row else {
        return Err(not_found(connection, &who, Action::OpenInbox, share, caller.at).await?);
    };
    let eyes = Eyes::Recipient(own);
    let mut views = view::load(connection, &[share], eyes, For::Page, caller.at).await?;
    let Some(view) = views.pop() else {
        return Err(Refusal::NotFound.into());
    };
    let events = events(connection, &view, eyes).await?;
    let views = [view];
    shown::record(connection, &who, Action::OpenInbox, &views, caller.at).await?;
    let [view] = views;
    let verdict = verdict.as_deref().and_then(|word| {
        let verdict = bildbro_domain::matching::Verdict::parse(word)?;
        Some(Compared {
            verdict,
            sealed: sealed.unwrap_or_default(),
        })
    });
    Ok((view, events, verdict))
}

/// How fast what is under way goes.
async fn measure(connection: &mut Connection, view: &mut ShareView) -> Result<(), Fault> {
    for delivery in &mut view.deliveries {
        if delivery.state != DeliveryState::UnderWay {
            continue;
        }
        let (bytes, first): (i64, Option<i64>) = sqlx::query_as(ON_ITS_WAY)
            .bind(view.id.to_string())
            .bind(delivery.recipient.to_string())
            .bind(delivery.study.as_str())
            .fetch_one(&mut *connection)
            .await?;
        delivery.stored_bytes = crate::value::unsigned(bytes);
        delivery.first_stored = first.map(time).transpose()?;
    }
    Ok(())
}

async fn events(
    connection: &mut Connection,
    view: &ShareView,
    eyes: Eyes,
) -> Result<Vec<ShareEvent>, Fault> {
    let texts: Vec<String> = sqlx::query_scalar(ENTRIES)
        .bind(view.id.to_string())
        .bind(MOST)
        .fetch_all(connection)
        .await?;
    let mut story = Story {
        sender: Some(view.sender.id),
        ..Story::default()
    };
    for text in texts {
        let entry: Entry = from_json(&text, "audit.text")?;
        story.take(&entry);
    }
    let mut events = story.events;
    events.extend(view.recipients.iter().filter_map(|recipient| {
        let last = story.last.iter().rev();
        let mut last = last.filter(|event| event.recipient == Some(recipient.id));
        let is_all = view
            .deliveries
            .iter()
            .filter(|d| d.recipient == recipient.id)
            .all(|d| d.state == DeliveryState::Delivered && d.complete);
        last.next().filter(|_| is_all).cloned()
    }));
    events.extend(view.recipients.iter().filter_map(|recipient| {
        Some(ShareEvent {
            at: recipient.opened?,
            what: "opened",
            recipient: Some(recipient.id),
            images: None,
            // Who works at a recipient is its own to know.
            by: recipient
                .opened_by
                .as_ref()
                .filter(|_| matches!(eyes, Eyes::Recipient(_)))
                .map(|by| by.name.clone()),
        })
    }));
    if let Eyes::Recipient(own) = eyes {
        events.retain(|event| event.recipient == Some(own));
    }
    events.sort_by_key(|event| event.at);
    Ok(events)
}

/// What a log of many entries comes to, told once each.
#[derive(Default)]
struct Story {
    sender: Option<OrganisationId>,
    told: HashSet<(&'static str, Option<OrganisationId>)>,
    /// The newest storing of each recipient.
    last: Vec<ShareEvent>,
    events: Vec<ShareEvent>,
}

impl Story {
    fn take(&mut self, entry: &Entry) {
        let well = entry.outcome == Outcome::Success;
        let (what, is_once) = match entry.action {
            Action::Share if well => ("shared", true),
            Action::Decide if well => ("allowed", true),
            Action::Deliver if well && entry.images.is_some() => ("first_stored", true),
            Action::Deliver if !well => ("failed", true),
            Action::Accept if well => ("let_in", true),
            Action::Decline if well => ("declined", true),
            Action::Revoke if well => ("taken_back", true),
            Action::Retry if well => ("retried", false),
            Action::AnswerRecall if well => ("recalled", true),
            Action::Escalate if well => ("escalated", true),
            _ => return,
        };
        // A recipient's acts are on its own behalf, the sender's about it.
        let recipient = if entry.organisation == self.sender {
            entry.counterpart
        } else {
            entry.organisation
        };
        let by = match &entry.actor {
            Actor::Member { name, .. } => Some(name.clone()),
            Actor::Operator { login } => Some(Personal::new(login.clone())),
            _ => None,
        };
        let event = ShareEvent {
            at: entry.at,
            what,
            recipient,
            images: if what == "failed" { entry.images } else { None },
            by,
        };
        if what == "first_stored" {
            self.last.push(ShareEvent {
                what: "all_stored",
                ..event.clone()
            });
            // Trouble that comes after something went well is new trouble.
            self.told.remove(&("failed", recipient));
        }
        if !is_once || self.told.insert((what, recipient)) {
            self.events.push(event);
        }
    }
}
