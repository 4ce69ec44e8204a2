//! A log of a million entries: what verifying and searching it takes. Figures
//! are in docs/performance.md; `make audit-million` makes them anew.

use crate::{fixture::at, people_log::auditor};
use bildbro_domain::{
    Digest, GatewayId, MemberId, OrganisationId, Personal, StudyUid,
    audit::{Action, Actor, Entry, Outcome, chain, spot_check::Rule},
    organisation::Kind,
};
use bildbro_flow::{
    log::verify,
    ports::{
        checkpoints::Chain,
        hub::{HubStore, Timing},
        portal::log::{Draw, ExtractWish, Log, Search},
    },
};
use bildbro_store::HubDb;
use jiff::{SignedDuration, Timestamp};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{env, path::PathBuf, sync::Arc, time::Instant};
use uuid::Uuid;

const INSERT: &str = "INSERT INTO audit (sequence, previous, hash, at, action, outcome, \
     organisation, counterpart, patient_id, share, delivery, text, member, care_unit, about) \
     VALUES ($1, $2, $3, $4, $5, 'success', $6, $7, $8, NULL, NULL, $9, $10, NULL, NULL)";

const PATIENTS: u64 = 100_000;
const MEMBERS: u64 = 2_000;
const ORGANISATIONS: u64 = 20;

fn number(n: u64) -> String {
    format!("19{:02}0101{:04}", 30 + n % 60, n / 60 % 10_000)
}

/// Spread over all, the same in each run.
fn pick(n: u64, salt: u64, of: u64) -> u64 {
    (n ^ salt)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(31)
        % of
}

fn entry(n: u64, organisations: &[OrganisationId]) -> Entry {
    const ACTS: [Action; 8] = [
        Action::Admit,
        Action::Share,
        Action::Decide,
        Action::Deliver,
        Action::View,
        Action::View,
        Action::Search,
        Action::Download,
    ];
    let action = ACTS[usize::try_from(n % 8).unwrap()];
    let member = pick(n, 1, MEMBERS);
    let home = usize::try_from(member % ORGANISATIONS).unwrap();
    let actor = if n % 8 < 4 {
        Actor::Gateway {
            id: Some(GatewayId(Uuid::from_u128(1_000 + home as u128))),
        }
    } else {
        Actor::Member {
            id: MemberId(Uuid::from_u128(1_000_000 + u128::from(member))),
            name: Personal::new("Siv Syster"),
            hsa_id: Some("SE2321000016-A1B2".parse().unwrap()),
            roles: vec!["receiver".into()],
            commission: None,
        }
    };
    let when = at(0)
        .checked_add(SignedDuration::from_secs(i64::try_from(n).unwrap() * 31))
        .unwrap();
    let id = Uuid::from_u128(10_000_000 + u128::from(n));
    let mut entry = Entry::new(id, when, action, Outcome::Success, actor);
    entry.organisation = Some(organisations[home]);
    if (1..4).contains(&(n % 8)) {
        entry.counterpart = Some(organisations[(home + 1) % organisations.len()]);
    }
    entry.patient_id = Some(Personal::new(number(pick(n, 2, PATIENTS))));
    entry.studies = vec![StudyUid::new(&format!("1.2.826.0.1.3680043.8.498.{n}")).unwrap()];
    entry.set_images([Digest([7; 32])]);
    entry
}

async fn fill(raw: &mut SqliteConnection, size: u64, organisations: &[OrganisationId]) {
    let (mut sequence, head): (i64, String) =
        sqlx::query_as("SELECT sequence, hash FROM audit_head")
            .fetch_one(&mut *raw)
            .await
            .unwrap();
    let mut previous = head.parse::<Digest>().unwrap().0;
    let mut tx = raw.begin().await.unwrap();
    for n in 0..size {
        sequence += 1;
        let entry = entry(n, organisations);
        let text = serde_json::to_string(&entry).unwrap();
        let link = chain(previous, sequence.unsigned_abs(), text);
        sqlx::query(INSERT)
            .bind(sequence)
            .bind(Digest(link.previous).to_string())
            .bind(Digest(link.hash).to_string())
            .bind(entry.at.as_microsecond())
            .bind(entry.action.as_str())
            .bind(entry.organisation.map(|id| id.to_string()))
            .bind(entry.counterpart.map(|id| id.to_string()))
            .bind(entry.patient_id.map(|id| id.reveal().to_owned()))
            .bind(&link.text)
            .bind(entry.actor.member_id().map(|id| id.to_string()))
            .execute(&mut *tx)
            .await
            .unwrap();
        previous = link.hash;
    }
    sqlx::query("UPDATE audit_head SET sequence = $1, hash = $2")
        .bind(sequence)
        .bind(Digest(previous).to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

fn say(what: &str, since: Instant, note: &str) {
    eprintln!(
        "{what}: {:.1} ms {note}",
        since.elapsed().as_secs_f64() * 1e3
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make audit-million"]
async fn a_million_entries() {
    let size = env::var("ENTRIES").map_or(1_000_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let folder = env::var_os("FOLDER").map_or_else(|| folder.path().to_owned(), PathBuf::from);
    let file = folder.join("hub.sqlite");
    let hub = Arc::new(HubDb::open(&file, Timing::default()).await.unwrap());
    let mut organisations = Vec::new();
    for n in 0..ORGANISATIONS {
        let name = format!("region{n}");
        let new = crate::fixture::organisation(&hub, &name, Kind::Region).await;
        organisations.push(new.id);
    }
    let rut = auditor(&hub, organisations[0]).await;
    let options = SqliteConnectOptions::new().filename(&file);
    let mut raw = options.connect().await.unwrap();
    let began = Instant::now();
    fill(&mut raw, size, &organisations).await;
    raw.close().await.unwrap();
    say("fill", began, &format!("{size} entries"));

    let log: Arc<dyn Chain> = Arc::clone(&hub) as _;
    assert!(log.head().await.unwrap().0 > size);
    let began = Instant::now();
    let verified = verify(&hub, &[], &[]).await.unwrap();
    say("verify", began, &format!("{verified:?}"));

    let of_zero = MemberId(Uuid::from_u128(1_000_000));
    let searches = [
        ("newest", Search::default()),
        (
            "by patient",
            Search {
                patient: Some(Personal::new(number(4_711))),
                ..Search::default()
            },
        ),
        (
            "by member",
            Search {
                member: Some(of_zero),
                ..Search::default()
            },
        ),
        (
            "by a rare action",
            Search {
                action: Some(Action::EmergencyAccess),
                ..Search::default()
            },
        ),
        (
            "by a day long ago",
            Search {
                from: Some(at(86_400)),
                until: Some(at(2 * 86_400)),
                ..Search::default()
            },
        ),
    ];
    for (name, search) in searches {
        let search = Search { most: 50, ..search };
        let began = Instant::now();
        let found = hub.search_log(&rut.calls(1), &search).await.unwrap();
        let (lines, next) = (found.lines.len(), found.next);
        say(name, began, &format!("{lines} lines, next {next:?}"));
    }
    let wish = ExtractWish {
        patient: Personal::new(number(4_711)),
        from: None,
        until: None,
        approval: None,
    };
    let began = Instant::now();
    let accesses = hub.extract_log(&rut.calls(1), &wish).await.unwrap();
    say("extract", began, &format!("{} rows", accesses.lines.len()));
    for rule in [Rule::Random, Rule::OutOfHours, Rule::NoRelation] {
        let draw = Draw {
            rule,
            from: at(0),
            until: Timestamp::MAX,
            size: 200,
        };
        let began = Instant::now();
        hub.draw_spot_check(&rut.calls(1), draw, 7).await.unwrap();
        say("draw", began, rule.as_str());
    }
    let began = Instant::now();
    for n in 0..100 {
        hub.record(&entry(n, &organisations)).await.unwrap();
    }
    say("100 entries appended, each by itself", began, "");
}
