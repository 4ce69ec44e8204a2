use super::*;
use proptest::prelude::*;
use uuid::Uuid;

const OURS: OrganisationId = OrganisationId(Uuid::from_u128(1));
const THEIRS: OrganisationId = OrganisationId(Uuid::from_u128(2));
const X_RAY: CareUnitId = CareUnitId(Uuid::from_u128(11));
const WARD: CareUnitId = CareUnitId(Uuid::from_u128(12));
const PSYCHIATRY: CareUnitId = CareUnitId(Uuid::from_u128(13));

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn block(organisation: OrganisationId, unit: Option<CareUnitId>) -> Block {
    Block {
        id: BlockId(Uuid::from_u128(9)),
        patient: PatientKey::stored("191212121212".into()),
        organisation,
        unit,
        registered_at: at("2026-03-02T08:00:00Z"),
        lifted_at: None,
    }
}

fn lifted(organisation: OrganisationId, unit: Option<CareUnitId>) -> Block {
    Block {
        lifted_at: Some(at("2026-03-02T09:00:00Z")),
        ..block(organisation, unit)
    }
}

/// For a study of ours, of a care unit: what is met by those who act at the
/// X-ray department, at the ward, for all of the organisation, and by another's.
#[test]
fn what_a_block_closes_and_to_whom() {
    use Closed::{Nothing as N, Organisation as O, Unit as U};
    let met_by = |blocks: &[Block], of: Option<CareUnitId>| {
        [
            met(blocks, OURS, of, OURS, Some(X_RAY)),
            met(blocks, OURS, of, OURS, Some(WARD)),
            met(blocks, OURS, of, OURS, None),
            met(blocks, OURS, of, THEIRS, None),
        ]
    };
    let ours = |unit| block(OURS, unit);
    type Row = (&'static str, Vec<Block>, Option<CareUnitId>, [Closed; 4]);
    let table: [Row; 11] = [
        ("nothing", vec![], Some(X_RAY), [N, N, N, N]),
        (
            "its unit",
            vec![ours(Some(X_RAY))],
            Some(X_RAY),
            [N, U, U, U],
        ),
        (
            "another unit",
            vec![ours(Some(X_RAY))],
            Some(WARD),
            [N, N, N, N],
        ),
        ("not known", vec![ours(Some(X_RAY))], None, [N, U, U, U]),
        (
            "either of two",
            vec![ours(Some(X_RAY)), ours(Some(PSYCHIATRY))],
            None,
            [U, U, U, U],
        ),
        ("all of it", vec![ours(None)], Some(X_RAY), [O, O, O, O]),
        (
            "all of it and its unit",
            vec![ours(None), ours(Some(X_RAY))],
            Some(X_RAY),
            [O, U, U, U],
        ),
        (
            "in the other order",
            vec![ours(Some(X_RAY)), ours(None)],
            Some(X_RAY),
            [O, U, U, U],
        ),
        (
            "lifted",
            vec![lifted(OURS, None), lifted(OURS, Some(X_RAY))],
            Some(X_RAY),
            [N, N, N, N],
        ),
        (
            "one lifted, one not",
            vec![lifted(OURS, None), ours(Some(X_RAY))],
            Some(X_RAY),
            [N, U, U, U],
        ),
        (
            "another holder's",
            vec![block(THEIRS, None), block(THEIRS, Some(X_RAY))],
            Some(X_RAY),
            [N, N, N, N],
        ),
    ];
    for (name, blocks, of, expected) in table {
        assert_eq!(met_by(&blocks, of), expected, "{name}");
    }
}

#[test]
fn a_consent_holds_at_its_unit_and_in_its_time() {
    let consent = |unit, withdrawn: Option<&str>| Consent {
        id: ConsentId(Uuid::from_u128(7)),
        patient: PatientKey::stored("191212121212".into()),
        organisation: OURS,
        unit,
        from: at("2026-03-02T08:00:00Z"),
        until: at("2026-03-03T08:00:00Z"),
        withdrawn_at: withdrawn.map(at),
    };
    let all = consent(None, None);
    assert!(all.holds(None, at("2026-03-02T08:00:00Z")));
    assert!(all.holds(Some(WARD), at("2026-03-03T07:59:59Z")));
    assert!(!all.holds(None, at("2026-03-02T07:59:59Z")));
    assert!(!all.holds(None, at("2026-03-03T08:00:00Z")));
    let ward = consent(Some(WARD), None);
    assert!(ward.holds(Some(WARD), at("2026-03-02T12:00:00Z")));
    assert!(!ward.holds(Some(X_RAY), at("2026-03-02T12:00:00Z")));
    assert!(!ward.holds(None, at("2026-03-02T12:00:00Z")));
    let withdrawn = consent(None, Some("2026-03-02T10:00:00Z"));
    assert!(!withdrawn.holds(None, at("2026-03-02T12:00:00Z")));
}

#[test]
fn a_consent_is_for_a_year_at_most_and_not_for_what_has_been() {
    let now = at("2026-03-02T08:00:00Z");
    let judged = |from, until| period(at(from), at(until), now);
    assert_eq!(
        judged("2026-03-02T08:00:00Z", "2027-03-02T08:00:00Z"),
        Ok(())
    );
    assert_eq!(
        judged("2026-03-02T08:00:00Z", "2027-03-02T08:00:01Z"),
        Err(BadPeriod::TooLong)
    );
    // A leap day makes the year longer, not the consent shorter.
    assert_eq!(
        judged("2028-01-01T00:00:00Z", "2029-01-01T00:00:00Z"),
        Ok(())
    );
    assert_eq!(
        judged("2026-03-01T08:00:00Z", "2026-04-01T00:00:00Z"),
        Ok(())
    );
    assert_eq!(
        judged("2026-03-01T07:59:59Z", "2026-04-01T00:00:00Z"),
        Err(BadPeriod::Begun)
    );
    assert_eq!(
        judged("2026-03-02T07:00:00Z", "2026-03-02T08:00:00Z"),
        Err(BadPeriod::Ended)
    );
    assert_eq!(
        judged("2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z"),
        Err(BadPeriod::Ended)
    );
}

proptest! {
    /// One more block never opens anything to anyone, and lifting never closes.
    #[test]
    fn more_blocks_close_more(
        units in prop::collection::vec(prop::option::of(0usize..3), 0..5),
        more in prop::option::of(0usize..3),
        of in prop::option::of(0usize..3),
        acts in prop::option::of(0usize..3),
        ours: bool,
    ) {
        let unit = |n: usize| [X_RAY, WARD, PSYCHIATRY][n];
        let mut blocks: Vec<Block> = units.iter().map(|u| block(OURS, u.map(unit))).collect();
        let organisation = if ours { OURS } else { THEIRS };
        let judge = |blocks: &[Block]| {
            let closed = met(blocks, OURS, of.map(unit), organisation, acts.map(unit));
            // What each closes to those within, and to others.
            (closed == Closed::Unit, closed != Closed::Nothing)
        };
        let before = judge(&blocks);
        blocks.push(block(OURS, more.map(unit)));
        let after = judge(&blocks);
        prop_assert!(after.0 >= before.0 && after.1 >= before.1);
        let all: Vec<Block> = blocks.iter().map(|b| lifted(OURS, b.unit)).collect();
        prop_assert_eq!(judge(&all), (false, false));
    }
}
