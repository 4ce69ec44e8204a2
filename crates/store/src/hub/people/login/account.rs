//! Accounts: who someone may be, links that were sent, passwords.

use super::session;
use crate::{
    audit,
    database::{Connection, Lock, hold, locking},
    fault::Fault,
    hub::people::{acting::whole_member, letters, links},
    value::{id, micros, time, word},
};
use bildbro_domain::{
    Digest, MemberId, OrganisationId, Personal, SessionId,
    audit::{Action, Entry, Outcome},
    member::{InvitationKind, Level},
};
use bildbro_flow::ports::portal::{
    Answer, Refusal,
    login::{Accepting, Account, Ceremony, Failed, Invitation, Named, NewSession, ProviderRow},
};
use jiff::Timestamp;
use uuid::Uuid;

const BY_EMAIL: &str = "SELECT m.id, m.organisation, o.name AS organisation_name, m.name, m.email, \
     m.language, m.password FROM member m JOIN organisation o ON o.id = m.organisation \
     WHERE m.active AND o.active AND m.email_key = $1";
const BY_ID: &str = "SELECT m.id, m.organisation, o.name AS organisation_name, m.name, m.email, \
     m.language, m.password FROM member m JOIN organisation o ON o.id = m.organisation \
     WHERE m.active AND o.active AND m.id = $1";
const BY_NUMBER: &str = "SELECT m.id, m.organisation, o.name AS organisation_name, m.name, m.email, \
     m.language, m.password FROM member m JOIN organisation o ON o.id = m.organisation \
     WHERE m.active AND o.active AND m.personal_number = $1 ORDER BY o.name, m.id LIMIT 50";
const BY_HSA_ID: &str = "SELECT m.id, m.organisation, o.name AS organisation_name, m.name, m.email, \
     m.language, m.password FROM member m JOIN organisation o ON o.id = m.organisation \
     WHERE m.active AND o.active AND m.hsa_id = $1 AND m.organisation = $2";

const ORGANISATION_OF: &str = "SELECT organisation FROM member WHERE id = $1";

const PROVIDER: &str = "SELECT p.organisation, p.name, p.config FROM identity_provider p \
     JOIN organisation o ON o.id = p.organisation WHERE o.active AND p.organisation = $1";

/// `$1` is an at sign and a domain. It is of the organisation that had it first:
/// another that invites someone with such an address takes nothing over.
const PROVIDER_FOR: &str = "SELECT p.organisation, p.name, p.config FROM (\
     SELECT m.organisation FROM member m JOIN organisation o ON o.id = m.organisation \
     WHERE o.active AND m.active \
     AND substr(m.email_key, length(m.email_key) - length($1) + 1) = $1 \
     ORDER BY m.created_at, m.id LIMIT 1) f \
     JOIN identity_provider p ON p.organisation = f.organisation";

const INVITATION: &str = "SELECT member, kind, expires_at, used_at FROM invitation \
     WHERE token_hash = $1";
/// The others too: none of them is to be lying about once there is a password.
const USE_INVITATIONS: &str =
    "UPDATE invitation SET used_at = $2 WHERE member = $1 AND used_at IS NULL";

const HOLD_MEMBER: &str = "SELECT 1 FROM member WHERE id = $1";
const SET_UP: &str = "UPDATE member SET password = $2, language = $3, name = COALESCE($4, name) \
     WHERE id = $1";
const END_ALL: &str = "DELETE FROM session WHERE member = $1";
const REHASH: &str = "UPDATE member SET password = $3 WHERE id = $1 AND password = $2";

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: String,
    organisation: String,
    organisation_name: String,
    name: String,
    email: String,
    language: String,
    password: Option<String>,
}

impl AccountRow {
    fn read(self) -> Result<Account, Fault> {
        Ok(Account {
            member: id(&self.id, "member.id")?,
            organisation: id(&self.organisation, "member.organisation")?,
            organisation_name: self.organisation_name,
            name: Personal::new(self.name),
            email: Personal::new(self.email),
            language: self.language,
            password: self.password.map(Personal::new),
        })
    }
}

/// As `member.email_key`.
pub fn email_key(email: &Personal) -> String {
    email.reveal().trim().to_lowercase().replace('\0', "")
}

pub async fn accounts(connection: &mut Connection, named: Named) -> Result<Vec<Account>, Fault> {
    match named {
        Named::Email(email) => find(connection, BY_EMAIL, &[email_key(&email)]).await,
        Named::PersonalNumber(number) => {
            find(connection, BY_NUMBER, &[number.reveal().to_owned()]).await
        }
        Named::AtProvider {
            organisation,
            hsa_id,
            email,
        } => {
            if let Some(hsa_id) = hsa_id {
                let keys = [hsa_id.to_string(), organisation.to_string()];
                let found = find(connection, BY_HSA_ID, &keys).await?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
            let Some(email) = email else {
                return Ok(Vec::new());
            };
            let mut found = find(connection, BY_EMAIL, &[email_key(&email)]).await?;
            // A provider speaks for its own organisation only.
            found.retain(|account| account.organisation == organisation);
            Ok(found)
        }
    }
}

async fn find(
    connection: &mut Connection,
    select: &'static str,
    keys: &[String],
) -> Result<Vec<Account>, Fault> {
    let mut query = sqlx::query_as(select);
    for key in keys {
        query = query.bind(key.clone());
    }
    let rows: Vec<AccountRow> = query.fetch_all(connection).await?;
    rows.into_iter().map(AccountRow::read).collect()
}

pub async fn organisation_of(
    connection: &mut Connection,
    member: MemberId,
) -> Result<Option<OrganisationId>, Fault> {
    let row: Option<(String,)> = sqlx::query_as(ORGANISATION_OF)
        .bind(member.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(|(organisation,)| id(&organisation, "member.organisation"))
        .transpose()
}

fn provider_row(
    (organisation, name, config): (String, String, String),
) -> Result<ProviderRow, Fault> {
    Ok(ProviderRow {
        organisation: id(&organisation, "identity_provider.organisation")?,
        name,
        config,
    })
}

pub async fn provider(
    connection: &mut Connection,
    organisation: OrganisationId,
) -> Result<Option<ProviderRow>, Fault> {
    let row = sqlx::query_as(PROVIDER)
        .bind(organisation.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(provider_row).transpose()
}

pub async fn provider_for(
    connection: &mut Connection,
    email: &Personal,
) -> Result<Option<ProviderRow>, Fault> {
    let key = email_key(email);
    let Some((_, domain)) = key
        .rsplit_once('@')
        .filter(|(_, domain)| !domain.is_empty())
    else {
        return Ok(None);
    };
    let mut rows: Vec<(String, String, String)> = sqlx::query_as(PROVIDER_FOR)
        .bind(format!("@{domain}"))
        .fetch_all(connection)
        .await?;
    match rows.pop() {
        Some(row) if rows.is_empty() => provider_row(row).map(Some),
        _ => Ok(None),
    }
}

/// What a link is for, held until the transaction ends.
pub async fn invitation(
    connection: &mut Connection,
    link: Digest,
    at: Timestamp,
) -> Result<Answer<Invitation>, Fault> {
    let select = locking(connection, INVITATION, Lock::Alone);
    let row: Option<(String, String, i64, Option<i64>)> = sqlx::query_as(select)
        .bind(link.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some((member, kind, expires_at, used_at)) = row else {
        return Ok(Err(Refusal::NotFound));
    };
    if used_at.is_some() {
        return Ok(Err(Refusal::Over("used")));
    }
    let expires_at = time(expires_at)?;
    if expires_at <= at {
        return Ok(Err(Refusal::Over("expired")));
    }
    let account = find(connection, BY_ID, &[member]).await?.pop();
    let Some(account) = account else {
        return Ok(Err(Refusal::NotFound));
    };
    Ok(Ok(Invitation {
        kind: word(InvitationKind::parse(&kind), "invitation.kind")?,
        account,
        expires_at,
    }))
}

pub async fn accept_invitation(
    connection: &mut Connection,
    accepting: Accepting,
    mut session: NewSession,
) -> Result<Answer<(SessionId, Level)>, Fault> {
    let at = session.at;
    let invitation = match invitation(connection, accepting.link, at).await? {
        Ok(invitation) => invitation,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let member = invitation.account.member;
    // The log goes by the name; whoever only chooses a password anew keeps theirs.
    let is_new = invitation.kind == InvitationKind::Invitation;
    let name = accepting.name.filter(|_| is_new);
    hold(connection, HOLD_MEMBER, member.to_string()).await?;
    sqlx::query(USE_INVITATIONS)
        .bind(member.to_string())
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    sqlx::query(SET_UP)
        .bind(member.to_string())
        .bind(accepting.password.reveal())
        .bind(&accepting.language)
        .bind(name)
        .execute(&mut *connection)
        .await?;
    sqlx::query(END_ALL)
        .bind(member.to_string())
        .execute(&mut *connection)
        .await?;
    if let Some(letter) = accepting.letter {
        letters::queue(connection, &letter, at).await?;
    }
    session.member = member;
    session.level = Level::First;
    let from = session.from.clone();
    let begun = session::log_in(connection, session, None, None).await?;
    if let Some(mut who) = whole_member(connection, member).await? {
        who.from = from;
        let action = match invitation.kind {
            InvitationKind::Invitation => Action::AcceptInvitation,
            InvitationKind::Reset => Action::ChangePassword,
        };
        let mut entry = Entry::by(Uuid::now_v7(), at, action, Outcome::Success, &who);
        entry.about = Some(member);
        entry.detail = Some("by a link that was sent".to_owned());
        audit::append(connection, &[entry]).await?;
    }
    Ok(begun)
}

pub async fn ask_reset(
    connection: &mut Connection,
    account: Option<MemberId>,
    link: &Ceremony,
    letter: &str,
    from: String,
    at: Timestamp,
) -> Result<(), Fault> {
    match account {
        Some(member) => {
            let kept = (link.id, link.expires_at);
            links::make(connection, member, InvitationKind::Reset, kept, at).await?;
            letters::queue(connection, letter, at).await?;
        }
        // Rows that nobody will ask for.
        None => {
            let decoy = |id| Ceremony {
                id,
                expires_at: at,
                ..link.clone()
            };
            super::ceremony::keep(connection, &decoy(link.id), at).await?;
            let other = Digest::of(link.id.to_string().as_bytes());
            super::ceremony::keep(connection, &decoy(other), at).await?;
        }
    }
    let failed = Failed {
        action: Action::ChangePassword,
        outcome: if account.is_some() {
            Outcome::Success
        } else {
            Outcome::Failure
        },
        about: account,
        why: if account.is_some() {
            "a link was asked for"
        } else {
            "a link was asked for, but there is no such account"
        },
        from,
        at,
    };
    super::throttle::failed(connection, failed).await
}

pub async fn rehash(
    connection: &mut Connection,
    member: MemberId,
    before: &Personal,
    after: &Personal,
) -> Result<bool, Fault> {
    let done = sqlx::query(REHASH)
        .bind(member.to_string())
        .bind(before.reveal())
        .bind(after.reveal())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
