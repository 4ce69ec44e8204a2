//! `/overview.json`: what the page shows, for machines. Fields are only added.

use super::view::Board;
use bildbro_domain::share::DeliveryState;
use bildbro_flow::ports::hub::{DeliveryView, GatewayView, HeldView, QuarantineView, Totals};
use serde_json::{Map, Value, json};

/// As [`Totals::deliveries`] counts them.
const STATES: [DeliveryState; 6] = [
    DeliveryState::Waiting,
    DeliveryState::UnderWay,
    DeliveryState::Retrying,
    DeliveryState::Delivered,
    DeliveryState::Stopped,
    DeliveryState::Withdrawn,
];

#[must_use]
pub fn overview(board: &Board) -> Value {
    let overview = &board.overview;
    json!({
        "time": board.at,
        "totals": totals(&board.totals),
        "total_deliveries": overview.total_deliveries,
        "deliveries": overview.deliveries.iter().map(delivery).collect::<Vec<_>>(),
        "held": overview.held.iter().map(held).collect::<Vec<_>>(),
        "quarantined": overview.quarantined.iter().map(quarantined).collect::<Vec<_>>(),
        "gateways": overview.gateways.iter().map(gateway).collect::<Vec<_>>(),
    })
}

fn totals(totals: &Totals) -> Value {
    let deliveries: Map<String, Value> = STATES
        .iter()
        .zip(totals.deliveries)
        .map(|(state, n)| (state.as_str().to_owned(), n.into()))
        .collect();
    json!({
        "studies": totals.studies,
        "instances": totals.instances,
        "instance_bytes": totals.instance_bytes,
        "quarantined": totals.quarantined,
        "pending_images": totals.pending_images,
        "deliveries": deliveries,
        "audit_entries": totals.audit_entries,
    })
}

fn delivery(d: &DeliveryView) -> Value {
    json!({
        "delivery": d.delivery,
        "share": d.share,
        "sender": d.sender,
        "recipient": d.recipient,
        "purpose": d.purpose,
        "modality": d.modality,
        "study_date": d.study_date,
        "created": d.created,
        "updated": d.updated,
        "state": d.state,
        "images": d.images,
        "bytes": d.bytes,
        "expected": d.expected,
        "complete": d.complete,
        "stored": d.stored,
        "already_there": d.already_there,
        "failed": d.failed,
        "failure": d.failure,
        "next_attempt": d.next_attempt,
        "recipient_silent_since": d.recipient_silent_since,
    })
}

fn held(h: &HeldView) -> Value {
    json!({
        "study": h.study,
        "organisation": h.organisation,
        "modality": h.modality,
        "study_date": h.study_date,
        "images": h.images,
        "bytes": h.bytes,
        "updated": h.updated,
        "complete": h.complete,
        "expected": h.expected,
    })
}

fn quarantined(q: &QuarantineView) -> Value {
    json!({
        "organisation": q.organisation,
        "reason": q.reason,
        "images": q.images,
        "latest": q.latest,
    })
}

fn gateway(g: &GatewayView) -> Value {
    json!({
        "gateway": g.gateway,
        "organisation": g.organisation,
        "name": g.name,
        "version": g.version,
        "last_seen": g.last_seen,
        "waiting_images": g.waiting_images,
        "waiting_bytes": g.waiting_bytes,
        "nodes": g.nodes,
    })
}
