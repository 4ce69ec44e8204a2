//! Every route for people, by the list: who gets in and who does not, what a
//! refusal leaves on record, and that the list, the policy and the description
//! say the same.

use crate::fixture::{Answer, Hub, Person};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use bildbro_domain::{
    OrganisationId,
    audit::{Action, Entry, Outcome},
    member::Level,
    permission::{BuiltIn, Permission},
    policy::demand,
};
use bildbro_flow::ports::portal::login::SessionLife;
use bildbro_http::{Caller, ENDPOINTS, Endpoint, Method, Record};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};
use tower::ServiceExt;
use uuid::Uuid;

/// Actions that policy gives to people and that no route does yet.
const LATER: &[(Action, &str)] = &[
    (Action::View, "images are not shown in the portal yet"),
    (
        Action::Download,
        "images are not given out in the portal yet",
    ),
];

/// What only reads, and is on record since it tells of a patient or a member.
const READING: &[Action] = &[
    Action::Search,
    Action::FollowShare,
    Action::OpenInbox,
    Action::FollowRequest,
    Action::View,
    Action::Download,
    Action::SearchAudit,
    Action::ReviewAudit,
    Action::ExtractAudit,
    Action::ExplainMember,
];

fn people() -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS.iter().filter(|e| e.caller.is_person())
}

/// A path with an id of nothing for each of its parameters.
fn path_of(endpoint: &Endpoint) -> String {
    let parts = endpoint.path.split('/').map(|part| {
        if part.starts_with('{') {
            Uuid::new_v4().to_string()
        } else {
            part.to_owned()
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn call(hub: &Hub, endpoint: &Endpoint, who: Option<&Person>) -> Answer {
    let method = endpoint.method.as_str().to_uppercase();
    hub.api(who, &method, &path_of(endpoint), Value::Null).await
}

fn refused(answer: &Answer, status: StatusCode, word: &str, endpoint: &Endpoint) {
    let text = answer.text();
    assert_eq!(answer.status, status, "{endpoint:?}: {text}");
    assert_eq!(answer.problem(), word, "{endpoint:?}");
}

async fn entries_after(hub: &Hub, sequence: u64) -> Vec<Entry> {
    let links = hub.store.audit_links(sequence, 1000).await.unwrap();
    let texts = links.iter().map(|link| link.text.as_str());
    texts
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

async fn sequence(hub: &Hub) -> u64 {
    hub.store.audit_head().await.unwrap().0
}

async fn sql(hub: &Hub) -> SqliteConnection {
    let url = format!("sqlite://{}", hub.database().display());
    SqliteConnection::connect(&url).await.unwrap()
}

#[tokio::test]
async fn nobody_gets_in_without_a_session() {
    let hub = Hub::new().await;
    let ended = |idle, whole| SessionLife {
        idle: SignedDuration::from_secs(idle),
        whole: SignedDuration::from_secs(whole),
    };
    let us = hub.sender.organisation;
    let mut none = vec![None];
    for life in [ended(0, 60), ended(60, 0)] {
        let person = hub.person(us, BuiltIn::ALL, Level::Full, life).await;
        none.push(Some(person));
    }
    let unknown = bildbro_identity::token::generate();
    let member = none[1].as_ref().unwrap().member;
    none.push(Some(Person {
        member,
        token: unknown,
    }));
    for endpoint in people() {
        for who in &none {
            let answer = call(&hub, endpoint, who.as_ref()).await;
            refused(&answer, StatusCode::UNAUTHORIZED, "not-logged-in", endpoint);
        }
    }
}

#[tokio::test]
async fn a_password_alone_opens_nothing_but_the_way_in() {
    let hub = Hub::new().await;
    let us = hub.sender.organisation;
    for level in [Level::First, Level::Setup] {
        let life = SessionLife::default();
        let person = hub.person(us, BuiltIn::ALL, level, life).await;
        for endpoint in people().filter(|e| e.caller != Caller::Beginner) {
            let answer = call(&hub, endpoint, Some(&person)).await;
            let word = "second-factor-needed";
            refused(&answer, StatusCode::UNAUTHORIZED, word, endpoint);
        }
    }
}

#[tokio::test]
async fn whoever_was_closed_out_is_out() {
    let hub = Hub::new().await;
    let us = hub.sender.organisation;
    let person = hub.member(us, BuiltIn::ALL).await;
    let others = hub.member(hub.recipient.organisation, BuiltIn::ALL).await;
    let mut sql = sql(&hub).await;
    sqlx::query("UPDATE member SET active = FALSE WHERE id = $1")
        .bind(person.member.to_string())
        .execute(&mut sql)
        .await
        .unwrap();
    sqlx::query("UPDATE organisation SET active = FALSE WHERE id = $1")
        .bind(hub.recipient.organisation.to_string())
        .execute(&mut sql)
        .await
        .unwrap();
    for endpoint in people() {
        for who in [&person, &others] {
            let answer = call(&hub, endpoint, Some(who)).await;
            refused(&answer, StatusCode::UNAUTHORIZED, "not-logged-in", endpoint);
        }
    }
}

#[tokio::test]
async fn a_role_without_the_permission_is_refused_and_it_is_on_record() {
    let hub = Hub::new().await;
    let us = hub.sender.organisation;
    let mut cast: BTreeMap<BuiltIn, Person> = BTreeMap::new();
    for role in BuiltIn::ALL {
        cast.insert(*role, hub.member(us, &[*role]).await);
    }
    for endpoint in people() {
        let Caller::Holder(permission) = endpoint.caller else {
            continue;
        };
        let action = match endpoint.record {
            Record::Audited(action) => action,
            _ => Action::LogIn,
        };
        let lacking = |role: &&BuiltIn| !role.permissions().contains(&permission);
        for role in BuiltIn::ALL.iter().filter(lacking) {
            let before = sequence(&hub).await;
            let answer = call(&hub, endpoint, cast.get(role)).await;
            refused(&answer, StatusCode::FORBIDDEN, "no-permission", endpoint);
            let problem = answer.json();
            assert_eq!(problem["permission"], permission.as_str(), "{endpoint:?}");
            assert_eq!(problem["would"], would(permission), "{endpoint:?}");
            one_denial(&entries_after(&hub, before).await, endpoint, action, us);
        }
    }
}

fn would(permission: Permission) -> Value {
    let roles = BuiltIn::ALL.iter();
    let giving = roles.filter(|role| role.permissions().contains(&permission));
    giving.map(|role| role.as_str()).collect()
}

fn one_denial(entries: &[Entry], endpoint: &Endpoint, action: Action, of: OrganisationId) {
    let [entry] = entries else {
        panic!("{endpoint:?} leaves {} entries", entries.len());
    };
    assert_eq!(entry.action, action, "{endpoint:?}");
    assert_eq!(entry.outcome, Outcome::Denied, "{endpoint:?}");
    assert_eq!(entry.organisation, Some(of), "{endpoint:?}");
    assert!(entry.actor.member_id().is_some(), "{endpoint:?}");
}

#[tokio::test]
async fn what_changes_something_is_taken_from_our_own_pages_only() {
    let hub = Hub::new().await;
    let person = hub.member(hub.sender.organisation, BuiltIn::ALL).await;
    let wrong: [&[(&str, &str)]; 4] = [
        &[("origin", "https://hub.example")],
        &[("x-bildbro", "1"), ("origin", "https://evil.example")],
        &[("x-bildbro", "1"), ("sec-fetch-site", "cross-site")],
        &[("x-bildbro", "1")],
    ];
    let before = sequence(&hub).await;
    let changing = ENDPOINTS
        .iter()
        .filter(|e| e.method != Method::Get && e.path.starts_with("/api/"));
    for endpoint in changing {
        for headers in wrong {
            let mut request = Request::builder()
                .method(endpoint.method.as_str().to_uppercase().as_str())
                .uri(path_of(endpoint))
                .header(header::COOKIE, format!("__Host-session={}", person.token))
                .header(header::CONTENT_TYPE, "application/json");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request = request.body(Body::from("{}")).unwrap();
            let answer = Answer::of(hub.public().oneshot(request).await.unwrap()).await;
            refused(&answer, StatusCode::FORBIDDEN, "cross-site", endpoint);
        }
    }
    assert_eq!(sequence(&hub).await, before, "nothing was done");
}

/// All that the database says, the log and the sessions' signs of life aside.
async fn dump(hub: &Hub) -> Vec<(String, Option<String>)> {
    let mut sql = sql(hub).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'audit%' \
         AND name <> 'session' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .fetch_all(&mut sql)
    .await
    .unwrap();
    let mut all = Vec::new();
    for table in tables {
        let columns: String = sqlx::query_scalar(
            "SELECT group_concat('quote(' || name || ')', '||') FROM pragma_table_info($1)",
        )
        .bind(&table)
        .fetch_one(&mut sql)
        .await
        .unwrap();
        let select = format!("SELECT group_concat({columns}) FROM {table}");
        let rows: Option<String> = sqlx::query_scalar(AssertSqlSafe(select))
            .fetch_one(&mut sql)
            .await
            .unwrap();
        all.push((table, rows));
    }
    all
}

#[tokio::test]
async fn reading_changes_nothing() {
    let hub = Hub::new().await;
    let person = hub.member(hub.sender.organisation, BuiltIn::ALL).await;
    let before = dump(&hub).await;
    assert!(
        before
            .iter()
            .any(|(table, rows)| table == "member" && rows.is_some())
    );
    for endpoint in people().filter(|e| e.method == Method::Get) {
        match endpoint.record {
            Record::ReadsOnly => {}
            Record::Audited(action) => assert!(READING.contains(&action), "{endpoint:?}"),
            Record::Unaudited(_) => panic!("{endpoint:?} changes something"),
        }
        for method in ["GET", "HEAD"] {
            let sequence = sequence(&hub).await;
            let request = Request::builder()
                .method(method)
                .uri(path_of(endpoint))
                .header(header::COOKIE, format!("__Host-session={}", person.token));
            let request = request.body(Body::empty()).unwrap();
            // The body may be a stream of events, without an end.
            let response = hub.public().oneshot(request).await.unwrap();
            assert!(!response.status().is_server_error(), "{endpoint:?}");
            for entry in entries_after(&hub, sequence).await {
                assert!(READING.contains(&entry.action), "{method} {endpoint:?}");
            }
        }
    }
    assert_eq!(dump(&hub).await, before);
}

#[test]
fn the_description_names_every_route_of_the_portal_and_no_other() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/bildbro.json");
    let described: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let paths = described["paths"].as_object().unwrap();
    let described: BTreeSet<String> = paths
        .iter()
        .filter(|(path, _)| path.starts_with("/api/"))
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{method} {path}"))
        })
        .collect();
    let served = ENDPOINTS.iter().filter(|e| e.path.starts_with("/api/"));
    let served: Vec<String> = served.map(|e| format!("{e:?}")).collect();
    let once: BTreeSet<String> = served.iter().cloned().collect();
    assert_eq!(once.len(), served.len(), "a route is listed twice");
    assert_eq!(described, once);
}

#[test]
fn what_changes_something_is_on_record_or_says_why_not() {
    for endpoint in ENDPOINTS.iter().filter(|e| e.path.starts_with("/api/")) {
        assert!(!endpoint.about.is_empty(), "{endpoint:?}");
        match endpoint.record {
            Record::ReadsOnly => assert_eq!(endpoint.method, Method::Get, "{endpoint:?}"),
            Record::Unaudited(why) => assert!(why.len() > 10, "{endpoint:?}"),
            Record::Audited(_) => {}
        }
        // Nothing that is on record in a patient's or a member's name is for
        // everyone who is logged in.
        if let (Caller::Member, Record::Audited(action)) = (endpoint.caller, endpoint.record) {
            assert_eq!(demand(action), None, "{endpoint:?}");
        }
    }
}

#[test]
fn every_act_that_policy_knows_has_a_route_or_a_reason() {
    let used: BTreeSet<&str> = people()
        .filter_map(|endpoint| match endpoint.record {
            Record::Audited(action) => Some(action.as_str()),
            _ => None,
        })
        .collect();
    for (action, why) in LATER {
        assert!(demand(*action).is_some() && !why.is_empty());
        let word = action.as_str();
        assert!(!used.contains(word), "{word} has a route now");
    }
    let later = |action: &Action| LATER.iter().any(|(later, _)| later == action);
    let missing: Vec<&str> = Action::ALL
        .iter()
        .filter(|action| demand(**action).is_some() && !later(action))
        .map(|action| action.as_str())
        .filter(|word| !used.contains(word))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// An id that is no UUID names nothing, and is no fault.
#[tokio::test]
async fn what_is_no_id_is_not_found() {
    let hub = Hub::new().await;
    let person = hub.member(hub.sender.organisation, BuiltIn::ALL).await;
    for endpoint in people()
        .filter(|e| e.path.starts_with("/api/blocks/") || e.path.starts_with("/api/consents/"))
    {
        let path = endpoint.path.replace("{id}", "1%20OR%201=1");
        let answer = hub.api(Some(&person), "POST", &path, json!({})).await;
        refused(&answer, StatusCode::NOT_FOUND, "not-found", endpoint);
    }
}
