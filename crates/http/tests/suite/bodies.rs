//! Bodies that are wrong, too much, or break off.

use crate::fixture::{Hub, frames, image, whole};
use axum::body::{Body, Bytes};
use bildbro_http::ENDPOINTS;
use bildbro_wire::{
    frame,
    link::{HELLO, INSTANCES, Intent, MAX_BATCH, OFFER, Offers},
};
use futures::stream;

const JSON: &str = "application/json";

#[tokio::test]
async fn a_message_is_json_of_bounded_length() {
    let hub = Hub::new().await;
    let token = &hub.sender.token;
    let answer = hub.send(HELLO, token, "text/plain", "{}".into()).await;
    assert_eq!(answer.problem(), "wrong-media-type");
    let answer = hub
        .send(HELLO, token, "application/json; charset=utf-8", "{".into())
        .await;
    assert_eq!(answer.problem(), "unreadable");
    let answer = hub
        .send(HELLO, token, JSON, vec![b' '; 3 << 20].into())
        .await;
    assert_eq!(answer.problem(), "body-too-large");
    let secret = r#"{"offers":[{"header":{"study_uid":"Tolvan^Tolvansson"}}]}"#;
    let answer = hub.send(OFFER, token, JSON, secret.into()).await;
    assert_eq!(answer.problem(), "unreadable");
    assert!(!answer.text().contains("Tolvan"), "no value is sent back");
}

#[tokio::test]
async fn a_batch_is_bounded() {
    let hub = Hub::new().await;
    let one = image(1, Intent::Hold);
    let offers = vec![one.0.clone(); MAX_BATCH + 1];
    let answer = hub.post(OFFER, &hub.sender.token, &Offers { offers }).await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (413, "too-many")
    );
    let body = whole(&vec![one; MAX_BATCH + 1]);
    let answer = hub
        .send(INSTANCES, &hub.sender.token, frame::MEDIA_TYPE, body)
        .await;
    assert_eq!(answer.problem(), "too-many");
}

async fn held_images(hub: &Hub) -> u64 {
    hub.store.totals().await.unwrap().instances
}

#[tokio::test]
async fn what_came_whole_before_the_break_is_kept() {
    let hub = Hub::new().await;
    let both = [image(1, Intent::Hold), image(2, Intent::Hold)];
    let body = frames(&both);
    let cut = Bytes::from(body[..body.len() - 5].to_vec());
    let broken = stream::iter([Ok(cut), Err(std::io::Error::other("hung up"))]);
    let body = Body::from_stream(broken);
    let answer = hub
        .send(INSTANCES, &hub.sender.token, frame::MEDIA_TYPE, body)
        .await;
    assert_eq!(answer.problem(), "broken-off");
    assert_eq!(held_images(&hub).await, 1);

    // Without the end mark it is cut off too, though the connection is fine.
    let body = frames(&both).into();
    let answer = hub
        .send(INSTANCES, &hub.sender.token, frame::MEDIA_TYPE, body)
        .await;
    assert_eq!(answer.problem(), "broken-off");
    assert_eq!(held_images(&hub).await, 2);
}

#[tokio::test]
async fn a_frame_that_is_no_image_stops_no_other() {
    let hub = Hub::new().await;
    let damaged = (
        image(1, Intent::Hold).0,
        vec![0; image(1, Intent::Hold).1.len()],
    );
    let mut huge = (image(2, Intent::Hold).0, vec![0; 2 << 20]);
    huge.0.length = 2 << 20;
    let body = whole(&[damaged, huge, image(3, Intent::Hold)]);
    let answer = hub
        .send(INSTANCES, &hub.sender.token, frame::MEDIA_TYPE, body)
        .await;
    let answers = answer.json()["answers"].clone();
    assert_eq!(answers[1]["reason"], "too_large", "{answers}");
    assert_eq!(answers[2]["answer"], "held");
    assert_eq!(held_images(&hub).await, 1);

    let mut nonsense = frame::head(b"{}");
    nonsense.extend(frame::END);
    let answer = hub
        .send(
            INSTANCES,
            &hub.sender.token,
            frame::MEDIA_TYPE,
            nonsense.into(),
        )
        .await;
    assert_eq!(answer.problem(), "unreadable");
    let answer = hub
        .send(INSTANCES, &hub.sender.token, JSON, Body::empty())
        .await;
    assert_eq!(answer.problem(), "wrong-media-type");
}

#[tokio::test]
async fn garbage_never_ends_in_a_fault_of_ours() {
    let hub = Hub::new().await;
    for endpoint in ENDPOINTS
        .iter()
        .filter(|e| e.path.starts_with("/link/") || e.path.starts_with("/oauth"))
    {
        for media_type in [JSON, frame::MEDIA_TYPE, "application/x-www-form-urlencoded"] {
            for body in [
                &b""[..],
                b"null",
                b"[[[[",
                b"\xff\xff\xff\xff\xff",
                b"a=b&grant_type=%ff",
            ] {
                let answer = hub
                    .send(
                        endpoint.path,
                        &hub.sender.token,
                        media_type,
                        Body::from(body),
                    )
                    .await;
                assert!(
                    answer.status.is_client_error(),
                    "{}: {}",
                    endpoint.path,
                    answer.text()
                );
            }
        }
    }
}
