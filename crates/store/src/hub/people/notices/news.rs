//! What waits for an organisation's people: as the inbox has it under "new", but
//! for what somebody has opened.

use crate::{
    database::{Builder, Connection},
    fault::Fault,
    value::{id, micros, time, unsigned, word},
};
use bildbro_domain::{
    CareUnitId, MemberId, OrganisationId, ShareId,
    share::{Priority, Purpose},
};
use bildbro_flow::{
    letter::{Item, Why},
    notice::Pen,
};
use jiff::Timestamp;

const WAITING: &str = "SELECT i.share, sh.sender, s.name AS sender_name, sh.priority, \
     sh.purpose, sh.made_by, i.member, i.unit, \
     (SELECT COUNT(*) FROM delivery d WHERE d.share = i.share AND d.recipient = i.recipient \
     AND (i.recall_at IS NOT NULL OR d.state <> 'withdrawn')) AS studies, \
     CASE WHEN i.recall_at IS NOT NULL THEN 'recalled' \
     WHEN EXISTS (SELECT 1 FROM delivery d WHERE d.share = i.share \
     AND d.recipient = i.recipient AND d.held AND d.state <> 'withdrawn') THEN 'held' \
     ELSE 'came' END AS why, \
     CASE WHEN i.recall_at IS NOT NULL THEN i.recall_at \
     WHEN sh.sends_at > i.came_at THEN sh.sends_at ELSE i.came_at END AS since \
     FROM inbox i JOIN share sh ON sh.id = i.share JOIN organisation s ON s.id = sh.sender \
     WHERE i.recipient = ";

/// After the time of now.
const OPEN: &str = " AND (i.recall_at IS NOT NULL AND i.recalled_at IS NULL \
     OR i.recall_at IS NULL AND i.opened_at IS NULL AND i.accepted_at IS NULL \
     AND i.declined_at IS NULL AND sh.revoked_at IS NULL \
     AND EXISTS (SELECT 1 FROM delivery d WHERE d.share = i.share \
     AND d.recipient = i.recipient AND d.state <> 'withdrawn' AND (i.to_open OR d.held)) \
     AND (sh.expires_at IS NULL OR sh.expires_at > ";

/// What may wait; the rest is never looked at one by one.
const MAY: &str = " AND i.share IN (SELECT share FROM inbox WHERE to_open \
     AND opened_at IS NULL AND recipient = ";
const MAY_HELD: &str = " UNION SELECT share FROM delivery WHERE state IN \
     ('waiting', 'under_way', 'retrying', 'stopped') AND recipient = ";
const MAY_RECALLED: &str = " UNION SELECT share FROM inbox WHERE recall_at IS NOT NULL \
     AND recalled_at IS NULL AND recipient = ";

#[derive(sqlx::FromRow)]
struct Row {
    share: String,
    sender: String,
    sender_name: String,
    priority: String,
    purpose: String,
    made_by: Option<String>,
    member: Option<String>,
    unit: Option<String>,
    studies: i64,
    why: String,
    since: i64,
}

/// Something that waits.
pub struct News {
    pub share: ShareId,
    pub sender: OrganisationId,
    pub made_by: Option<MemberId>,
    pub purpose: Purpose,
    /// Whose it is to handle.
    pub member: Option<MemberId>,
    pub unit: Option<CareUnitId>,
    pub why: Why,
    /// When it came, or was recalled.
    pub since: Timestamp,
    sender_name: String,
    priority: Priority,
    studies: u64,
}

impl News {
    /// The most urgent first, then the oldest.
    pub fn order(&self) -> (Priority, Timestamp) {
        (self.priority, self.since)
    }

    pub fn item(&self, pen: &Pen) -> Item {
        Item {
            sender: self.sender_name.clone(),
            studies: self.studies,
            priority: self.priority,
            why: self.why,
            url: pen.item(self.share),
        }
    }
}

/// Those of a recipient's shares that still wait; `None`: of all.
pub async fn waiting(
    connection: &mut Connection,
    recipient: &str,
    shares: Option<&[&str]>,
    at: Timestamp,
) -> Result<Vec<News>, Fault> {
    let mut query = Builder::new(connection, WAITING);
    query
        .push_bind(recipient)
        .push(OPEN)
        .push_bind(micros(at))
        .push("))");
    match shares {
        Some(shares) => {
            query
                .push(" AND i.share IN ")
                .push_list(shares.iter().copied());
        }
        None => {
            query
                .push(MAY)
                .push_bind(recipient)
                .push(MAY_HELD)
                .push_bind(recipient)
                .push(MAY_RECALLED)
                .push_bind(recipient)
                .push(")");
        }
    }
    query.push(" ORDER BY since, i.share LIMIT 500");
    let rows: Vec<Row> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(read).collect()
}

fn read(row: Row) -> Result<News, Fault> {
    let member = |text: Option<String>| {
        let text = text.as_deref();
        text.map(|text| id(text, "inbox.member")).transpose()
    };
    let unit = row.unit.as_deref();
    Ok(News {
        share: id(&row.share, "inbox.share")?,
        sender: id(&row.sender, "share.sender")?,
        made_by: member(row.made_by)?,
        purpose: word(Purpose::parse(&row.purpose), "share.purpose")?,
        member: member(row.member)?,
        unit: unit.map(|unit| id(unit, "inbox.unit")).transpose()?,
        why: match row.why.as_str() {
            "recalled" => Why::Recalled,
            "held" => Why::Held,
            _ => Why::Came,
        },
        since: time(row.since)?,
        sender_name: row.sender_name,
        priority: word(Priority::parse(&row.priority), "share.priority")?,
        studies: unsigned(row.studies),
    })
}
