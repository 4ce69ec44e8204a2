//! Coercion on the way out: the same copy at any split; what no rule names is
//! unchanged to the byte; a second time changes nothing.

use crate::{
    random::{Random, pieces},
    seeds,
    targets::coerce::elements::Element,
};
use bildbro_dicom::{
    Tag,
    coerce::{CoerceError, Rewriter, Rule, Rules},
    scan::{Limits, Scanner},
    syntax, tag,
};

mod elements;

pub fn run(data: &[u8]) {
    let [first, choice, bytes @ ..] = data else {
        return;
    };
    // One of the four with an encoding of their own, or a compressed one.
    let transfer_syntax = super::syntax(first % 5);
    let rules = rules(*choice);
    let whole = rewrite(transfer_syntax, &rules, &[bytes]);
    let mut random = Random::of(bytes);
    for _ in 0..2 {
        let split = pieces(bytes, Random::new(random.next()));
        let again = rewrite(transfer_syntax, &rules, &split);
        // Of two faults of a deflated data set either may be met first.
        if transfer_syntax == syntax::DEFLATED && whole.is_err() {
            assert!(again.is_err(), "an error at any split");
        } else {
            assert_eq!(whole, again, "the same at any split");
        }
    }
    let Ok(out) = whole else {
        return;
    };
    if rules.rules.is_empty() {
        assert_eq!(out, bytes, "without a rule nothing changes");
        return;
    }
    let twice = rewrite(transfer_syntax, &rules, &[&out]);
    assert_eq!(twice.as_ref(), Ok(&out), "a second time changes nothing");
    same_object(transfer_syntax, bytes, &out);
    if transfer_syntax != syntax::DEFLATED {
        let kept = |bytes| untouched(transfer_syntax, bytes, &rules);
        assert!(kept(bytes) == kept(&out), "what no rule names is unchanged");
    }
}

fn rules(choice: u8) -> Rules {
    let set = |text: &str| Rule::Set(text.to_owned());
    let prefix = |text: &str| Rule::Prefix(text.to_owned());
    let rules = match choice % 6 {
        0 => vec![],
        1 => vec![(tag::PATIENT_ID, set("ABC-123"))],
        2 => vec![
            (tag::ACCESSION_NUMBER, prefix("X-")),
            (tag::INSTITUTION_NAME, set("Åkerö")),
        ],
        3 => vec![
            (tag::PATIENT_NAME, Rule::Clear),
            (tag::ISSUER_OF_PATIENT_ID, set("1.2.752.129")),
        ],
        4 => vec![(tag::STUDY_DESCRIPTION, Rule::Clear)],
        _ => vec![
            (tag::STUDY_ID, prefix("9")),
            (tag::PATIENT_ID, prefix("9")),
            (tag::STUDY_DATE, set("20260101")),
        ],
    };
    Rules {
        rules,
        source: "PACS Ö".to_owned(),
        system: "BILDBRO".to_owned(),
        at: "20260101120000".to_owned(),
    }
}

fn rewrite(transfer_syntax: &str, rules: &Rules, pieces: &[&[u8]]) -> Result<Vec<u8>, CoerceError> {
    let mut rewriter = Rewriter::new(transfer_syntax, rules.clone());
    let mut out = Vec::new();
    for piece in pieces {
        rewriter.push(piece, &mut out)?;
    }
    rewriter.finish(&mut out)?;
    Ok(out)
}

/// No rule can change which object it is.
fn same_object(transfer_syntax: &str, before: &[u8], after: &[u8]) {
    let uids = |bytes| {
        let mut scanner = Scanner::new(transfer_syntax, Limits::default());
        scanner.push(bytes).ok()?;
        let header = scanner.finish().ok()?;
        Some((
            header.study_uid,
            header.series_uid,
            header.sop_uid,
            header.class_uid,
        ))
    };
    if let Some(before) = uids(before) {
        assert_eq!(Some(before), uids(after), "the same object");
    }
}

/// The elements that no rule names, with those left out that coercion may add
/// to or leave away: Original Attributes Sequence and lengths of groups.
fn untouched<'a>(transfer_syntax: &str, bytes: &'a [u8], rules: &Rules) -> Vec<Element<'a>> {
    const LENGTH_TO_END: Tag = Tag(0x0008, 0x0001);
    let touched = |found: Tag| {
        found.1 == 0
            || found == LENGTH_TO_END
            || found == tag::ORIGINAL_ATTRIBUTES_SEQUENCE
            || rules.rules.iter().any(|(tag, _)| *tag == found)
    };
    let mut elements = elements::of(transfer_syntax, bytes);
    elements.retain(|element| !touched(element.tag));
    elements
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for seed in seeds::data_sets() {
        let Some((first, bytes)) = seed.split_first() else {
            continue;
        };
        if usize::from(*first) < 5 {
            out.extend((0..6).map(|choice| [&[*first, choice], bytes].concat()));
        }
    }
    out
}
