//! Codes that were used, have run out or were guessed.

use bildbro_testkit::{Gateway, GatewayOptions, Hub, HubOptions};

#[tokio::test]
async fn a_code_enrols_one_gateway_once_and_in_time() {
    let hub = Hub::start(HubOptions::default()).await;
    hub.add_organisation("Region Halland", "BB_HALLAND").await;
    let gateway = || {
        Gateway::new(GatewayOptions {
            hub_url: Some(hub.link_url.clone()),
            ..GatewayOptions::default()
        })
    };
    let code = hub.enrol_code("BB_HALLAND").await;
    gateway().enrol(&code).await.expect_success();

    let late = hub
        .admin(&["enrol-code", "--organisation", "BB_HALLAND", "--hours", "0"])
        .await;
    let late = late.expect_success();
    for (code, reason) in [
        (code.as_str(), "has been used"),
        (late.trim(), "has run out"),
        ("AAAA-BBBB-CCCC-DDDD", "no such"),
        ("", "no such"),
        ("' OR '1'='1", "no such"),
    ] {
        let outcome = gateway().enrol(code).await;
        assert!(!outcome.success, "`{code}` enrols");
        assert!(outcome.text.contains(reason), "{}", outcome.text);
    }
    hub.admin(&["audit", "verify"]).await.expect_success();
}
