//! Machine login: what is refused, in OAuth's words (RFC 6749 5.2).

use crate::fixture::{Answer, Hub};
use axum::http::header;
use bildbro_wire::link::TOKEN;

const FORM: &str = "application/x-www-form-urlencoded";
const TYPE: &str =
    "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

async fn refused(hub: &Hub, media_type: &str, form: &str) -> String {
    let answer: Answer = hub
        .send(TOKEN, "", media_type, form.to_owned().into())
        .await;
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    assert!(answer.status.is_client_error());
    answer.json()["error"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_request_that_proves_nothing_gets_nothing() {
    let hub = Hub::new().await;
    let with = |assertion: &str| {
        format!("grant_type=client_credentials&{TYPE}&client_assertion={assertion}")
    };
    assert_eq!(
        refused(&hub, "application/json", "{}").await,
        "invalid_request"
    );
    assert_eq!(refused(&hub, FORM, "").await, "invalid_request");
    assert_eq!(
        refused(&hub, FORM, "grant_type=password").await,
        "unsupported_grant_type"
    );
    assert_eq!(
        refused(&hub, FORM, "grant_type=client_credentials").await,
        "invalid_request"
    );
    assert_eq!(refused(&hub, FORM, &with("")).await, "invalid_request");
    // `{"alg":"none"}`, and `{"iss":…}` of a gateway that is not there.
    let nobody =
        "eyJhbGciOiJub25lIn0.eyJpc3MiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDEifQ.";
    for garbage in ["x", "a.b.c", "....", nobody] {
        assert_eq!(refused(&hub, FORM, &with(garbage)).await, "invalid_client");
    }
}
