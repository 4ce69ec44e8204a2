//! What nobody has opened for too long: told at the recipient, and to the sender.

use super::{call, count, hold_due, news, news::News, whom, whom::Staff, write};
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    value::{id, micros},
};
use bildbro_domain::{
    ShareId,
    audit::{Action, Actor, Entry, Outcome},
    share::Priority,
};
use bildbro_flow::{
    letter::{Letter, Notice, Why},
    notice::Pen,
};
use jiff::Timestamp;

/// An emergency waits for an hour at most. Where nobody is ever told, it is
/// looked at after as long as anyone can choose, and left.
const DUE: &str = "SELECT share, recipient FROM inbox WHERE watch_at IS NOT NULL \
     AND watch_at + 3600000000 <= $1 AND watch_at + 3600000000 * \
     (SELECT CASE WHEN o.escalate_hours = 0 THEN 720 \
     WHEN sh.priority = 'emergency' THEN 1 ELSE o.escalate_hours END \
     FROM organisation o JOIN share sh ON sh.id = inbox.share WHERE o.id = inbox.recipient) \
     <= $1 ORDER BY watch_at, share LIMIT 50";

/// Whoever marks the row is the one who tells.
const SEEN_TO: &str = "UPDATE inbox SET watch_at = NULL \
     WHERE share = $1 AND recipient = $2 AND watch_at IS NOT NULL";

const ESCALATED: &str = "UPDATE inbox SET escalated_at = $3, changed_at = $3 \
     WHERE share = $1 AND recipient = $2 AND escalated_at IS NULL";

pub async fn due(connection: &mut Connection, pen: &Pen, at: Timestamp) -> Result<u32, Fault> {
    let held = hold_due(connection, DUE, at).await?;
    let mut entries = Vec::new();
    for (share, recipient) in &held {
        let marked = sqlx::query(SEEN_TO)
            .bind(share)
            .bind(recipient)
            .execute(&mut *connection)
            .await?;
        if marked.rows_affected() == 0 {
            continue;
        }
        let still = news::waiting(connection, recipient, Some(&[share]), at).await?;
        let Some(news) = still.first().filter(|news| news.why != Why::Recalled) else {
            continue;
        };
        let staff = whom::staff(connection, recipient).await?;
        let Some(staff) = staff.filter(|staff| staff.escalate_hours > 0) else {
            continue;
        };
        entries.extend(one(connection, pen, (share, recipient), news, &staff, at).await?);
    }
    audit::append(connection, &entries).await?;
    Ok(count(held.len()))
}

async fn one(
    connection: &mut Connection,
    pen: &Pen,
    (share, recipient): (&str, &str),
    news: &News,
    staff: &Staff,
    at: Timestamp,
) -> Result<Option<Entry>, Fault> {
    let marked = sqlx::query(ESCALATED)
        .bind(share)
        .bind(recipient)
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    if marked.rows_affected() == 0 {
        return Ok(None);
    }
    let hours = hours(news, staff);
    let told = tell_recipient(connection, pen, news, staff, hours, at).await?;
    tell_sender(connection, pen, news, staff, (hours, told.is_some()), at).await?;
    let (action, by) = (Action::Escalate, Actor::Hub);
    let mut entry = audit::entry(at, action, Outcome::Success, by);
    entry.organisation = Some(id(recipient, "inbox.recipient")?);
    entry.counterpart = Some(news.sender);
    entry.share = Some(id::<ShareId>(share, "inbox.share")?);
    entry.purpose = Some(news.purpose);
    let told = told.unwrap_or("nobody: there is no address");
    entry.detail = Some(format!("not opened for {hours} h; told: {told}"));
    Ok(Some(entry))
}

fn hours(news: &News, staff: &Staff) -> u64 {
    let (priority, _) = news.order();
    if priority == Priority::Emergency {
        return 1;
    }
    crate::value::unsigned(staff.escalate_hours)
}

/// Answers who was told, for the log.
async fn tell_recipient(
    connection: &mut Connection,
    pen: &Pen,
    news: &News,
    staff: &Staff,
    hours: u64,
    at: Timestamp,
) -> Result<Option<&'static str>, Fault> {
    let managers = staff.colleagues.iter().filter(|who| who.manages);
    let (whom, to): (_, Vec<_>) = if staff.on_call.is_empty() {
        // Whatever they have chosen of what comes: this is what nobody sees to.
        let to = managers.map(|who| (who.email.clone(), who.language.clone()));
        ("the administrators", to.collect())
    } else {
        let to = (staff.on_call.clone(), call::LANGUAGE.to_owned());
        ("whoever is on call", vec![to])
    };
    let mut is_told = false;
    for (to, language) in to {
        let letter = Letter {
            to,
            language,
            notice: Notice::Unopened {
                organisation: staff.name.clone(),
                item: news.item(pen),
                hours,
            },
        };
        is_told |= write(connection, pen, &letter, at).await?;
    }
    Ok(is_told.then_some(whom))
}

async fn tell_sender(
    connection: &mut Connection,
    pen: &Pen,
    news: &News,
    staff: &Staff,
    (hours, told): (u64, bool),
    at: Timestamp,
) -> Result<(), Fault> {
    let Some(member) = news.made_by else {
        return Ok(());
    };
    let Some((to, language)) = whom::reached(connection, member).await? else {
        return Ok(());
    };
    let letter = Letter {
        to,
        language,
        notice: Notice::SentUnopened {
            recipient: staff.name.clone(),
            hours,
            told,
            url: pen.share(news.share),
        },
    };
    write(connection, pen, &letter, at).await?;
    Ok(())
}
