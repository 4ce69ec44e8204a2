mod people;

use super::*;
use uuid::Uuid;

fn organisation(n: u128) -> OrganisationId {
    OrganisationId(Uuid::from_u128(n))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn good() -> ReleaseRequest {
    ReleaseRequest {
        subject: Subject {
            gateway: GatewayId(Uuid::from_u128(9)),
            organisation: organisation(2),
        },
        delivery: DeliveryId(Uuid::from_u128(5)),
        share: ShareId(Uuid::from_u128(4)),
        study: StudyId(Uuid::from_u128(3)),
        sender: organisation(1),
        recipient: organisation(2),
        purpose: Purpose::Care,
        legal_mode: LegalMode::Disclosure,
        subject_active: true,
        sender_active: true,
        recipient_active: true,
        recipient_in_care: true,
        closed: Closed::Nothing,
        held: false,
        expires: Some(at(2_000)),
        revoked: None,
    }
}

/// Every combination of the facts that decide, against the rules said once
/// more in another way: a permit exactly when nothing speaks against it.
#[test]
fn a_permit_exactly_when_nothing_speaks_against_it() {
    for bits in 0u32..128 {
        let bit = |n: u32| bits & (1 << n) != 0;
        let mut request = good();
        request.subject.organisation = organisation(if bit(0) { 7 } else { 2 });
        request.subject_active = !bit(1);
        request.sender_active = !bit(2);
        request.recipient_active = !bit(3);
        request.revoked = bit(4).then(|| at(999));
        request.expires = bit(5).then(|| at(1_000));
        request.recipient_in_care = !bit(6);
        let answer = release(&request, at(1_000));
        assert_eq!(answer.is_ok(), bits == 0, "{bits:07b}: {answer:?}");
        if bit(0) {
            // Whatever else is wrong, a stranger learns nothing.
            assert_eq!(answer.err().map(Denial::may_be_told), Some(false));
        }
    }
}

#[test]
fn a_permit_covers_its_study_until_it_ends() {
    let permit = release(&good(), at(1_000)).unwrap();
    let study = StudyId(Uuid::from_u128(3));
    assert!(permit.covers(study, at(1_001)));
    assert!(!permit.covers(StudyId(Uuid::from_u128(8)), at(1_001)));
    assert!(!permit.covers(study, at(1_000 + 15 * 60)));

    let mut short = good();
    short.expires = Some(at(1_010));
    let permit = release(&short, at(1_000)).unwrap();
    assert!(!permit.covers(study, at(1_010)));
}

#[test]
fn coherent_access_is_never_given_by_a_share() {
    let mut request = good();
    request.legal_mode = LegalMode::CoherentAccess;
    assert_eq!(release(&request, at(1_000)).err(), Some(Denial::LegalMode));
}

#[test]
fn sharing_needs_a_holder_and_another_active_party() {
    let request = ShareRequest {
        sender: organisation(1),
        holder: organisation(1),
        recipient: organisation(2),
        purpose: Purpose::Care,
        sender_active: true,
        recipient_active: true,
        recipient_in_care: true,
        closed: Closed::Nothing,
        partner_closed: false,
    };
    assert_eq!(share(&request), Ok(()));
    let with = |change: fn(&mut ShareRequest)| {
        let mut changed = request.clone();
        change(&mut changed);
        share(&changed)
    };
    assert_eq!(with(|r| r.holder = organisation(3)), Err(Denial::NotHolder));
    assert_eq!(
        with(|r| r.recipient = organisation(1)),
        Err(Denial::ToItself)
    );
    assert_eq!(
        with(|r| r.recipient_active = false),
        Err(Denial::RecipientInactive)
    );
    assert_eq!(
        with(|r| r.sender_active = false),
        Err(Denial::SenderInactive)
    );
    assert_eq!(
        with(|r| r.recipient_in_care = false),
        Err(Denial::OutsideCare)
    );
}
