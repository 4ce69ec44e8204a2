//! Emergencies, to whoever is on call at the recipient: at once, each by itself.

use super::{count, hold_due, news, whom, write};
use crate::{database::Connection, fault::Fault};
use bildbro_flow::{
    letter::{Letter, Notice, Why},
    notice::Pen,
};
use jiff::Timestamp;

const DUE: &str = "SELECT share, recipient FROM inbox WHERE call_at <= $1 \
     ORDER BY call_at, share LIMIT 50";

const CALLED: &str = "UPDATE inbox SET call_at = NULL \
     WHERE share = $1 AND recipient = $2 AND call_at IS NOT NULL";

/// Nobody has said which language is spoken there.
pub const LANGUAGE: &str = "sv";

pub async fn out(connection: &mut Connection, pen: &Pen, at: Timestamp) -> Result<u32, Fault> {
    let held = hold_due(connection, DUE, at).await?;
    for (share, recipient) in &held {
        let marked = sqlx::query(CALLED)
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
        let Some(staff) = whom::staff(connection, recipient).await? else {
            continue;
        };
        if staff.on_call.is_empty() {
            continue;
        }
        let item = news.item(pen);
        let letter = Letter {
            to: staff.on_call,
            language: LANGUAGE.to_owned(),
            notice: Notice::Emergency {
                organisation: staff.name,
                sender: item.sender,
                studies: item.studies,
                url: item.url,
            },
        };
        write(connection, pen, &letter, at).await?;
    }
    Ok(count(held.len()))
}
