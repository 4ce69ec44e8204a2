//! How long appending to the log takes within a transaction, without its end.

use super::HubDb;
use crate::audit::{append, entry};
use bildbro_domain::{
    OrganisationId, Personal, StudyUid,
    audit::{Action, Actor, Entry, Outcome},
};
use bildbro_flow::ports::hub::Timing;
use jiff::Timestamp;
use std::time::Instant;
use uuid::Uuid;

fn one(n: u128) -> Entry {
    let at = Timestamp::from_second(1_800_000_000).unwrap();
    let by = Actor::Operator { login: "x".into() };
    let mut entry = entry(at, Action::Share, Outcome::Success, by);
    entry.organisation = Some(OrganisationId(Uuid::from_u128(n)));
    entry.counterpart = Some(OrganisationId(Uuid::from_u128(2)));
    entry.patient_id = Some(Personal::new("19121212-1212"));
    entry.studies = vec![StudyUid::new(&format!("1.2.{n}")).unwrap()];
    entry
}

/// Beside `what_an_entry_costs` of the suite, which says how long an admission
/// takes: it appends as many.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: make audit-cost"]
async fn what_an_entry_costs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hub.db");
    let hub = HubDb::open(&file, Timing::default()).await.unwrap();
    let mut times = Vec::new();
    for n in 1..=400 {
        let entries = [one(n), one(n)];
        let mut tx = hub.db.write("append").await.unwrap();
        let start = Instant::now();
        let done = append(&mut tx, &entries).await;
        times.push(start.elapsed());
        tx.end(done).await.unwrap();
    }
    times.sort_unstable();
    let median = times[times.len() / 2].as_secs_f64() * 1e3;
    println!("two entries in a transaction: {median:.3} ms");
}
