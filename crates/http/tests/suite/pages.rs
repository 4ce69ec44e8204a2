//! The status page: what it says, and what it carries.

use crate::{
    fixture::{Hub, frames, image},
    sample,
};
use axum::http::header;
use bildbro_flow::ports::hub::DeliveryView;
use bildbro_http::status::{Board, Language, render_page};
use bildbro_wire::{frame, link::INSTANCES};

/// What a reader sees: tags gone, a line for each piece of text.
fn text(board: &Board, language: Language) -> String {
    let html = render_page(board, language).unwrap();
    let body = html.split_once("<main").unwrap().1;
    let mut lines = Vec::new();
    for piece in body.split('<').skip(1) {
        let text = piece
            .split_once('>')
            .unwrap()
            .1
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        if !text.is_empty() {
            lines.push(text);
        }
    }
    lines.join("\n")
}

fn both(name: &str, board: &Board) {
    for language in [Language::Swedish, Language::English] {
        insta::assert_snapshot!(format!("{name}-{}", language.tag()), text(board, language));
    }
}

fn one(name: &str, delivery: DeliveryView) {
    both(name, &sample::only(delivery));
}

#[test]
fn says_what_is_true_and_what_happens_next() {
    both("empty", &sample::empty());
    both("busy", &sample::busy());
    one("under-way", sample::under_way());
    one("waiting", sample::waiting());
    one("retrying", sample::retrying());
    one("stopped", sample::stopped());
    one("withdrawn", sample::withdrawn());
    one("delivered", sample::delivered());
}

#[test]
fn others_text_is_escaped() {
    let mut delivery = sample::under_way();
    delivery.sender = "<script>alert(1)</script>".into();
    delivery.modality = "\"><b>".into();
    let html = render_page(&sample::only(delivery), Language::English).unwrap();
    assert!(!html.contains("<script>alert") && !html.contains("<b>"));
    assert!(!html.contains(" style="), "the policy forbids inline style");
}

#[tokio::test]
async fn everything_carries_the_policy() {
    let hub = Hub::new().await;
    for path in [
        "/",
        "/overview.json",
        "/metrics",
        "/assets/status.css",
        "/nothing",
    ] {
        let answer = hub.get(path).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
        let kept = path.starts_with("/assets/");
        assert_eq!(
            answer.headers[header::CACHE_CONTROL] == "no-store",
            !kept,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_page_and_its_facts_agree() {
    let hub = Hub::new().await;
    assert!(
        hub.get("/?lang=sv")
            .await
            .text()
            .contains("Inget har skickats än.")
    );
    assert!(
        hub.get("/?lang=en")
            .await
            .text()
            .contains("Nothing has been sent yet.")
    );
    let mut body = frames(&[image(1, hub.recipient.share())]);
    body.extend(frame::END);
    hub.send(INSTANCES, &hub.sender.token, frame::MEDIA_TYPE, body.into())
        .await;
    let page = hub.get("/?lang=en").await.text();
    assert!(
        page.contains("0 of 1 images so far in Region Skåne’s PACS"),
        "{page}"
    );
    assert!(!page.contains("191212121212"), "no personal data");
    let facts = hub.get("/overview.json").await;
    assert_eq!(facts.json()["deliveries"][0]["recipient"], "Region Skåne");
    assert_eq!(facts.json()["totals"]["deliveries"]["waiting"], 1);
    assert!(!facts.text().contains("191212121212"), "no personal data");
}

#[tokio::test]
async fn a_name_from_elsewhere_gets_no_page() {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;
    let hub = Hub::new().await;
    let request = Request::get("/").header(header::HOST, "rebound.example:8071");
    let router = bildbro_http::operations_router(hub.state.clone());
    let response = router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 421);
}
