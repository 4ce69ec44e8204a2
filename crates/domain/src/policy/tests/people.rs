//! What people may do: every combination, as tables to be read, and the rules
//! that hold whatever the tables say.

use super::super::*;
use crate::{
    AssignmentId, CareUnitId, HsaId, MemberId, Personal, SessionId,
    audit::Action,
    care::Will,
    member::{Acting, Assignment, Level, Member},
    permission::{BuiltIn, Role},
};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};
use uuid::Uuid;

const OURS: OrganisationId = OrganisationId(Uuid::from_u128(1));
const THEIRS: OrganisationId = OrganisationId(Uuid::from_u128(2));

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn unit(n: u128) -> CareUnitId {
    CareUnitId(Uuid::from_u128(n))
}

fn assignment(role: Role, unit: Option<CareUnitId>) -> Assignment {
    Assignment {
        id: AssignmentId(Uuid::from_u128(77)),
        role,
        unit,
        commission: None::<HsaId>,
    }
}

fn someone(assignments: Vec<Assignment>) -> Acting {
    Acting {
        session: SessionId(Uuid::from_u128(5)),
        level: Level::Full,
        member: Member {
            id: MemberId(Uuid::from_u128(6)),
            organisation: OURS,
            name: Personal::new("Siv Syster"),
            email: Personal::new("siv@example.com"),
            hsa_id: None,
            personal_number: None,
            active: true,
        },
        organisation_active: true,
        organisation_in_care: true,
        unit: None,
        assignments,
        fresh_at: at(1_000),
        from: "192.0.2.7".into(),
    }
}

fn holder_of(roles: &[BuiltIn]) -> Acting {
    let whole = |role: &BuiltIn| assignment(Role::built_in(*role), None);
    someone(roles.iter().map(whole).collect())
}

fn holder_of_all(permissions: &[Permission]) -> Acting {
    let role = Role {
        word: "own".into(),
        name: "own".into(),
        permissions: permissions.iter().copied().collect(),
    };
    someone(vec![assignment(role, None)])
}

fn request(who: &Acting) -> ContentRequest<'_> {
    ContentRequest {
        who,
        deed: Deed::View,
        study: StudyId(Uuid::from_u128(3)),
        relation: Relation::Holder,
        purpose: Purpose::Care,
        will: Will::Unknown,
        closed: Closed::Nothing,
    }
}

fn word(answer: &Result<Access, Denial>) -> String {
    match answer {
        Ok(access) if access.is_emergency() => "yes, as an emergency".into(),
        Ok(_) => "yes".into(),
        Err(Denial::NoPermission(permission)) => format!("no_permission {}", permission.as_str()),
        Err(denial) => denial.as_str().into(),
    }
}

/// Those who are looked at: who has nothing, each built-in role, and the two
/// that care for patients together, within care and outside it.
fn cast() -> Vec<(String, Acting)> {
    let mut all = vec![("no role".into(), holder_of(&[]))];
    for role in BuiltIn::ALL {
        all.push((role.as_str().to_owned(), holder_of(&[*role])));
    }
    let both = [BuiltIn::Sender, BuiltIn::Receiver];
    all.push(("sender and receiver".into(), holder_of(&both)));
    let mut outside = holder_of(&both);
    outside.organisation_in_care = false;
    all.push(("sender and receiver, outside care".into(), outside));
    all
}

/// A line for each thing that makes a difference to the answer.
fn lines(who: &Acting, deed: Deed, relation: Relation) -> Vec<String> {
    let answer = |purpose, will, closed| {
        let wish = ContentRequest {
            deed,
            relation,
            purpose,
            will,
            closed,
            ..request(who)
        };
        word(&content(&wish, at(1_001)))
    };
    let mut purposes: BTreeMap<Vec<String>, Vec<&str>> = BTreeMap::new();
    for purpose in Purpose::ALL {
        let mut rows = Vec::new();
        for will in Will::ALL {
            let [nothing, unit, organisation] =
                [Closed::Nothing, Closed::Unit, Closed::Organisation]
                    .map(|c| answer(purpose, *will, c));
            let row = if nothing == unit && unit == organisation {
                nothing
            } else {
                format!("{nothing}; unit closed: {unit}; organisation closed: {organisation}")
            };
            rows.push(row);
        }
        let rows = if rows.iter().all(|row| *row == rows[0]) {
            vec![rows.remove(0)]
        } else {
            let named = Will::ALL.iter().zip(rows);
            named
                .map(|(will, row)| format!("will {}: {row}", will.as_str()))
                .collect()
        };
        purposes.entry(rows).or_default().push(purpose.as_str());
    }
    if purposes.len() == 1 {
        return purposes.into_keys().flatten().collect();
    }
    let mut all: Vec<_> = purposes
        .into_iter()
        .map(|(rows, names)| (names, rows))
        .collect();
    all.sort();
    all.into_iter()
        .flat_map(|(names, rows)| {
            let heading = format!("for {}:", names.join(", "));
            std::iter::once(heading).chain(rows.into_iter().map(|row| format!("  {row}")))
        })
        .collect()
}

#[test]
fn who_reaches_which_study() {
    let mut table = String::new();
    for (name, who) in cast() {
        writeln!(table, "{name}").unwrap();
        for deed in Deed::ALL {
            for relation in Relation::ALL {
                let lines = lines(&who, *deed, *relation);
                write!(table, "  {} as {}:", deed.as_str(), relation.as_str()).unwrap();
                if let [line] = &lines[..] {
                    writeln!(table, " {line}").unwrap();
                } else {
                    writeln!(table).unwrap();
                    for line in lines {
                        writeln!(table, "    {line}").unwrap();
                    }
                }
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn who_does_what() {
    let mut table = String::from(
        "Each: of one's own organisation, and of another; with a fresh second factor, and without.\n",
    );
    for (name, who) in cast() {
        let mut by_answer: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for action in Action::ALL {
            let answer = |whose, now| match allow(&who, *action, whose, at(now)) {
                Ok(_) => "yes".to_owned(),
                Err(Denial::NoPermission(permission)) => {
                    format!("no_permission {}", permission.as_str())
                }
                Err(denial) => denial.as_str().to_owned(),
            };
            let pair = |whose| {
                let (fresh, stale) = (answer(whose, 1_001), answer(whose, 1_600));
                if fresh == stale {
                    fresh
                } else {
                    format!("{fresh}, {stale}")
                }
            };
            let (own, other) = (pair(OURS), pair(THEIRS));
            let both = format!("own: {own}; other: {other}");
            by_answer.entry(both).or_default().push(action.as_str());
        }
        writeln!(table, "{name}").unwrap();
        for (answer, actions) in by_answer {
            writeln!(table, "  {answer}").unwrap();
            for some in actions.chunks(6) {
                writeln!(table, "    {}", some.join(" ")).unwrap();
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_factor_is_fresh_for_ten_minutes_and_never_before_it_was_shown() {
    let who = holder_of(&[BuiltIn::Receiver]);
    let fresh = |now| allow(&who, Action::EmergencyAccess, OURS, at(now)).is_ok();
    assert!(fresh(1_000) && fresh(1_599));
    assert!(!fresh(1_600) && !fresh(999));
}

#[test]
fn an_access_covers_its_study_for_a_page_of_images() {
    let who = holder_of(&[BuiltIn::Sender]);
    let access = content(&request(&who), at(1_001)).unwrap();
    let study = StudyId(Uuid::from_u128(3));
    assert!(access.covers(study, at(1_001 + 899)));
    assert!(!access.covers(study, at(1_001 + 900)));
    assert!(!access.covers(StudyId(Uuid::from_u128(4)), at(1_001)));
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

fn permissions() -> impl Strategy<Value = BTreeSet<Permission>> {
    prop::collection::btree_set(one_of(Permission::ALL), 0..16)
}

type Facts = (Deed, Relation, Purpose, Will, Closed);

fn facts() -> impl Strategy<Value = Facts> {
    (
        one_of(Deed::ALL),
        one_of(Relation::ALL),
        prop::sample::select(&Purpose::ALL[..]),
        one_of(Will::ALL),
        one_of(Closed::ALL),
    )
}

fn asked(who: &Acting, facts: Facts, now: i64) -> Result<Access, Denial> {
    let (deed, relation, purpose, will, closed) = facts;
    let wish = ContentRequest {
        deed,
        relation,
        purpose,
        will,
        closed,
        ..request(who)
    };
    content(&wish, at(now))
}

proptest! {
    #[test]
    fn nothing_without_its_permission(held in permissions(), facts in facts(), now in 0i64..3_000) {
        let held: Vec<_> = held.into_iter().collect();
        let who = holder_of_all(&held);
        if let Ok(access) = asked(&who, facts, now) {
            prop_assert!(held.contains(&facts.0.permission()));
            prop_assert!(!access.is_emergency() || held.contains(&Permission::Emergency));
            prop_assert_eq!(access.is_emergency(), access.is_emergency() && facts.3 == Will::Emergency);
        }
        prop_assert!(asked(&holder_of(&[]), facts, now).is_err());
    }

    /// A block that is met is opened by nothing but an emergency or the patient
    /// themselves; a consent makes no difference to it.
    #[test]
    fn consent_never_overrides_a_block(facts in facts(), now in 1_000i64..1_500) {
        let who = holder_of_all(Permission::ALL);
        let (deed, relation, purpose, _, closed) = facts;
        let with = |will| asked(&who, (deed, relation, purpose, will, closed), now);
        let consented = with(Will::Consent);
        if closed != Closed::Nothing && relation == Relation::Other {
            prop_assert!(consented.is_err());
        }
        if relation != Relation::Other {
            prop_assert_eq!(with(Will::Unknown).is_ok(), consented.is_ok());
        }
        // Without consent, whether something is blocked is not told.
        if relation == Relation::Other {
            let open = asked(&who, (deed, relation, purpose, Will::Unknown, Closed::Nothing), now);
            prop_assert_eq!(with(Will::Unknown).err(), open.err());
        }
        // Nothing leaves its holder by an emergency.
        if matches!(deed, Deed::Share | Deed::Receive) {
            prop_assert_eq!(with(Will::Emergency).is_ok(), with(Will::Unknown).is_ok());
        }
    }

    #[test]
    fn whoever_is_not_wholly_here_gets_nothing(
        facts in facts(), action in one_of(Action::ALL), n in 0usize..4, now in 1_000i64..1_500,
    ) {
        let mut who = holder_of_all(Permission::ALL);
        let denial = match n {
            0 => { who.level = Level::First; Denial::NotLoggedIn }
            1 => { who.level = Level::Setup; Denial::NotLoggedIn }
            2 => { who.member.active = false; Denial::MemberInactive }
            _ => { who.organisation_active = false; Denial::SubjectInactive }
        };
        let reached = asked(&who, facts, now).err();
        prop_assert_eq!(reached, Some(denial));
        let did = allow(&who, action, OURS, at(now)).err();
        prop_assert_eq!(did, Some(denial));
    }

    /// What is another organisation's is denied in words that are not told, to
    /// everyone alike; the operator's own acts aside, which are about others.
    #[test]
    fn a_stranger_learns_nothing(held in permissions(), action in one_of(Action::ALL), now in 0i64..3_000) {
        let held: Vec<_> = held.into_iter().collect();
        let who = holder_of_all(&held);
        let runs_hub = demand(action).is_some_and(|d| d.permission == Permission::RunHub);
        match allow(&who, action, THEIRS, at(now)) {
            Ok(_) => prop_assert!(runs_hub && held.contains(&Permission::RunHub)),
            Err(denial) => prop_assert!(runs_hub || !denial.may_be_told()),
        }
        for (deed, relation) in [
            (Deed::Share, Relation::Recipient), (Deed::Share, Relation::Other),
            (Deed::Receive, Relation::Holder), (Deed::Receive, Relation::Other),
        ] {
            let facts = (deed, relation, Purpose::Care, Will::Emergency, Closed::Nothing);
            let denial = asked(&who, facts, now).err();
            prop_assert_eq!(denial.map(Denial::may_be_told), Some(false));
        }
    }

    /// What the administrator is told is what holds, at each care unit.
    #[test]
    fn explained_as_it_is(
        given in prop::collection::vec((permissions(), prop::option::of(1u128..4)), 0..4),
        acts in prop::option::of(1u128..4), active: bool, action in one_of(Action::ALL),
    ) {
        let given = given.into_iter().map(|(permissions, at)| {
            let role = Role { word: "own".into(), name: "own".into(), permissions };
            assignment(role, at.map(unit))
        });
        let mut who = someone(given.collect());
        who.unit = acts.map(unit);
        who.member.active = active;
        let explained = explain(&who);
        prop_assert_eq!(explained.len(), Permission::ALL.len());
        for one in &explained {
            let counts = one.by.iter().any(|g| g.unit.is_none() || g.unit == who.unit);
            prop_assert_eq!(counts, active && who.holds(one.permission));
            let would: Vec<_> = BuiltIn::ALL.iter().copied()
                .filter(|role| holder_of(&[*role]).holds(one.permission)).collect();
            prop_assert_eq!(&one.would, &would);
            if demand(action).is_some_and(|d| d.permission == one.permission) {
                prop_assert_eq!(counts, allow(&who, action, OURS, at(1_001)).is_ok());
            }
        }
    }
}
