//! Lists of members.
//!
//! Names are compared here, not in the database: the two kinds of database do
//! not agree on case and diacritics. An organisation's members are some
//! thousands at most.

use super::super::{
    acting::{acting_alone, allow},
    stop::Stop,
};
use super::find::find;
use crate::{
    database::{Builder, Connection, Flag, LIST},
    fault::Fault,
    value::{id, maybe_time, micros},
};
use bildbro_domain::{
    AssignmentId, CareUnitId, MemberId, Personal, audit::Action, permission::BuiltIn,
};
use bildbro_flow::ports::portal::{
    Caller, Page, Refusal,
    members::{AssignmentView, MemberQuery, MemberView, NamedUnit},
};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Most members that are looked through.
const MOST: i64 = 20_000;

const ALL: &str = "SELECT id, name, email, hsa_id, personal_number, active IS TRUE AS active, \
     password IS NOT NULL AS has_password, last_login FROM member \
     WHERE organisation = $1 ORDER BY id LIMIT $2";

const ONE: &str = "SELECT id, name, email, hsa_id, personal_number, active IS TRUE AS active, \
     password IS NOT NULL AS has_password, last_login FROM member WHERE id = $1";

const FACTORS: &str = "SELECT member, kind FROM factor WHERE proven_at IS NOT NULL AND member IN ";

const LINKS: &str = "SELECT member FROM invitation WHERE used_at IS NULL AND expires_at > ";

const ASSIGNMENTS: &str = "SELECT a.member, a.id, a.role, a.care_unit, a.commission, \
     r.name AS role_name, u.name AS unit_name FROM assignment a \
     LEFT JOIN role r ON r.id = a.role LEFT JOIN care_unit u ON u.id = a.care_unit \
     WHERE a.member IN ";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    email: String,
    hsa_id: Option<String>,
    personal_number: Option<String>,
    active: Flag,
    has_password: Flag,
    last_login: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct AssignmentRow {
    member: String,
    id: String,
    role: String,
    care_unit: Option<String>,
    commission: Option<String>,
    role_name: Option<String>,
    unit_name: Option<String>,
}

pub async fn page(
    connection: &mut Connection,
    caller: &Caller,
    query: &MemberQuery,
) -> Result<Page<MemberView>, Stop> {
    let who = acting_alone(connection, caller).await?;
    let own = who.member.organisation;
    allow(connection, &who, Action::ExplainMember, own, caller.at).await??;
    let mut rows: Vec<Row> = sqlx::query_as(ALL)
        .bind(own.to_string())
        .bind(MOST)
        .fetch_all(&mut *connection)
        .await?;
    rows.sort_by_cached_key(|row| (alphabetical(&row.name), row.id.clone()));
    let start = match query.after {
        None => 0,
        Some(after) => {
            let after = after.to_string();
            let place = rows.iter().position(|row| row.id == after);
            place.ok_or(Refusal::NotFound)? + 1
        }
    };
    let wanted = fold(query.search.trim());
    let most = usize::try_from(query.limit).unwrap_or(LIST).clamp(1, LIST);
    let mut found: Vec<Row> = rows
        .into_iter()
        .skip(start)
        .filter(|row| query.active.is_none_or(|active| active == row.active.0))
        .filter(|row| fold(&row.name).contains(&wanted) || fold(&row.email).contains(&wanted))
        .take(most + 1)
        .collect();
    let more = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| more).map(|row| row.id.clone());
    let items = views(connection, found, caller.at).await?;
    Ok(Page { items, next })
}

pub async fn one(
    connection: &mut Connection,
    caller: &Caller,
    member: MemberId,
) -> Result<MemberView, Stop> {
    let who = acting_alone(connection, caller).await?;
    let whose = find(connection, member).await?.organisation;
    allow(connection, &who, Action::ExplainMember, whose, caller.at).await??;
    let row: Row = sqlx::query_as(ONE)
        .bind(member.to_string())
        .fetch_one(&mut *connection)
        .await?;
    let view = views(connection, vec![row], caller.at).await?.pop();
    Ok(view.ok_or(Refusal::NotFound)?)
}

/// Without case and diacritics: `Åsa` and `asa` are the same.
fn fold(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c));
    let lower = plain.flat_map(char::to_lowercase);
    // Letters of neighbours that do not come apart.
    lower
        .map(|c| match c {
            'ø' => 'o',
            'ł' => 'l',
            'đ' | 'ð' => 'd',
            c => c,
        })
        .collect()
}

/// At most [`LIST`] of them.
async fn views(
    connection: &mut Connection,
    rows: Vec<Row>,
    at: Timestamp,
) -> Result<Vec<MemberView>, Fault> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let mut query = Builder::new(connection, FACTORS);
    query.push_list(ids.iter().copied());
    let factors: Vec<(String, String)> = query.build_query_as().fetch_all(&mut *connection).await?;
    let mut query = Builder::new(connection, LINKS);
    query.push_bind(micros(at)).push(" AND member IN ");
    query.push_list(ids.iter().copied());
    let links: Vec<String> = query
        .build_query_scalar()
        .fetch_all(&mut *connection)
        .await?;
    let links: HashSet<String> = links.into_iter().collect();
    let mut assignments = assignments(connection, &ids).await?;
    let count = |member: &str, kind: &str| {
        let of = |(id, is): &&(String, String)| id == member && is == kind;
        u32::try_from(factors.iter().filter(of).count()).unwrap_or(u32::MAX)
    };
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.push(MemberView {
            id: id(&row.id, "member.id")?,
            name: Personal::new(row.name),
            email: Personal::new(row.email),
            hsa_id: row
                .hsa_id
                .map(|text| id(&text, "member.hsa_id"))
                .transpose()?,
            personal_number: row.personal_number.map(Personal::new),
            active: row.active.0,
            invited: !row.has_password.0 && links.contains(&row.id),
            last_login: maybe_time(row.last_login)?,
            passkeys: count(&row.id, "passkey"),
            totp: count(&row.id, "totp") > 0,
            assignments: assignments.remove(&row.id).unwrap_or_default(),
        });
    }
    Ok(all)
}

/// By the member's id, in the order in which they were given.
async fn assignments(
    connection: &mut Connection,
    members: &[&str],
) -> Result<HashMap<String, Vec<AssignmentView>>, Fault> {
    let mut query = Builder::new(connection, ASSIGNMENTS);
    query.push_list(members.iter().copied());
    query.push(" ORDER BY a.granted_at, a.id");
    let rows: Vec<AssignmentRow> = query.build_query_as().fetch_all(connection).await?;
    let mut all: HashMap<String, Vec<AssignmentView>> = HashMap::new();
    for row in rows {
        let unit: Option<CareUnitId> = row
            .care_unit
            .map(|text| id(&text, "assignment.care_unit"))
            .transpose()?;
        let role_name = BuiltIn::parse(&row.role).map(|role| role.as_str().to_owned());
        all.entry(row.member).or_default().push(AssignmentView {
            id: id::<AssignmentId>(&row.id, "assignment.id")?,
            role_name: role_name.or(row.role_name).unwrap_or_default(),
            role: row.role,
            unit: unit.map(|id| NamedUnit {
                id,
                name: row.unit_name.unwrap_or_default(),
            }),
            commission: row
                .commission
                .map(|text| id(&text, "assignment.commission"))
                .transpose()?,
        });
    }
    Ok(all)
}

/// A name in the order of a Swedish list: å, ä and ö are letters of their own,
/// after z.
fn alphabetical(name: &str) -> String {
    let lower = name.to_lowercase();
    let letters = lower.chars().map(|letter| match letter {
        'å' => '{',
        'ä' | 'æ' => '|',
        'ö' | 'ø' => '}',
        letter => letter,
    });
    fold(&letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{alphabetical, fold};

    #[test]
    fn case_and_diacritics_do_not_matter() {
        assert_eq!(fold("ÅSA Öberg"), "asa oberg");
        assert_eq!(fold("A\u{30a}sa"), "asa");
        let mut names = ["Öberg", "Zeta", "Åsa", "Anna", "Ärla"];
        names.sort_by_key(|name| alphabetical(name));
        assert_eq!(names, ["Anna", "Zeta", "Åsa", "Ärla", "Öberg"]);
        assert_eq!(fold("Søren Éric"), "soren eric");
    }
}
