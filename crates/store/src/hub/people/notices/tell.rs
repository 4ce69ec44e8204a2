//! What has come, to the members whose it is to see: one letter to each.

use super::{count, news, news::News, whom, whom::Staff, write};
use crate::{
    database::{Builder, Connection, Flag, Lock, locking},
    fault::Fault,
    value::{id, micros},
};
use bildbro_domain::{OrganisationId, member::Notices};
use bildbro_flow::{
    letter::{Items, Letter, Notice},
    notice::Pen,
};
use jiff::Timestamp;

/// Most that a letter lists.
const LISTED: usize = 20;

const ORGANISATIONS: &str = "SELECT DISTINCT i.recipient FROM inbox i \
     JOIN share sh ON sh.id = i.share WHERE i.tell_at IS NOT NULL \
     AND (i.tell_at <= $1 OR i.tell_at <= $2 AND sh.priority = 'emergency') LIMIT 50";

/// With each, whether it is reason enough to write now.
const DUE: &str = "SELECT share, tell_at <= $2 OR (SELECT sh.priority FROM share sh \
     WHERE sh.id = inbox.share) = 'emergency' AS is_due FROM inbox WHERE recipient = $1 \
     AND tell_at <= $3 ORDER BY tell_at, share LIMIT 200";

const TOLD: &str = "UPDATE inbox SET tell_at = NULL WHERE recipient = ";

pub async fn organisations(
    connection: &mut Connection,
    before: Timestamp,
    at: Timestamp,
) -> Result<Vec<OrganisationId>, Fault> {
    let found: Vec<String> = sqlx::query_scalar(ORGANISATIONS)
        .bind(micros(before))
        .bind(micros(at))
        .fetch_all(connection)
        .await?;
    let found = found.iter().map(|text| id(text, "inbox.recipient"));
    found.collect()
}

pub async fn members(
    connection: &mut Connection,
    pen: &Pen,
    organisation: OrganisationId,
    (before, at): (Timestamp, Timestamp),
) -> Result<u32, Fault> {
    let organisation = organisation.to_string();
    let select = locking(connection, DUE, Lock::AloneIfFree);
    let rows: Vec<(String, Flag)> = sqlx::query_as(select)
        .bind(&organisation)
        .bind(micros(before))
        .bind(micros(at))
        .fetch_all(&mut *connection)
        .await?;
    if !rows.iter().any(|(_, is_due)| is_due.0) {
        return Ok(0);
    }
    let shares: Vec<&str> = rows.iter().map(|(share, _)| share.as_str()).collect();
    let mut told = Builder::new(connection, TOLD);
    told.push_bind(&*organisation)
        .push(" AND share IN ")
        .push_list(shares.iter().copied());
    told.build().execute(&mut *connection).await?;
    let all = news::waiting(connection, &organisation, Some(&shares), at).await?;
    if let Some(staff) = whom::staff(connection, &organisation).await? {
        let wants = |who: &&whom::Colleague| who.notices == Notices::AtOnce;
        for who in staff.colleagues.iter().filter(wants) {
            let theirs = seen_by(&staff, who, &all);
            if theirs.is_empty() {
                continue;
            }
            let letter = Letter {
                to: who.email.clone(),
                language: who.language.clone(),
                notice: Notice::Arrived {
                    organisation: staff.name.clone(),
                    items: items(theirs, pen),
                },
            };
            write(connection, pen, &letter, at).await?;
        }
    }
    Ok(count(rows.len()))
}

/// What of it is this colleague's to see.
pub fn seen_by<'a>(staff: &Staff, who: &whom::Colleague, all: &'a [News]) -> Vec<&'a News> {
    let is_theirs = |news: &&News| staff.see(news).iter().any(|one| one.id == who.id);
    all.iter().filter(is_theirs).collect()
}

pub fn items(mut all: Vec<&News>, pen: &Pen) -> Items {
    all.sort_by_key(|news| news.order());
    Items {
        more: all.len().saturating_sub(LISTED) as u64,
        listed: all.iter().take(LISTED).map(|n| n.item(pen)).collect(),
        url: pen.inbox(),
        settings: pen.settings(),
    }
}
