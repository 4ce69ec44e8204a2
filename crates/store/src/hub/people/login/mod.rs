//! Log-in: sessions, second factors, and what is counted and kept meanwhile.

mod account;
mod ceremony;
mod factor;
mod own;
mod session;
mod throttle;

use crate::HubDb;
use async_trait::async_trait;
use bildbro_domain::{
    CareUnitId, Digest, HsaId, MemberId, OrganisationId, Personal, SessionId, member::Level,
};
use bildbro_flow::ports::{
    StoreError,
    portal::{
        Answer, Caller,
        login::{
            Accepting, Account, Attempt, Ceremony, Failed, Goal, Invitation, Login, Named, Need,
            NewFactor, NewSession, OwnNotices, Proof, ProviderRow, Renewal, SessionLife,
            SessionRow, View,
        },
    },
};
use jiff::Timestamp;
use uuid::Uuid;

#[async_trait]
impl Login for HubDb {
    async fn may(&self, caller: &Caller, need: Need, life: SessionLife) -> Answer<()> {
        let mut tx = self.db.write("see who calls").await?;
        let done = session::may(&mut tx, caller, need, life).await;
        tx.end(done).await?
    }

    async fn begin_session(&self, new: NewSession) -> Result<SessionId, StoreError> {
        let mut tx = self.db.write("begin a session").await?;
        let done = session::begin(&mut tx, new).await;
        tx.end(done).await
    }

    async fn log_in(
        &self,
        new: NewSession,
        judged: Option<Personal>,
        commissions: Option<Vec<HsaId>>,
    ) -> Answer<(SessionId, Level)> {
        let mut tx = self.db.write("log in").await?;
        let done = session::log_in(&mut tx, new, judged, commissions).await;
        tx.end(done).await?
    }

    async fn session(&self, caller: &Caller) -> Answer<View> {
        let mut tx = self.db.read("see a session").await?;
        let done = session::view(&mut tx, caller).await;
        tx.end(done).await?
    }

    async fn rise(
        &self,
        caller: &Caller,
        goal: Goal,
        proof: Proof,
        renewal: Renewal,
        letter: Option<String>,
    ) -> Answer<()> {
        let mut tx = self.db.write("take a second factor").await?;
        let done = session::rise(&mut tx, caller, goal, &proof, &renewal, letter).await;
        tx.end(done).await?
    }

    async fn log_out(&self, caller: &Caller, why: Option<&'static str>) -> Answer<()> {
        let mut tx = self.db.write("log out").await?;
        let done = session::log_out(&mut tx, caller, why).await;
        tx.end(done).await?
    }

    async fn choose_unit(&self, caller: &Caller, unit: Option<CareUnitId>) -> Answer<()> {
        let mut tx = self.db.write("choose a care unit").await?;
        let done = session::choose_unit(&mut tx, caller, unit).await;
        tx.end(done).await?
    }

    async fn sessions(&self, caller: &Caller) -> Answer<Vec<SessionRow>> {
        let mut tx = self.db.read("list one's sessions").await?;
        let done = own::sessions(&mut tx, caller).await;
        tx.end(done).await?
    }

    async fn end_sessions(&self, caller: &Caller, which: Option<SessionId>) -> Answer<()> {
        let mut tx = self.db.write("end one's sessions").await?;
        let done = own::end_sessions(&mut tx, caller, which).await;
        tx.end(done).await?
    }

    async fn attempt(&self, attempt: Attempt) -> Result<Option<Timestamp>, StoreError> {
        let mut tx = self.db.write("count a try").await?;
        let done = throttle::attempt(&mut tx, attempt).await;
        tx.end(done).await
    }

    async fn forgive(&self, buckets: &[Digest]) -> Result<(), StoreError> {
        let mut tx = self.db.write("take a try back").await?;
        let done = throttle::forgive(&mut tx, buckets).await;
        tx.end(done).await
    }

    async fn failed(&self, failed: Failed) -> Result<(), StoreError> {
        let mut tx = self.db.write("record a failed try").await?;
        let done = throttle::failed(&mut tx, failed).await;
        tx.end(done).await
    }

    async fn accounts(&self, named: Named) -> Result<Vec<Account>, StoreError> {
        let mut tx = self.db.read("find an account").await?;
        let done = account::accounts(&mut tx, named).await;
        tx.end(done).await
    }

    async fn keep_ceremony(&self, ceremony: Ceremony, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db.write("keep a step of a log-in").await?;
        let done = ceremony::keep(&mut tx, &ceremony, at).await;
        tx.end(done).await
    }

    async fn see_ceremony(
        &self,
        id: Digest,
        kind: &'static str,
        at: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let mut tx = self.db.read("see a step of a log-in").await?;
        let done = ceremony::see(&mut tx, id, kind, at).await;
        tx.end(done).await
    }

    async fn take_ceremony(
        &self,
        id: Digest,
        kind: &'static str,
        at: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let mut tx = self.db.write("take a step of a log-in").await?;
        let done = ceremony::take(&mut tx, id, kind, at).await;
        tx.end(done).await
    }

    async fn invitation(&self, link: Digest, at: Timestamp) -> Answer<Invitation> {
        let mut tx = self.db.write("see what a link is for").await?;
        let done = account::invitation(&mut tx, link, at).await;
        tx.end(done).await?
    }

    async fn accept_invitation(
        &self,
        accepting: Accepting,
        session: NewSession,
    ) -> Answer<(SessionId, Level)> {
        let mut tx = self.db.write("take a link").await?;
        let done = account::accept_invitation(&mut tx, accepting, session).await;
        tx.end(done).await?
    }

    async fn ask_reset(
        &self,
        account: Option<MemberId>,
        link: Ceremony,
        letter: String,
        from: String,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write("ask for a new password").await?;
        let done = account::ask_reset(&mut tx, account, &link, &letter, from, at).await;
        tx.end(done).await
    }

    async fn begin_totp(&self, caller: &Caller, new: NewFactor) -> Answer<()> {
        let mut tx = self.db.write("begin with a TOTP").await?;
        let done = factor::begin_totp(&mut tx, caller, new).await;
        tx.end(done).await?
    }

    async fn prove_totp(
        &self,
        caller: &Caller,
        factor: Uuid,
        step: i64,
        renewal: Renewal,
        letter: Option<String>,
    ) -> Answer<bool> {
        let mut tx = self.db.write("prove a TOTP").await?;
        let done = factor::prove_totp(&mut tx, caller, factor, step, &renewal, letter).await;
        tx.end(done).await?
    }

    async fn add_passkey(
        &self,
        caller: &Caller,
        new: NewFactor,
        renewal: Renewal,
        letter: Option<String>,
    ) -> Answer<bool> {
        let mut tx = self.db.write("add a passkey").await?;
        let done = factor::add_passkey(&mut tx, caller, new, &renewal, letter).await;
        tx.end(done).await?
    }

    async fn remove_factor(
        &self,
        caller: &Caller,
        factor: Uuid,
        letter: Option<String>,
    ) -> Answer<()> {
        let mut tx = self.db.write("remove a second factor").await?;
        let done = factor::remove(&mut tx, caller, factor, letter).await;
        tx.end(done).await?
    }

    async fn put_recovery(
        &self,
        caller: &Caller,
        codes: Vec<String>,
        letter: Option<String>,
    ) -> Answer<()> {
        let mut tx = self.db.write("keep recovery codes").await?;
        let done = factor::put_recovery(&mut tx, caller, codes, letter).await;
        tx.end(done).await?
    }

    async fn change_password(
        &self,
        caller: &Caller,
        before: Personal,
        after: Personal,
        letter: Option<String>,
    ) -> Answer<()> {
        let mut tx = self.db.write("change a password").await?;
        let done = own::change_password(&mut tx, caller, &before, &after, letter).await;
        tx.end(done).await?
    }

    async fn rehash(
        &self,
        member: MemberId,
        before: Personal,
        after: Personal,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write("hash a password anew").await?;
        let done = account::rehash(&mut tx, member, &before, &after).await;
        tx.end(done).await
    }

    async fn change_own(&self, caller: &Caller, language: String) -> Answer<()> {
        let mut tx = self.db.write("change one's account").await?;
        let done = own::change(&mut tx, caller, &language).await;
        tx.end(done).await?
    }

    async fn own_notices(&self, caller: &Caller) -> Answer<OwnNotices> {
        let mut tx = self.db.read("read one's notices").await?;
        let done = own::notices(&mut tx, caller).await;
        tx.end(done).await?
    }

    async fn change_notices(&self, caller: &Caller, notices: OwnNotices) -> Answer<()> {
        let mut tx = self.db.write("change one's notices").await?;
        let done = own::change_notices(&mut tx, caller, notices).await;
        tx.end(done).await?
    }

    async fn provider(
        &self,
        organisation: OrganisationId,
    ) -> Result<Option<ProviderRow>, StoreError> {
        let mut tx = self.db.read("find an identity provider").await?;
        let done = account::provider(&mut tx, organisation).await;
        tx.end(done).await
    }

    async fn provider_for(&self, email: &Personal) -> Result<Option<ProviderRow>, StoreError> {
        let mut tx = self.db.read("find an identity provider").await?;
        let done = account::provider_for(&mut tx, email).await;
        tx.end(done).await
    }
}
