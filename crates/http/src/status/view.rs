//! Turns an [`Overview`] into what the templates show: sentences, counts,
//! and how far each stage of a line has come. Pure; the clock comes in.

use super::{
    language::Language,
    line::{self, Stage},
    words,
};
use bildbro_domain::{organisation::Organisation, share::DeliveryState};
use bildbro_flow::ports::hub::{
    DeliveryView, GatewayView, HeldView, Overview, QuarantineView, Totals,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// A gateway says hello every few seconds; after this it counts as silent.
const SILENT: SignedDuration = SignedDuration::from_secs(30);

/// How a gateway's and an organisation's own text is kept from filling a page.
const LONGEST_MODALITY: usize = 16;

/// What the page shows at one moment.
#[derive(Debug, Clone)]
pub struct Board {
    pub overview: Overview,
    pub totals: Totals,
    pub organisations: Vec<Organisation>,
    pub at: Timestamp,
}

#[derive(Debug, Serialize)]
pub struct Page {
    pub headline: String,
    /// `calm` or `act`.
    pub mood: &'static str,
    /// Where to look, when a person must act.
    pub act: Option<String>,
    pub figures: Vec<Figure>,
    pub held_line: String,
    pub deliveries: Vec<Delivery>,
    pub deliveries_shown: Option<String>,
    pub addresses: Vec<Address>,
    pub held: Vec<Held>,
    pub quarantined: Vec<SetAside>,
    pub gateways: Vec<Gateway>,
}

#[derive(Debug, Serialize)]
pub struct Figure {
    pub name: &'static str,
    pub value: String,
    pub state: &'static str,
}

#[derive(Debug, Serialize)]
pub struct Delivery {
    pub id: String,
    pub share: String,
    pub state: &'static str,
    pub state_word: &'static str,
    pub sender: String,
    pub recipient: String,
    pub about: Vec<String>,
    pub count: String,
    pub stages: Vec<Stage>,
    /// What is true now and what happens next.
    pub sentences: Vec<String>,
    pub remedy: Option<String>,
    pub details: Vec<(&'static str, String)>,
}

/// Where a first study can be sent.
#[derive(Debug, Serialize)]
pub struct Address {
    pub ae_title: String,
    pub name: String,
}

#[derive(Debug, Serialize)]
pub struct Held {
    pub id: String,
    pub organisation: String,
    pub study: String,
    pub images: String,
    pub complete: &'static str,
    pub size: String,
    pub latest: String,
}

#[derive(Debug, Serialize)]
pub struct SetAside {
    pub organisation: String,
    pub reason: &'static str,
    pub images: String,
    pub latest: String,
}

#[derive(Debug, Serialize)]
pub struct Gateway {
    pub id: String,
    pub organisation: String,
    pub name: String,
    pub version: Option<String>,
    /// `alive`, `silent` or `new`.
    pub light: &'static str,
    pub seen: String,
    pub queue: String,
    pub nodes: Vec<Node>,
}

#[derive(Debug, Serialize)]
pub struct Node {
    pub name: String,
    pub ae_title: String,
    /// `alive`, `silent` or `new`.
    pub light: &'static str,
    pub answers: &'static str,
    pub direct: Option<String>,
}

#[must_use]
pub fn page(board: &Board, language: Language) -> Page {
    let Board {
        overview,
        totals,
        at,
        ..
    } = board;
    let (headline, mood, act) = headline(overview, totals, language);
    let shown = overview.deliveries.len() as u64;
    Page {
        headline,
        mood,
        act,
        figures: figures(totals, language),
        held_line: words::HELD_LINE.fill(
            language,
            &[
                ("studies", &language.studies(totals.studies)),
                ("images", &language.images(totals.instances)),
                ("bytes", &language.bytes(totals.instance_bytes)),
            ],
        ),
        deliveries_shown: (overview.total_deliveries > shown).then(|| {
            let (shown, all) = (
                language.number(shown),
                language.number(overview.total_deliveries),
            );
            words::DELIVERIES_SHOWN.fill(language, &[("shown", &shown), ("all", &all)])
        }),
        deliveries: overview
            .deliveries
            .iter()
            .map(|d| delivery(d, *at, language))
            .collect(),
        addresses: board
            .organisations
            .iter()
            .filter(|o| o.active)
            .take(8)
            .map(address)
            .collect(),
        held: overview
            .held
            .iter()
            .map(|h| held(h, *at, language))
            .collect(),
        quarantined: overview
            .quarantined
            .iter()
            .map(|q| set_aside(q, *at, language))
            .collect(),
        gateways: overview
            .gateways
            .iter()
            .map(|g| gateway(g, *at, language))
            .collect(),
    }
}

/// The answer to "does anything need me?", and where to look.
fn headline(
    overview: &Overview,
    totals: &Totals,
    language: Language,
) -> (String, &'static str, Option<String>) {
    let [waiting, under_way, retrying, _, stopped, _] = totals.deliveries;
    if stopped > 0 {
        let first = overview
            .deliveries
            .iter()
            .find(|d| d.state == DeliveryState::Stopped);
        let place = first.map_or_else(|| "deliveries".to_owned(), |d| format!("d-{}", d.delivery));
        return (
            many(stopped, words::ACT_ONE, words::ACT_MANY, language),
            "act",
            Some(place),
        );
    }
    if totals.quarantined > 0 {
        let text = many(
            totals.quarantined,
            words::SET_ASIDE_ONE,
            words::SET_ASIDE_MANY,
            language,
        );
        return (text, "act", Some("quarantine".to_owned()));
    }
    let calm = if overview.total_deliveries == 0 {
        words::CALM_EMPTY
    } else if waiting + under_way + retrying > 0 {
        words::CALM_MOVING
    } else {
        words::CALM_DONE
    };
    (calm.text(language).to_owned(), "calm", None)
}

fn many(n: u64, one: words::Phrase, many: words::Phrase, language: Language) -> String {
    if n == 1 {
        one.text(language).to_owned()
    } else {
        many.fill(language, &[("n", &language.number(n))])
    }
}

fn figures(totals: &Totals, language: Language) -> Vec<Figure> {
    let [waiting, under_way, retrying, delivered, stopped, withdrawn] = totals.deliveries;
    let figure = |name: words::Phrase, n: u64, state| Figure {
        name: name.text(language),
        value: language.number(n),
        state,
    };
    let mut all = vec![
        figure(words::TOTAL_DELIVERED, delivered, "delivered"),
        figure(words::TOTAL_UNDER_WAY, under_way, "under_way"),
        figure(words::TOTAL_WAITING, waiting + retrying, "waiting"),
        figure(
            words::TOTAL_STOPPED,
            stopped,
            if stopped > 0 { "stopped" } else { "none" },
        ),
    ];
    if withdrawn > 0 {
        all.push(figure(words::TOTAL_WITHDRAWN, withdrawn, "withdrawn"));
    }
    all.push(figure(
        words::TOTAL_PENDING,
        totals.pending_images,
        "pending",
    ));
    all
}

fn delivery(d: &DeliveryView, at: Timestamp, language: Language) -> Delivery {
    let done = d.stored + d.already_there;
    let total = line::total(d);
    let mut about = study(&d.modality, &d.study_date, language);
    about.push(words::purpose(d.purpose).text(language).to_owned());
    about.push(words::SENT_AT.fill(language, &[("time", &language.moment(d.created, at))]));
    let count = if !d.complete && d.expected.is_none() {
        words::COUNT_SO_FAR
    } else if total == 1 {
        words::COUNT_ONE
    } else {
        words::COUNT
    };
    let told = line::tell(d, at, language);
    let mut details = vec![
        (words::DELIVERY_ID.text(language), d.delivery.to_string()),
        (words::SHARE_ID.text(language), d.share.to_string()),
        (words::SIZE.text(language), language.bytes(d.bytes)),
        (
            words::LAST_CHANGE.text(language),
            language.moment(d.updated, at),
        ),
    ];
    if d.already_there > 0 {
        details.push((
            words::ALREADY_THERE.text(language),
            language.images(d.already_there),
        ));
    }
    if d.failed > 0 {
        details.push((
            words::NOT_DELIVERED.text(language),
            language.images(d.failed),
        ));
    }
    Delivery {
        id: d.delivery.to_string(),
        share: d.share.to_string(),
        state: d.state.as_str(),
        state_word: words::state(d.state).text(language),
        sender: d.sender.clone(),
        recipient: d.recipient.clone(),
        about,
        count: count.fill(
            language,
            &[
                ("n", &language.number(done)),
                ("of", &language.number(total)),
                ("whose", &language.whose(&d.recipient)),
            ],
        ),
        stages: line::stages(d, language),
        sentences: told.sentences,
        remedy: told.remedy,
        details,
    }
}

/// What a study is, without saying whose: `CT`, `1 Mar 2026`.
fn study(modality: &str, date: &str, language: Language) -> Vec<String> {
    let modality: String = modality.chars().take(LONGEST_MODALITY).collect();
    let mut parts = Vec::new();
    if !modality.is_empty() {
        parts.push(modality);
    }
    parts.extend(language.dicom_date(date));
    parts
}

fn address(organisation: &Organisation) -> Address {
    Address {
        ae_title: organisation.ae_title.to_string(),
        name: organisation.name.clone(),
    }
}

fn held(h: &HeldView, at: Timestamp, language: Language) -> Held {
    let images = match h.expected {
        Some(expected) if expected > h.images => words::N_OF.fill(
            language,
            &[
                ("n", &language.number(h.images)),
                ("of", &language.number(expected)),
            ],
        ),
        _ => language.number(h.images),
    };
    let complete = if h.complete {
        words::ALL_CAME
    } else {
        words::STILL_COMING
    };
    Held {
        id: h.study.to_string(),
        organisation: h.organisation.clone(),
        study: study(&h.modality, &h.study_date, language).join(" · "),
        images,
        complete: complete.text(language),
        size: language.bytes(h.bytes),
        latest: language.moment(h.updated, at),
    }
}

fn set_aside(q: &QuarantineView, at: Timestamp, language: Language) -> SetAside {
    SetAside {
        organisation: q.organisation.clone(),
        reason: words::quarantine(q.reason).text(language),
        images: language.number(q.images),
        latest: language.moment(q.latest, at),
    }
}

fn gateway(g: &GatewayView, at: Timestamp, language: Language) -> Gateway {
    let (light, seen) = match g.last_seen {
        None => ("new", words::GATEWAY_NEVER.text(language).to_owned()),
        Some(seen) if at.duration_since(seen) > SILENT => {
            let time = language.moment(seen, at);
            (
                "silent",
                words::GATEWAY_SILENT.fill(language, &[("time", &time)]),
            )
        }
        Some(_) => ("alive", words::GATEWAY_ALIVE.text(language).to_owned()),
    };
    let queue = if g.waiting_images == 0 {
        words::GATEWAY_QUEUE_EMPTY.text(language).to_owned()
    } else {
        let (images, bytes) = (
            language.images(g.waiting_images),
            language.bytes(g.waiting_bytes),
        );
        words::GATEWAY_QUEUE.fill(language, &[("images", &images), ("bytes", &bytes)])
    };
    Gateway {
        id: g.gateway.to_string(),
        organisation: g.organisation.clone(),
        name: g.name.clone(),
        version: (!g.version.is_empty())
            .then(|| words::VERSION.fill(language, &[("version", &g.version)])),
        light,
        seen,
        queue,
        nodes: g.nodes.iter().map(|n| node(n, language)).collect(),
    }
}

fn node(n: &bildbro_wire::link::NodeStatus, language: Language) -> Node {
    let (light, answers) = match n.answers {
        Some(true) => ("alive", words::NODE_ANSWERS),
        Some(false) => ("silent", words::NODE_SILENT),
        None => ("new", words::NODE_UNASKED),
    };
    let any = n.direct_waiting + n.direct_stored + n.direct_failed > 0;
    Node {
        name: n.name.clone(),
        ae_title: n.ae_title.to_string(),
        light,
        answers: answers.text(language),
        direct: any.then(|| {
            let number = |n| language.number(n);
            words::DIRECT.fill(
                language,
                &[
                    ("stored", &number(n.direct_stored)),
                    ("waiting", &number(n.direct_waiting)),
                    ("failed", &number(n.direct_failed)),
                ],
            )
        }),
    }
}
