//! Between organisations and their people: finding, sharing, following, taking
//! back; the inbox.

mod draft;
mod inbox;
mod make;
mod mend;
mod recipients;
mod requests;
mod search;
mod shown;
mod story;
mod trays;
mod view;

use super::{
    acting::{acting, allow, refuse},
    stop::{Stop, settle},
};
use crate::{HubDb, database::Connection, fault::Fault};
use async_trait::async_trait;
use bildbro_domain::{
    ErrandId, OrganisationId, Personal, ShareId, StudyUid,
    audit::{Action, Entry, Outcome},
    matching::Described,
    member::Acting,
    policy::Denial,
};
use bildbro_flow::ports::StoreError;
use bildbro_flow::ports::portal::{
    Answer, Caller, Page, Refusal,
    inbox::{Colleagues, Compared, Decision, Handler, Inboxes, Tray, TrayCounts},
    search::{Askable, NewSearch, Part, Searches},
    sharing::{RecipientView, ShareEvent, ShareView, Sharing, TakenBackWhy, WantedShare, Which},
};
use jiff::Timestamp;
use uuid::Uuid;

/// Who calls, having been allowed this in their own organisation.
async fn allowed_to(
    connection: &mut Connection,
    caller: &Caller,
    action: Action,
) -> Result<Acting, Stop> {
    let who = acting(connection, caller).await?;
    let who = who.ok_or(Refusal::NoSession)?;
    let own = who.member.organisation;
    allow(connection, &who, action, own, caller.at).await??;
    Ok(who)
}

const EXISTS: &str = "SELECT sender FROM share WHERE id = $1";

/// What is not there for the caller; that someone else has it is on record.
async fn not_found(
    connection: &mut Connection,
    who: &Acting,
    action: Action,
    share: ShareId,
    at: Timestamp,
) -> Result<Stop, Fault> {
    let there: Option<String> = sqlx::query_scalar(EXISTS)
        .bind(share.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    if there.is_some() {
        let mut entry = Entry::by(Uuid::now_v7(), at, action, Outcome::Denied, who);
        entry.share = Some(share);
        let _told_nothing = refuse(connection, entry, Denial::OtherOrganisation).await?;
    }
    Ok(Refusal::NotFound.into())
}

/// One method, one transaction. What it changes wakes those that wait.
macro_rules! act {
    ($db:expr, $what:literal, |$tx:ident| $done:expr) => {{
        let mut $tx = $db.db.write($what).await?;
        let done = settle($done.await);
        $tx.end_telling(done, Result::is_ok).await?
    }};
}

/// The same, when nobody waits for it.
macro_rules! quietly {
    ($db:expr, $what:literal, |$tx:ident| $done:expr) => {{
        let mut $tx = $db.db.write($what).await?;
        let done = settle($done.await);
        $tx.end(done).await?
    }};
}

use {act, quietly};

#[async_trait]
impl Searches for HubDb {
    async fn askable(&self, caller: &Caller) -> Answer<(OrganisationId, Vec<Askable>)> {
        quietly!(self, "read whom to ask", |tx| search::askable(
            &mut tx, caller
        ))
    }

    async fn begin_search(&self, caller: &Caller, new: &NewSearch) -> Answer<Vec<ErrandId>> {
        act!(self, "begin a search", |tx| search::begin(
            &mut tx, caller, new
        ))
    }

    async fn look_search(&self, caller: &Caller, parts: &[(ErrandId, u64)]) -> Answer<Vec<Part>> {
        let mut tx = self.db.read("read what was found").await?;
        let done = settle(search::look(&mut tx, caller, parts).await);
        tx.end(done).await?
    }

    async fn show_found(
        &self,
        caller: &Caller,
        found: &[(Personal, StudyUid)],
    ) -> Answer<Vec<u64>> {
        quietly!(self, "show what was found", |tx| search::show(
            &mut tx, caller, found
        ))
    }

    async fn end_search(&self, parts: &[ErrandId]) -> Result<(), StoreError> {
        let mut tx = self.db.write("end a search").await?;
        let done = search::end(&mut tx, parts).await;
        tx.end(done).await
    }
}

#[async_trait]
impl Sharing for HubDb {
    async fn recipients(&self, caller: &Caller) -> Answer<Vec<RecipientView>> {
        quietly!(self, "list recipients", |tx| recipients::list(
            &mut tx, caller
        ))
    }

    async fn set_favourite(
        &self,
        caller: &Caller,
        organisation: OrganisationId,
        favourite: bool,
    ) -> Answer<()> {
        quietly!(self, "keep a favourite", |tx| recipients::set_favourite(
            &mut tx,
            caller,
            organisation,
            favourite
        ))
    }

    async fn draft(&self, caller: &Caller) -> Answer<Option<String>> {
        quietly!(self, "read a draft", |tx| draft::read(&mut tx, caller))
    }

    async fn keep_draft(&self, caller: &Caller, new: Option<&str>) -> Answer<()> {
        quietly!(self, "keep a draft", |tx| draft::keep(&mut tx, caller, new))
    }

    async fn share(&self, caller: &Caller, wanted: &WantedShare) -> Answer<bool> {
        act!(self, "share studies", |tx| make::share(
            &mut tx,
            &self.timing,
            caller,
            wanted
        ))
    }

    async fn shares(
        &self,
        caller: &Caller,
        which: Which,
        before: Option<&str>,
        limit: u32,
    ) -> Answer<Page<ShareView>> {
        quietly!(self, "list shares", |tx| trays::shares(
            &mut tx, caller, which, before, limit
        ))
    }

    async fn share_view(
        &self,
        caller: &Caller,
        share: ShareId,
    ) -> Answer<(ShareView, Vec<ShareEvent>)> {
        quietly!(self, "look at a share", |tx| story::share(
            &mut tx, caller, share
        ))
    }

    async fn shares_going(&self, caller: &Caller, limit: u32) -> Answer<Vec<ShareView>> {
        let mut tx = self.db.read("see how shares go").await?;
        let done = settle(trays::shares_going(&mut tx, caller, limit).await);
        tx.end(done).await?
    }

    async fn take_back(
        &self,
        caller: &Caller,
        share: ShareId,
        why: TakenBackWhy,
        reason: &Personal,
    ) -> Answer<u64> {
        act!(self, "take a share back", |tx| mend::take_back(
            &mut tx, caller, share, why, reason
        ))
    }

    async fn cancel_recipient(
        &self,
        caller: &Caller,
        share: ShareId,
        recipient: OrganisationId,
        reason: &Personal,
    ) -> Answer<bool> {
        act!(self, "end deliveries", |tx| mend::cancel(
            &mut tx, caller, share, recipient, reason
        ))
    }

    async fn retry_recipient(
        &self,
        caller: &Caller,
        share: ShareId,
        recipient: OrganisationId,
    ) -> Answer<()> {
        act!(self, "try deliveries again", |tx| mend::retry(
            &mut tx, caller, share, recipient
        ))
    }

    async fn fetch_again(&self, caller: &Caller, share: ShareId, study: &StudyUid) -> Answer<()> {
        act!(self, "fetch a study again", |tx| mend::fetch_again(
            &mut tx, caller, share, study
        ))
    }
}

#[async_trait]
impl Inboxes for HubDb {
    async fn inbox(
        &self,
        caller: &Caller,
        tray: Tray,
        before: Option<&str>,
        limit: u32,
    ) -> Answer<(Page<ShareView>, TrayCounts)> {
        quietly!(self, "list the inbox", |tx| trays::inbox(
            &mut tx, caller, tray, before, limit
        ))
    }

    async fn inbox_going(
        &self,
        caller: &Caller,
        limit: u32,
    ) -> Answer<(Vec<ShareView>, TrayCounts)> {
        let mut tx = self.db.read("see how the inbox goes").await?;
        let done = settle(trays::inbox_going(&mut tx, caller, limit).await);
        tx.end(done).await?
    }

    async fn open_item(&self, caller: &Caller, share: ShareId) -> Answer<()> {
        act!(self, "open what has come", |tx| inbox::open(
            &mut tx, caller, share
        ))
    }

    async fn inbox_item(
        &self,
        caller: &Caller,
        share: ShareId,
    ) -> Answer<(ShareView, Vec<ShareEvent>, Option<Compared>)> {
        quietly!(self, "look at what has come", |tx| story::item(
            &mut tx, caller, share
        ))
    }

    async fn patients_of(&self, caller: &Caller, share: ShareId) -> Answer<Vec<Described>> {
        quietly!(self, "read whom it is about", |tx| inbox::patients(
            &mut tx, caller, share
        ))
    }

    async fn keep_comparison(
        &self,
        caller: &Caller,
        share: ShareId,
        compared: &Compared,
    ) -> Answer<()> {
        quietly!(self, "keep a comparison", |tx| inbox::keep_comparison(
            &mut tx, caller, share, compared
        ))
    }

    async fn accept_item(
        &self,
        caller: &Caller,
        share: ShareId,
        decision: Decision,
        reason: &Personal,
    ) -> Answer<()> {
        act!(self, "let in what has come", |tx| inbox::accept(
            &mut tx, caller, share, decision, reason
        ))
    }

    async fn decline_item(&self, caller: &Caller, share: ShareId, reason: &Personal) -> Answer<()> {
        act!(self, "turn away what has come", |tx| inbox::decline(
            &mut tx, caller, share, reason
        ))
    }

    async fn assign_item(&self, caller: &Caller, share: ShareId, to: Handler) -> Answer<()> {
        act!(self, "give what has come to someone", |tx| inbox::assign(
            &mut tx, caller, share, to
        ))
    }

    async fn answer_recall(
        &self,
        caller: &Caller,
        share: ShareId,
        removed: bool,
        reason: &Personal,
    ) -> Answer<()> {
        act!(self, "answer a recall", |tx| inbox::answer_recall(
            &mut tx, caller, share, removed, reason
        ))
    }

    async fn colleagues(&self, caller: &Caller) -> Answer<Colleagues> {
        quietly!(self, "list colleagues", |tx| inbox::colleagues(
            &mut tx, caller
        ))
    }
}
