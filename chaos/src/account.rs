//! The reckoning: what was acknowledged against what is there.

use crate::{
    sender::Sent,
    world::{Place, Program, World},
};
use bildbro_dicom::part10;
use bildbro_domain::Digest;
use bildbro_testkit::{dcmtk::Outcome, until};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    time::{Duration, Instant},
};

/// A delivery that failed is tried again after at most 5 minutes.
const QUIET_LIMIT: Duration = Duration::from_secs(420);

/// A claim of a gateway that was killed holds for 60 s; when nothing has moved
/// for so long, and nothing is to be tried again, nothing ever will.
const STUCK_AFTER: Duration = Duration::from_secs(100);

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Entries of a log read at once.
const PAGE: usize = 5_000;

/// Lines that are shown of each kind of finding.
const SHOWN: usize = 20;

/// What is to be there when nothing was lost.
#[derive(Debug)]
pub struct Expected {
    /// By SOP Instance UID: each version that was acknowledged.
    versions: BTreeMap<String, Vec<Sent>>,
    /// By study: images, and images set aside.
    studies: BTreeMap<String, (u64, u64)>,
}

impl Expected {
    pub fn new(book: &[Sent]) -> Self {
        let mut expected = Self {
            versions: BTreeMap::new(),
            studies: BTreeMap::new(),
        };
        for sent in book {
            let versions = expected.versions.entry(sent.uid.clone()).or_default();
            versions.push(sent.clone());
            let study = expected.studies.entry(sent.study.clone()).or_default();
            if sent.conflict {
                study.1 += 1;
            } else {
                study.0 += 1;
            }
        }
        expected
    }

    pub fn images(&self) -> u64 {
        self.studies.values().map(|(images, _)| images).sum()
    }

    pub fn conflicts(&self) -> u64 {
        self.studies.values().map(|(_, conflicts)| conflicts).sum()
    }

    pub fn studies(&self) -> u64 {
        self.studies.len() as u64
    }
}

/// What the archive was found to hold.
#[derive(Debug, Default)]
pub struct Held {
    pub images: u64,
    /// Copies beyond the first: sent again, as at least once allows.
    pub again: u64,
}

/// What was found wrong, a line each.
#[derive(Debug, Default)]
pub struct Findings(pub Vec<String>);

impl Findings {
    fn add(&mut self, lines: Vec<String>) {
        let more = lines.len().saturating_sub(SHOWN);
        self.0.extend(lines.into_iter().take(SHOWN));
        if more > 0 {
            self.0.push(format!("… and {more} more of this kind"));
        }
    }

    fn check(&mut self, what: &str, outcome: &Outcome) {
        if !outcome.success {
            self.0.push(format!("{what}: {}", outcome.text.trim()));
        }
    }
}

/// Waits until the hub says that all is delivered and the gateways that
/// nothing waits; answers how long that took.
///
/// # Errors
/// When it does not come to that; with what the hub says instead.
pub async fn quiet(world: &World, expected: &Expected) -> Result<Duration, String> {
    let begin = Instant::now();
    let mut moved = begin;
    let mut last = Value::Null;
    let ended = until(QUIET_LIMIT, async || {
        tokio::time::sleep(LOOK_EVERY).await;
        let overview = world.overview().await.unwrap_or_default();
        if overview["totals"] != last["totals"] {
            moved = Instant::now();
        }
        last = overview;
        if is_quiet(&last, expected) {
            return Some(true);
        }
        let retrying = &last["totals"]["deliveries"]["retrying"];
        let stuck = moved.elapsed() > STUCK_AFTER && retrying == 0;
        stuck.then_some(false)
    });
    if ended.await == Some(true) {
        Ok(begin.elapsed())
    } else {
        Err(describe(&last, expected))
    }
}

fn is_quiet(overview: &Value, expected: &Expected) -> bool {
    let totals = &overview["totals"];
    let deliveries = json!({
        "waiting": 0, "under_way": 0, "retrying": 0, "stopped": 0, "withdrawn": 0,
        "delivered": expected.studies(),
    });
    let nothing_waits = |gateway: &Value| gateway["waiting_images"] == 0;
    let gateways = overview["gateways"].as_array();
    totals["deliveries"] == deliveries
        && totals["instances"] == expected.images()
        && totals["quarantined"] == expected.conflicts()
        && totals["pending_images"] == 0
        && gateways.is_some_and(|all| all.len() == 2 && all.iter().all(nothing_waits))
}

fn describe(overview: &Value, expected: &Expected) -> String {
    let wanted = format!(
        "it does not come to rest: expected {} deliveries, {} images, {} set aside",
        expected.studies(),
        expected.images(),
        expected.conflicts()
    );
    if overview.is_null() {
        return format!("{wanted}; the hub does not answer");
    }
    let open = overview["deliveries"].as_array().into_iter().flatten();
    let open: Vec<String> = open
        .filter(|delivery| delivery["state"] != "delivered")
        .map(Value::to_string)
        .collect();
    format!(
        "{wanted}; the hub says {}; gateways {}; open among the newest deliveries: [{}]",
        overview["totals"],
        overview["gateways"],
        open.join(", ")
    )
}

/// Holds everything against the book.
pub async fn reckon(world: &World, expected: &Expected) -> (Held, Findings) {
    let mut findings = Findings::default();
    let held = archive(world, expected, &mut findings);
    // Hubs have one log together.
    let sender = (&world.sender, Kind::Sender);
    for (place, kind) in [
        (&world.hubs[0], Kind::Hub),
        sender,
        (&world.receiver, Kind::Receiver),
    ] {
        let log = format!("audit log of the {}", place.name);
        let program = place.program.lock().await;
        findings.check(&log, &program.verify_audit().await);
        match entries(&program).await {
            Ok(entries) => findings.add(on_record(kind, &log, &entries, expected)),
            Err(text) => findings.0.push(format!("{log}: {text}")),
        }
    }
    if let Program::Hub(hub) = &*world.hubs[0].program.lock().await
        && hub.admin(&["--help"]).await.text.contains("fsck")
    {
        findings.check("admin fsck", &hub.admin(&["fsck"]).await);
    }
    for place in [&world.sender, &world.receiver] {
        findings.add(spool(place).await);
    }
    (held, findings)
}

/// Each UID there, in exactly one of the versions sent, and nothing else.
fn archive(world: &World, expected: &Expected, findings: &mut Findings) -> Held {
    let mut found: HashMap<String, Vec<Digest>> = HashMap::new();
    let mut unreadable = Vec::new();
    for file in world.archive.files() {
        let bytes = fs::read(&file).unwrap_or_default();
        match part10::read_meta(&bytes) {
            Ok((meta, start)) => {
                let digest = Digest::of(&bytes[start..]);
                let versions = found.entry(meta.sop_uid.to_string()).or_default();
                versions.push(digest);
            }
            Err(error) => unreadable.push(format!("in the archive {}: {error}", file.display())),
        }
    }
    findings.add(unreadable);
    let mut held = Held::default();
    let (mut missing, mut wrong) = (Vec::new(), Vec::new());
    for (uid, versions) in &expected.versions {
        let digests = found.remove(uid).unwrap_or_default();
        let Some(first) = digests.first() else {
            missing.push(format!("missing in the archive: {:?}", versions[0]));
            continue;
        };
        held.images += 1;
        held.again += digests.len() as u64 - 1;
        let one_of_them = versions.iter().any(|sent| sent.digest == *first);
        if !one_of_them || digests.iter().any(|digest| digest != first) {
            wrong.push(format!(
                "in the archive with other bytes: {uid} as {digests:?}, sent {versions:?}"
            ));
        }
    }
    findings.add(missing);
    findings.add(wrong);
    let unknown = found.into_keys();
    findings.add(
        unknown
            .map(|uid| format!("in the archive, but never sent: {uid}"))
            .collect(),
    );
    held
}

async fn entries(program: &Program) -> Result<Vec<Value>, String> {
    let mut entries = Vec::new();
    loop {
        let page = program.audit(entries.len(), PAGE).await;
        if !page.success {
            return Err(page.text);
        }
        let lines = page.text.lines().filter(|line| !line.is_empty());
        let lines: Result<Vec<Value>, _> = lines.map(serde_json::from_str).collect();
        let lines = lines.map_err(|error| error.to_string())?;
        if lines.is_empty() {
            return Ok(entries);
        }
        entries.extend(lines);
    }
}

/// Whose log.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Hub,
    Sender,
    Receiver,
}

/// Images on record: by action, outcome and study.
type OnRecord<'a> = HashMap<(&'a str, &'a str, &'a str), u64>;

/// Whether a log accounts for every image of every study. What a place may do
/// twice (receive, forward, store in the node) is there at least once; what it
/// decides in one transaction (admit, set aside, delivered) exactly once.
fn on_record(kind: Kind, log: &str, entries: &[Value], expected: &Expected) -> Vec<String> {
    let mut images = OnRecord::new();
    for entry in entries {
        let word = |value: &'static str| entry[value].as_str().unwrap_or_default();
        let study = entry["studies"][0].as_str().unwrap_or_default();
        *images
            .entry((word("action"), word("outcome"), study))
            .or_default() += entry["images"].as_u64().unwrap_or_default();
    }
    let mut findings = Vec::new();
    for (study, &(own, conflicts)) in &expected.studies {
        let mut check = |action: &str, outcomes: &[&str], wanted: u64, exactly: bool| {
            let found: u64 = outcomes
                .iter()
                .filter_map(|outcome| images.get(&(action, outcome, study)))
                .sum();
            if found < wanted || (exactly && found > wanted) {
                findings.push(format!(
                    "{log}: study {study}: `{action}` of {found} images instead of {wanted}"
                ));
            }
        };
        let all = own + conflicts;
        match kind {
            Kind::Hub => {
                check("admit", &["success"], own, true);
                check("quarantine", &["success"], conflicts, true);
                check("deliver", &["success"], own, true);
            }
            Kind::Sender => {
                check("receive", &["success"], all, false);
                check("forward", &["success"], all, false);
            }
            // An attempt that failed in the end names what it stored before.
            Kind::Receiver => check("deliver", &["success", "failure"], own, false),
        }
    }
    findings
}

/// What a gateway's index still wants to keep in the spool.
async fn spool(place: &Place) -> Vec<String> {
    const SCRIPT: &str = "import sqlite3, sys\n\
        db = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True)\n\
        for row in db.execute('SELECT state, sop_uid, digest FROM arrival'): print(*row)\n";
    let program = place.program.lock().await;
    let output = tokio::process::Command::new("python3")
        .args(["-c", SCRIPT])
        .arg(program.data_dir().join("gateway.sqlite"))
        .output()
        .await;
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| format!("still in the spool of the {}: {line}", place.name))
            .collect(),
        Ok(output) => vec![format!(
            "reading the index of the {}: {}",
            place.name,
            String::from_utf8_lossy(&output.stderr)
        )],
        Err(error) => vec![format!("python3 does not start: {error}")],
    }
}
