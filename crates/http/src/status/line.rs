//! A delivery as a line of stages, and as sentences: the product's picture of
//! where the images are.
//!
//! Received → at the hub → allowed → under way → in the PACS. The stretch
//! before each stage fills by the share of images that have come so far. All
//! counts are "of expected", where expected is what the sender's PACS counts
//! or, when it does not say, what has come.

use super::{language::Language, words};
use bildbro_domain::share::{DeliveryState, Failure};
use bildbro_flow::ports::hub::DeliveryView;
use jiff::Timestamp;
use serde::Serialize;

/// One stage of the line.
#[derive(Debug, Serialize)]
pub struct Stage {
    pub name: &'static str,
    /// `done`, `partly`, `ahead` or `stopped`.
    pub mark: &'static str,
    pub mark_word: &'static str,
    pub count: String,
    /// How much of the stretch before the stage is filled, in percent.
    pub filled: u64,
}

/// What is said of a delivery below its line.
pub struct Told {
    pub sentences: Vec<String>,
    /// What a person can do about it.
    pub remedy: Option<String>,
}

/// Images that the delivery is about.
#[must_use]
pub fn total(d: &DeliveryView) -> u64 {
    d.expected.unwrap_or(d.images).max(d.images)
}

#[must_use]
pub fn stages(d: &DeliveryView, language: Language) -> Vec<Stage> {
    let total = total(d);
    let in_pacs = d.stored + d.already_there;
    let settled = in_pacs + d.failed;
    let withdrawn = d.state == DeliveryState::Withdrawn;
    let allowed = if withdrawn { settled } else { d.images };
    let under_way = match d.state {
        DeliveryState::UnderWay => d.images,
        _ => settled,
    };
    let stage = |name: words::Phrase, n: u64, whole: bool, halted: bool| {
        let (mark, word) = if halted {
            ("stopped", words::MARK_STOPPED)
        } else if whole && n >= total && total > 0 {
            ("done", words::MARK_DONE)
        } else if n > 0 {
            ("partly", words::MARK_PARTLY)
        } else {
            ("ahead", words::MARK_AHEAD)
        };
        Stage {
            name: name.text(language),
            mark,
            mark_word: word.text(language),
            count: words::N_OF.fill(
                language,
                &[("n", &language.number(n)), ("of", &language.number(total))],
            ),
            filled: percent(n, total),
        }
    };
    let all_came = d.complete || d.expected.is_some();
    let stopped = d.state == DeliveryState::Stopped;
    vec![
        stage(words::STAGE_RECEIVED, d.images, all_came, false),
        stage(words::STAGE_AT_HUB, d.images, all_came, false),
        stage(words::STAGE_ALLOWED, allowed, all_came, withdrawn),
        stage(words::STAGE_UNDER_WAY, under_way, settled >= total, false),
        stage(
            words::STAGE_IN_PACS,
            in_pacs,
            all_came || d.state == DeliveryState::Delivered,
            stopped,
        ),
    ]
}

/// Never 100 before all are there, never 0 when one is.
fn percent(n: u64, of: u64) -> u64 {
    match n {
        0 => 0,
        _ if n >= of => 100,
        _ => (n.saturating_mul(100) / of).clamp(1, 99),
    }
}

#[must_use]
pub fn tell(d: &DeliveryView, at: Timestamp, language: Language) -> Told {
    let mut told = Told {
        sentences: Vec::new(),
        remedy: None,
    };
    let whose = language.whose(&d.recipient);
    let silent = d.recipient_silent_since.map(|since| {
        let time = language.moment(since, at);
        words::SILENT.fill(language, &[("whose", &whose), ("time", &time)])
    });
    let coming = d.next_attempt.map(|next| language.coming(next, at));
    let by_gateway = |phrase: words::Phrase| phrase.fill(language, &[("whose", &whose)]);
    match d.state {
        DeliveryState::Waiting => told.sentences.push(match (silent, coming) {
            (Some(silent), _) => silent,
            (None, Some(when)) => words::WAITS_UNTIL.fill(language, &[("when", &when)]),
            (None, None) => by_gateway(words::WAITS_FOR_GATEWAY),
        }),
        DeliveryState::UnderWay => {
            told.sentences
                .push(silent.unwrap_or_else(|| by_gateway(words::MOVES)));
        }
        DeliveryState::Retrying => {
            failed(d, &whose, language, &mut told);
            told.sentences.push(silent.unwrap_or_else(|| {
                let when = coming.unwrap_or_else(|| words::WITHIN_A_MINUTE.text(language).into());
                words::RETRIES.fill(language, &[("when", &when)])
            }));
        }
        DeliveryState::Delivered => {
            let time = language.moment(d.updated, at);
            told.sentences
                .push(words::ALL_IN_PLACE.fill(language, &[("time", &time)]));
            if d.already_there > 0 {
                let images = language.images(d.already_there);
                told.sentences
                    .push(words::SOME_WERE_THERE.fill(language, &[("images", &images)]));
            }
        }
        DeliveryState::Stopped => stopped(d, &whose, language, &mut told),
        DeliveryState::Withdrawn => told.sentences.push(withdrawn(d, at, language)),
    }
    if d.state != DeliveryState::Withdrawn {
        told.sentences.extend(arrivals(d, language));
    }
    told
}

fn failed(d: &DeliveryView, whose: &str, language: Language, told: &mut Told) {
    let Some(failure) = d.failure else { return };
    let (what, remedy) = words::failure(failure);
    told.sentences
        .push(what.fill(language, &[("whose", whose)]));
    told.remedy = Some(remedy.text(language).to_owned());
}

fn stopped(d: &DeliveryView, whose: &str, language: Language, told: &mut Told) {
    if d.failed > 0 {
        let images = language.images(d.failed);
        told.sentences
            .push(words::STOPPED_SOME.fill(language, &[("images", &images)]));
    }
    failed(d, whose, language, told);
    if d.failure == Some(Failure::ImageLost) {
        // Sent again, it goes on by itself.
        return;
    }
    told.sentences
        .push(words::STOPPED_KEEPS.text(language).to_owned());
    let again = words::TRY_AGAIN.fill(language, &[("id", &d.delivery.to_string())]);
    told.remedy = Some(match told.remedy.take() {
        Some(first) => format!("{first} {again}"),
        None => again,
    });
}

fn withdrawn(d: &DeliveryView, at: Timestamp, language: Language) -> String {
    let time = language.moment(d.updated, at);
    let arrived = d.stored + d.already_there;
    let images = language.images(arrived);
    let phrase = if arrived == 0 {
        words::WITHDRAWN_NOTHING
    } else {
        words::WITHDRAWN_SOME
    };
    phrase.fill(
        language,
        &[("sender", &d.sender), ("time", &time), ("images", &images)],
    )
}

/// Whether all has come from the sender.
fn arrivals(d: &DeliveryView, language: Language) -> Option<String> {
    if !d.complete {
        return Some(words::MORE_MAY_COME.fill(language, &[("sender", &d.sender)]));
    }
    let expected = d.expected.filter(|expected| *expected > d.images)?;
    Some(words::FEWER_CAME.fill(
        language,
        &[
            ("whose", &language.whose(&d.sender)),
            ("expected", &language.number(expected)),
            ("came", &language.number(d.images)),
        ],
    ))
}
