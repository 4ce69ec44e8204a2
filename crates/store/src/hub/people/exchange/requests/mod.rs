//! Requests for images: asked, looked at, handled, answered. Another
//! organisation's does not exist.

mod answer;
mod ask;
mod tell;

pub use answer::{answered, answering, open_again};

use super::{act, allowed_to, quietly, settle};
use crate::{
    HubDb,
    database::{Connection, hold},
    hub::people::{acting::refuse, stop::Stop},
};
use async_trait::async_trait;
use bildbro_domain::{
    ImageRequestId, Personal,
    audit::{Action, Entry, Outcome},
    member::Acting,
    policy::Denial,
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Page, Refusal,
    requests::{NewRequest, RequestCounts, RequestGoing, RequestView, Requests, Side, Stage},
    sharing::RecipientView,
};
use jiff::Timestamp;
use uuid::Uuid;

const HOLD: &str = "SELECT id FROM image_request WHERE id = $1";

/// A request on this side of which the caller's organisation is, held until the
/// transaction ends: of two who decide, one does. That someone else has it is
/// on record.
async fn held(
    connection: &mut Connection,
    caller: &Caller,
    action: Action,
    request: ImageRequestId,
    side: Side,
) -> Result<(Acting, RequestView), Stop> {
    let who = allowed_to(connection, caller, action).await?;
    hold(connection, HOLD, request.to_string()).await?;
    let view = own(connection, &who, action, request, caller.at).await?;
    if view.side != side {
        return Err(absent(connection, &who, action, caller.at).await?);
    }
    Ok((who, view))
}

/// A request of the caller's organisation, whichever side it is on.
async fn own(
    connection: &mut Connection,
    who: &Acting,
    action: Action,
    request: ImageRequestId,
    at: Timestamp,
) -> Result<RequestView, Stop> {
    match tell::one(connection, request, who.member.organisation, at).await? {
        tell::Found::Own(view) => Ok(*view),
        tell::Found::Others => Err(absent(connection, who, action, at).await?),
        tell::Found::Nothing => Err(Refusal::NotFound.into()),
    }
}

async fn absent(
    connection: &mut Connection,
    who: &Acting,
    action: Action,
    at: Timestamp,
) -> Result<Stop, Stop> {
    let entry = Entry::by(Uuid::now_v7(), at, action, Outcome::Denied, who);
    let _told_nothing = refuse(connection, entry, Denial::OtherOrganisation).await?;
    Ok(Refusal::NotFound.into())
}

/// What was done about a request, with whom, and of whom it is.
fn entry(
    who: &Acting,
    action: Action,
    outcome: Outcome,
    view: &RequestView,
    at: Timestamp,
    what: &str,
) -> Entry {
    let mut entry = Entry::by(Uuid::now_v7(), at, action, outcome, who);
    entry.counterpart = Some(match view.side {
        Side::Asked => view.holder.id,
        Side::Received => view.asker.id,
    });
    entry.patient_id = Some(view.key.clone());
    entry.purpose = Some(view.wish.purpose);
    entry.share = view.share;
    entry.detail = Some(format!("request {}: {what}", view.id));
    entry
}

#[async_trait]
impl Requests for HubDb {
    async fn holders(&self, caller: &Caller) -> Answer<Vec<RecipientView>> {
        quietly!(self, "list whom to ask", |tx| ask::holders(&mut tx, caller))
    }

    async fn ask_images(&self, caller: &Caller, new: &NewRequest) -> Answer<bool> {
        act!(self, "ask for images", |tx| ask::ask(&mut tx, caller, new))
    }

    async fn requests(
        &self,
        caller: &Caller,
        side: Side,
        stage: Stage,
        before: Option<&str>,
        limit: u32,
    ) -> Answer<(Page<RequestView>, RequestCounts)> {
        quietly!(self, "list requests", |tx| tell::list(
            &mut tx, caller, side, stage, before, limit
        ))
    }

    async fn request(&self, caller: &Caller, request: ImageRequestId) -> Answer<RequestView> {
        quietly!(self, "look at a request", |tx| tell::look(
            &mut tx, caller, request
        ))
    }

    async fn requests_going(
        &self,
        caller: &Caller,
        limit: u32,
    ) -> Answer<(Vec<RequestGoing>, RequestCounts)> {
        let mut tx = self.db.read("see how requests go").await?;
        let done = settle(tell::going(&mut tx, caller, limit).await);
        tx.end(done).await?
    }

    async fn handle_request(&self, caller: &Caller, request: ImageRequestId) -> Answer<()> {
        act!(self, "handle a request", |tx| answer::handle(
            &mut tx, caller, request
        ))
    }

    async fn decline_request(
        &self,
        caller: &Caller,
        request: ImageRequestId,
        reason: &Personal,
    ) -> Answer<()> {
        act!(self, "decline a request", |tx| answer::decline(
            &mut tx, caller, request, reason
        ))
    }

    async fn withdraw_request(&self, caller: &Caller, request: ImageRequestId) -> Answer<()> {
        act!(self, "withdraw a request", |tx| ask::withdraw(
            &mut tx, caller, request
        ))
    }

    async fn remind_request(&self, caller: &Caller, request: ImageRequestId) -> Answer<()> {
        act!(self, "remind of a request", |tx| ask::remind(
            &mut tx, caller, request
        ))
    }
}
