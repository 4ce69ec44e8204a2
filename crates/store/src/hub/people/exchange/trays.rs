//! Lists: what an organisation has shared, and what has come to it.

use super::{
    super::acting::acting,
    allowed_to, shown,
    view::{self, Eyes, For},
};
use crate::{
    database::Connection,
    fault::Fault,
    hub::people::stop::Stop,
    value::{id, micros, unsigned},
};
use bildbro_domain::{OrganisationId, ShareId, audit::Action, member::Acting, policy};
use bildbro_flow::ports::portal::{
    Caller, Page, Refusal,
    inbox::{Tray, TrayCounts},
    sharing::{ShareView, Which},
};
use jiff::Timestamp;

/// A share's page: `$2` and `$3` are the last item's time and id, `$4` now, `$5`
/// how many.
macro_rules! shares {
    ($which:literal) => {
        concat!(
            "SELECT sh.id, sh.created_at FROM share sh WHERE sh.sender = $1 \
             AND sh.origin <> 'test' AND (sh.created_at < $2 OR sh.created_at = $2 \
             AND sh.id < $3) AND CAST($4 AS BIGINT) IS NOT NULL ",
            $which,
            " ORDER BY sh.created_at DESC, sh.id DESC LIMIT $5"
        )
    };
}

const ALL: &str = shares!("");

const UNDER_WAY: &str = shares!(
    "AND sh.revoked_at IS NULL AND (sh.expires_at IS NULL OR sh.expires_at > $4) \
     AND EXISTS (SELECT 1 FROM delivery d WHERE d.share = sh.id \
     AND (d.state IN ('waiting', 'under_way', 'retrying') \
     OR d.complete IS NOT TRUE AND d.state <> 'withdrawn'))"
);

const TROUBLE: &str = shares!(
    "AND sh.revoked_at IS NULL AND (sh.expires_at IS NULL OR sh.expires_at > $4) \
     AND EXISTS (SELECT 1 FROM delivery d WHERE d.share = sh.id AND (d.state = 'stopped' \
     OR d.state <> 'withdrawn' AND EXISTS (SELECT 1 FROM errand e WHERE e.study = d.study \
     AND e.kind = 'fetch' AND e.state = 'failed' AND e.asked_at >= sh.created_at)))"
);

const DONE: &str = shares!(
    "AND (sh.revoked_at IS NOT NULL OR sh.expires_at <= $4 \
     OR NOT EXISTS (SELECT 1 FROM delivery d WHERE d.share = sh.id \
     AND (d.state IN ('waiting', 'under_way', 'retrying', 'stopped') \
     OR d.complete IS NOT TRUE AND d.state <> 'withdrawn')))"
);

const EMERGENCY: &str = shares!("AND sh.priority = 'emergency'");

/// What may be new or under way: the rest is done, and never counted one by one.
macro_rules! live {
    () => {
        "SELECT share FROM inbox WHERE recipient = $1 AND to_open AND opened_at IS NULL \
         UNION SELECT share FROM delivery WHERE recipient = $1 \
         AND state IN ('waiting', 'under_way', 'retrying', 'stopped') \
         UNION SELECT share FROM inbox WHERE recipient = $1 \
         AND recall_at IS NOT NULL AND recalled_at IS NULL"
    };
}

/// What can still be undone has not come yet, and what was undone never does.
macro_rules! come {
    () => {
        "(sh.sends_at IS NULL OR sh.sends_at <= $2 \
         AND (sh.revoked_at IS NULL OR sh.revoked_at >= sh.sends_at))"
    };
}

/// Which tray it lies in.
macro_rules! tray {
    () => {
        "CASE WHEN i.recall_at IS NOT NULL AND i.recalled_at IS NULL THEN 'new' \
         WHEN sh.revoked_at IS NOT NULL OR sh.expires_at <= $2 OR i.declined_at IS NOT NULL \
         THEN 'done' \
         WHEN EXISTS (SELECT 1 FROM delivery d WHERE d.share = i.share \
         AND d.recipient = i.recipient AND d.held AND d.state <> 'withdrawn') THEN 'new' \
         WHEN EXISTS (SELECT 1 FROM delivery d WHERE d.share = i.share \
         AND d.recipient = i.recipient \
         AND d.state IN ('waiting', 'under_way', 'retrying', 'stopped')) THEN 'under_way' \
         WHEN i.to_open AND i.opened_at IS NULL AND EXISTS (SELECT 1 FROM delivery d \
         WHERE d.share = i.share AND d.recipient = i.recipient AND d.state <> 'withdrawn') \
         THEN 'new' ELSE 'done' END"
    };
}

const COUNTS: &str = concat!(
    "SELECT tray, COUNT(*) FROM (SELECT ",
    tray!(),
    " AS tray FROM inbox i JOIN share sh ON sh.id = i.share WHERE i.recipient = $1 \
     AND ",
    come!(),
    " AND i.share IN (",
    live!(),
    ")) t GROUP BY tray"
);

/// As far as a person would count: it is looked at several times a second.
const COUNT_ALL: &str = concat!(
    "SELECT COUNT(*) FROM (SELECT 1 FROM inbox i JOIN share sh ON sh.id = i.share \
     WHERE i.recipient = $1 AND ",
    come!(),
    " LIMIT 1000) t"
);

/// `$3` and `$4` are the last item's time and id, `$5` the tray, `$6` how many.
const LIVE: &str = concat!(
    "SELECT share, came_at FROM (SELECT i.share, i.came_at, ",
    tray!(),
    " AS tray FROM inbox i JOIN share sh ON sh.id = i.share WHERE i.recipient = $1 \
     AND ",
    come!(),
    " AND i.share IN (",
    live!(),
    ")) t WHERE tray = $5 AND (came_at < $3 OR came_at = $3 AND share < $4) \
     ORDER BY came_at DESC, share DESC LIMIT $6"
);

/// Newest first; of what is done only as much is read as a page has.
const PAST: &str = concat!(
    "SELECT share, came_at FROM (SELECT i.share, i.came_at, ",
    tray!(),
    " AS tray FROM inbox i JOIN share sh ON sh.id = i.share WHERE i.recipient = $1 \
     AND (i.came_at < $3 OR i.came_at = $3 AND i.share < $4) AND ",
    come!(),
    ") t WHERE tray = $5 \
     ORDER BY came_at DESC, share DESC LIMIT $6"
);

const NEWEST: &str = concat!(
    "SELECT i.share, i.came_at FROM inbox i JOIN share sh ON sh.id = i.share \
     WHERE i.recipient = $1 AND ",
    come!(),
    " ORDER BY i.came_at DESC, i.share DESC LIMIT $3"
);

/// Where a page begins: a time and an id, or the newest.
pub(super) fn cursor(before: Option<&str>) -> Result<(i64, String), Refusal> {
    let from = match before {
        None => Some((i64::MAX, String::new())),
        Some(cursor) => cursor.split_once('_').and_then(|(at, id)| {
            let id: ShareId = id.parse().ok()?;
            Some((at.parse().ok()?, id.to_string()))
        }),
    };
    from.ok_or(Refusal::Invalid {
        field: "before",
        why: "It is no cursor of this list.",
    })
}

/// The ids of a page, and where the next one begins.
fn page(rows: Vec<(String, i64)>, limit: u32) -> Result<(Vec<ShareId>, Option<String>), Fault> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_more = rows.len() > limit;
    let mut ids = Vec::new();
    let mut next = None;
    for (share, at) in rows.into_iter().take(limit) {
        ids.push(id(&share, "share.id")?);
        next = Some(format!("{at}_{share}"));
    }
    Ok((ids, next.filter(|_| is_more)))
}

pub async fn shares(
    connection: &mut Connection,
    caller: &Caller,
    which: Which,
    before: Option<&str>,
    limit: u32,
) -> Result<Page<ShareView>, Stop> {
    let who = allowed_to(connection, caller, Action::FollowShare).await?;
    let (at, last) = cursor(before)?;
    let rows: Vec<(String, i64)> = sqlx::query_as(match which {
        Which::All => ALL,
        Which::UnderWay => UNDER_WAY,
        Which::Trouble => TROUBLE,
        Which::Done => DONE,
        Which::Emergency => EMERGENCY,
    })
    .bind(who.member.organisation.to_string())
    .bind(at)
    .bind(last)
    .bind(micros(caller.at))
    .bind(i64::from(limit) + 1)
    .fetch_all(&mut *connection)
    .await?;
    let (ids, next) = page(rows, limit)?;
    let items = view::load(connection, &ids, Eyes::Sender, For::List, caller.at).await?;
    shown::record(connection, &who, Action::FollowShare, &items, caller.at).await?;
    Ok(Page { items, next })
}

/// Whoever may see this; each look asks again.
pub(super) async fn looking(
    connection: &mut Connection,
    caller: &Caller,
    action: Action,
) -> Result<Acting, Stop> {
    let who = acting(connection, caller).await?;
    let who = who.ok_or(Refusal::NoSession)?;
    policy::allow(&who, action, who.member.organisation, caller.at).map_err(|denial| {
        Refusal::Denied {
            denial,
            would: Vec::new(),
        }
    })?;
    Ok(who)
}

pub async fn shares_going(
    connection: &mut Connection,
    caller: &Caller,
    limit: u32,
) -> Result<Vec<ShareView>, Stop> {
    let who = looking(connection, caller, Action::FollowShare).await?;
    let rows: Vec<(String, i64)> = sqlx::query_as(ALL)
        .bind(who.member.organisation.to_string())
        .bind(i64::MAX)
        .bind("")
        .bind(micros(caller.at))
        .bind(i64::from(limit))
        .fetch_all(&mut *connection)
        .await?;
    let (ids, _) = page(rows, limit)?;
    Ok(view::load(connection, &ids, Eyes::Sender, For::Going, caller.at).await?)
}

pub async fn inbox(
    connection: &mut Connection,
    caller: &Caller,
    tray: Tray,
    before: Option<&str>,
    limit: u32,
) -> Result<(Page<ShareView>, TrayCounts), Stop> {
    let who = allowed_to(connection, caller, Action::OpenInbox).await?;
    let own = who.member.organisation;
    let (at, last) = cursor(before)?;
    let (select, word) = match tray {
        Tray::New => (LIVE, "new"),
        Tray::UnderWay => (LIVE, "under_way"),
        Tray::Done => (PAST, "done"),
    };
    let rows: Vec<(String, i64)> = sqlx::query_as(select)
        .bind(own.to_string())
        .bind(micros(caller.at))
        .bind(at)
        .bind(last)
        .bind(word)
        .bind(i64::from(limit) + 1)
        .fetch_all(&mut *connection)
        .await?;
    let (ids, next) = page(rows, limit)?;
    let eyes = Eyes::Recipient(own);
    let items = view::load(connection, &ids, eyes, For::List, caller.at).await?;
    let counts = counts(connection, own, caller.at).await?;
    shown::record(connection, &who, Action::OpenInbox, &items, caller.at).await?;
    Ok((Page { items, next }, counts))
}

pub async fn inbox_going(
    connection: &mut Connection,
    caller: &Caller,
    limit: u32,
) -> Result<(Vec<ShareView>, TrayCounts), Stop> {
    let who = looking(connection, caller, Action::OpenInbox).await?;
    let own = who.member.organisation;
    let rows: Vec<(String, i64)> = sqlx::query_as(NEWEST)
        .bind(own.to_string())
        .bind(micros(caller.at))
        .bind(i64::from(limit))
        .fetch_all(&mut *connection)
        .await?;
    let (ids, _) = page(rows, limit)?;
    let eyes = Eyes::Recipient(own);
    let items = view::load(connection, &ids, eyes, For::Going, caller.at).await?;
    Ok((items, counts(connection, own, caller.at).await?))
}

async fn counts(
    connection: &mut Connection,
    own: OrganisationId,
    at: Timestamp,
) -> Result<TrayCounts, Fault> {
    let rows: Vec<(String, i64)> = sqlx::query_as(COUNTS)
        .bind(own.to_string())
        .bind(micros(at))
        .fetch_all(&mut *connection)
        .await?;
    let all: i64 = sqlx::query_scalar(COUNT_ALL)
        .bind(own.to_string())
        .bind(micros(at))
        .fetch_one(connection)
        .await?;
    let mut counts = TrayCounts::default();
    for (tray, count) in rows {
        match tray.as_str() {
            "new" => counts.new = unsigned(count),
            "under_way" => counts.under_way = unsigned(count),
            _ => {}
        }
    }
    counts.done = unsigned(all).saturating_sub(counts.new + counts.under_way);
    Ok(counts)
}
