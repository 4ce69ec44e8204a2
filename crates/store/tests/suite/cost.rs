//! What an entry of the log costs of the transaction that it rides in. Figures
//! are in docs/performance.md; `make audit-cost` makes them anew.

use crate::fixture::{send, two};
use bildbro_flow::ports::hub::{HubStore, Timing};
use bildbro_store::HubDb;
use std::time::Instant;

const ROUNDS: u32 = 400;

/// How long an admission of one image of a new study takes, and how many entries
/// it appends; `store/src/hub/cost.rs` says what those take of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: make audit-cost"]
async fn what_an_entry_costs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hub.sqlite");
    let hub = HubDb::open(&file, Timing::default()).await.unwrap();
    let (sender, recipient) = two(&hub).await;
    let before = hub.audit_head().await.unwrap().0;
    let mut times = Vec::new();
    for n in 1..=ROUNDS {
        let start = Instant::now();
        send(&hub, &sender.call(1), n, 1..=1, recipient.share()).await;
        times.push(start.elapsed());
    }
    let entries = hub.audit_head().await.unwrap().0 - before;
    times.sort_unstable();
    let median = times[times.len() / 2].as_secs_f64() * 1e3;
    let each = entries / u64::from(ROUNDS);
    println!("an admission with {each} entries: {median:.3} ms");
}
