//! Members and what they have been given.
//!
//! Whatever changes members holds their organisation first
//! ([`acting_alone`](super::acting::acting_alone)), so that rules about all of
//! an organisation's members hold, above all that one administrator stays.

mod administrators;
mod assign;
mod change;
mod explain;
mod find;
mod first;
mod invite;
mod list;

pub use administrators::{Goes, keeps_one};
pub use assign::{grant, unit_name};
pub use change::close;
pub use find::find;
pub use first::add as add_first;

use super::stop::settle;
use crate::HubDb;
use async_trait::async_trait;
use bildbro_domain::{AssignmentId, Digest, MemberId, audit::Actor};
use bildbro_flow::ports::portal::{
    Answer, Caller, Page, Refusal,
    members::{
        Explained, FirstMember, Invited, Link, MemberQuery, MemberSession, MemberView, Members,
        NewAssignment, NewMember, Particulars, Reset, Seal,
    },
};
use jiff::Timestamp;

#[async_trait]
impl Members for HubDb {
    async fn add_first_member(
        &self,
        new: FirstMember,
        by: Actor,
        at: Timestamp,
    ) -> Answer<MemberId> {
        let mut tx = self.db.write("add an organisation's first member").await?;
        let added = first::add(&mut tx, new, by, at).await;
        tx.end(added).await?.ok_or(Refusal::Taken("email"))
    }

    async fn issue_link(
        &self,
        member: MemberId,
        token: Digest,
        expires: Timestamp,
        by: Actor,
        at: Timestamp,
    ) -> Answer<()> {
        let mut tx = self.db.write("make a member's link").await?;
        let made = first::link(&mut tx, member, (token, expires), by, at).await;
        tx.end(made).await?.then_some(()).ok_or(Refusal::NotFound)
    }

    async fn members(&self, caller: &Caller, query: &MemberQuery) -> Answer<Page<MemberView>> {
        let mut tx = self.db.write("list members").await?;
        let page = settle(list::page(&mut tx, caller, query).await);
        tx.end(page).await?
    }

    async fn member(&self, caller: &Caller, member: MemberId) -> Answer<MemberView> {
        let mut tx = self.db.write("read a member").await?;
        let found = settle(list::one(&mut tx, caller, member).await);
        tx.end(found).await?
    }

    async fn invite(
        &self,
        caller: &Caller,
        new: &NewMember,
        link: &Link,
        seal: Seal<'_>,
    ) -> Answer<Invited> {
        let mut tx = self.db.write("invite a member").await?;
        let invited = settle(invite::invite(&mut tx, caller, new, link, seal).await);
        tx.end(invited).await?
    }

    async fn invite_again(
        &self,
        caller: &Caller,
        member: MemberId,
        link: &Link,
        seal: Seal<'_>,
    ) -> Answer<()> {
        let mut tx = self.db.write("invite a member again").await?;
        let done = settle(invite::again(&mut tx, caller, member, link, seal).await);
        tx.end(done).await?
    }

    async fn change_member(
        &self,
        caller: &Caller,
        member: MemberId,
        to: &Particulars,
    ) -> Answer<()> {
        let mut tx = self.db.write("change a member").await?;
        let done = settle(change::change(&mut tx, caller, member, to).await);
        tx.end(done).await?
    }

    async fn close_member(&self, caller: &Caller, member: MemberId, confirm: &str) -> Answer<()> {
        let mut tx = self.db.write("close a member's account").await?;
        let done = settle(change::ask_close(&mut tx, caller, member, confirm).await);
        tx.end(done).await?
    }

    async fn open_member(&self, caller: &Caller, member: MemberId) -> Answer<()> {
        let mut tx = self.db.write("open a member's account").await?;
        let done = settle(change::open(&mut tx, caller, member).await);
        tx.end(done).await?
    }

    async fn reset_member(
        &self,
        caller: &Caller,
        member: MemberId,
        what: Reset,
        link: &Link,
        seal: Seal<'_>,
    ) -> Answer<()> {
        let mut tx = self.db.write("reset a member's log-in").await?;
        let done = settle(invite::reset(&mut tx, caller, member, what, link, seal).await);
        tx.end(done).await?
    }

    async fn grant_role(
        &self,
        caller: &Caller,
        member: MemberId,
        new: &NewAssignment,
    ) -> Answer<AssignmentId> {
        let mut tx = self.db.write("give a member a role").await?;
        let done = settle(assign::ask_grant(&mut tx, caller, member, new).await);
        tx.end(done).await?
    }

    async fn withdraw_role(
        &self,
        caller: &Caller,
        member: MemberId,
        assignment: AssignmentId,
    ) -> Answer<()> {
        let mut tx = self.db.write("take a role from a member").await?;
        let done = settle(assign::withdraw(&mut tx, caller, member, assignment).await);
        tx.end(done).await?
    }

    async fn member_sessions(
        &self,
        caller: &Caller,
        member: MemberId,
    ) -> Answer<Vec<MemberSession>> {
        let mut tx = self.db.write("list a member's sessions").await?;
        let all = settle(explain::sessions(&mut tx, caller, member).await);
        tx.end(all).await?
    }

    async fn end_member_sessions(&self, caller: &Caller, member: MemberId) -> Answer<()> {
        let mut tx = self.db.write("end a member's sessions").await?;
        let done = settle(change::end_sessions(&mut tx, caller, member).await);
        tx.end(done).await?
    }

    async fn explain_member(&self, caller: &Caller, member: MemberId) -> Answer<Explained> {
        let mut tx = self.db.write("explain what a member can do").await?;
        let explained = settle(explain::explain(&mut tx, caller, member).await);
        tx.end(explained).await?
    }
}
