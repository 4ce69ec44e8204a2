//! Invented hubs to show: one delivery of each kind, or nothing at all.

use bildbro_domain::{
    AeTitle, DeliveryId, GatewayId, OrganisationId, ShareId, StudyId,
    organisation::{Kind, Organisation},
    share::{DeliveryState, Failure, Purpose, Quarantine},
};
use bildbro_flow::ports::hub::{
    DeliveryView, GatewayView, HeldView, Overview, QuarantineView, Totals,
};
use bildbro_http::status::Board;
use bildbro_wire::link::NodeStatus;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

const SKANE: &str = "Region Skåne";
const HALLAND: &str = "Region Halland";
const CLINIC: &str = "Ögonkliniken Lund";

pub fn now() -> Timestamp {
    "2026-03-02T09:42:00Z".parse().expect("a time")
}

fn ago(minutes: i64) -> Timestamp {
    now()
        .checked_sub(SignedDuration::from_mins(minutes))
        .expect("in range")
}

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub fn delivery(n: u128, state: DeliveryState) -> DeliveryView {
    DeliveryView {
        delivery: DeliveryId(uuid(n)),
        share: ShareId(uuid(0x100 + n)),
        sender: HALLAND.into(),
        recipient: SKANE.into(),
        purpose: Purpose::Care,
        modality: "CT".into(),
        study_date: "20260301".into(),
        created: ago(12),
        updated: ago(1),
        state,
        images: 300,
        bytes: 157_000_000,
        expected: Some(300),
        complete: true,
        stored: 0,
        already_there: 0,
        failed: 0,
        failure: None,
        next_attempt: None,
        recipient_silent_since: None,
    }
}

pub fn under_way() -> DeliveryView {
    DeliveryView {
        stored: 200,
        already_there: 12,
        ..delivery(1, DeliveryState::UnderWay)
    }
}

pub fn retrying() -> DeliveryView {
    DeliveryView {
        stored: 40,
        failure: Some(Failure::NodeUnreachable),
        next_attempt: now().checked_add(SignedDuration::from_mins(4)).ok(),
        purpose: Purpose::SecondOpinion,
        modality: "MR".into(),
        ..delivery(2, DeliveryState::Retrying)
    }
}

pub fn stopped() -> DeliveryView {
    DeliveryView {
        sender: SKANE.into(),
        recipient: CLINIC.into(),
        modality: "OPT".into(),
        images: 24,
        expected: Some(24),
        bytes: 41_000_000,
        stored: 20,
        failed: 4,
        failure: Some(Failure::NotAccepted),
        ..delivery(3, DeliveryState::Stopped)
    }
}

pub fn withdrawn() -> DeliveryView {
    DeliveryView {
        stored: 120,
        updated: ago(60 * 30),
        ..delivery(4, DeliveryState::Withdrawn)
    }
}

pub fn waiting() -> DeliveryView {
    DeliveryView {
        images: 180,
        expected: None,
        complete: false,
        modality: "CT".into(),
        recipient: CLINIC.into(),
        recipient_silent_since: Some(ago(87)),
        ..delivery(5, DeliveryState::Waiting)
    }
}

pub fn delivered() -> DeliveryView {
    DeliveryView {
        images: 1,
        expected: Some(1),
        bytes: 8_400_000,
        stored: 1,
        modality: "DX".into(),
        created: ago(60 * 26),
        updated: ago(60 * 26 - 1),
        ..delivery(6, DeliveryState::Delivered)
    }
}

fn organisation(n: u128, name: &str, ae_title: &str, kind: Kind) -> Organisation {
    Organisation {
        id: OrganisationId(uuid(n)),
        name: name.into(),
        kind,
        ae_title: AeTitle::new(ae_title).expect("an AE title"),
        active: true,
    }
}

pub fn empty() -> Board {
    Board {
        overview: Overview::default(),
        totals: Totals::default(),
        organisations: vec![
            organisation(1, SKANE, "BB_SKANE", Kind::Region),
            organisation(2, HALLAND, "BB_HALLAND", Kind::Region),
        ],
        at: now(),
    }
}

pub fn only(delivery: DeliveryView) -> Board {
    let mut board = empty();
    board.totals.studies = 1;
    board.totals.instances = delivery.images;
    board.totals.instance_bytes = delivery.bytes;
    board.totals.deliveries[delivery.state as usize] = 1;
    board.overview.total_deliveries = 1;
    board.overview.deliveries = vec![delivery];
    board
}

fn node(name: &str, ae_title: &str, answers: Option<bool>, direct: [u64; 3]) -> NodeStatus {
    NodeStatus {
        name: name.into(),
        ae_title: AeTitle::new(ae_title).expect("an AE title"),
        answers,
        direct_waiting: direct[0],
        direct_stored: direct[1],
        direct_failed: direct[2],
    }
}

fn gateways() -> Vec<GatewayView> {
    let gateway = |n, organisation: &str, name: &str, minutes| GatewayView {
        gateway: GatewayId(uuid(n)),
        organisation: organisation.into(),
        name: name.into(),
        version: "0.1.0".into(),
        last_seen: Some(ago(minutes)),
        waiting_images: 0,
        waiting_bytes: 0,
        nodes: Vec::new(),
    };
    vec![
        GatewayView {
            nodes: vec![
                node("Sectra", "SECTRA_HLD", Some(true), [3, 1288, 0]),
                node("Mammografi", "MAMMO", None, [0, 0, 0]),
            ],
            waiting_images: 120,
            waiting_bytes: 63_000_000,
            ..gateway(1, HALLAND, "hld-gw1", 0)
        },
        GatewayView {
            nodes: vec![node("Sectra", "SECTRA_SKANE", Some(false), [0, 0, 0])],
            ..gateway(2, SKANE, "skane-gw1", 0)
        },
        gateway(3, CLINIC, "lund", 87),
    ]
}

pub fn busy() -> Board {
    let mut board = empty();
    board.overview = Overview {
        deliveries: vec![
            under_way(),
            waiting(),
            retrying(),
            stopped(),
            delivered(),
            withdrawn(),
        ],
        total_deliveries: 1_318,
        held: vec![HeldView {
            study: StudyId(uuid(1)),
            organisation: HALLAND.into(),
            modality: "MR".into(),
            study_date: "20260227".into(),
            images: 412,
            bytes: 216_000_000,
            updated: ago(14),
            complete: true,
            expected: Some(420),
        }],
        quarantined: vec![QuarantineView {
            organisation: HALLAND.into(),
            reason: Quarantine::UidConflict,
            images: 2,
            latest: ago(60 * 50),
        }],
        gateways: gateways(),
    };
    board.totals = Totals {
        studies: 1_402,
        instances: 402_118,
        instance_bytes: 211_400_000_000,
        quarantined: 2,
        pending_images: 532,
        deliveries: [1, 1, 1, 1_313, 1, 1],
        audit_entries: 12_345,
    };
    board
}
