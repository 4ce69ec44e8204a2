//! Every route that is a machine's answers 401 to whoever is none, and there
//! is no route that the list does not name.

use crate::fixture::{Answer, Hub, now, operator};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use bildbro_http::{
    Caller, ENDPOINTS, Endpoint, Method, Surface, operations_router, public_router,
};
use serde_json::Value;
use tower::ServiceExt;

async fn call(hub: &Hub, endpoint: &Endpoint, tokens: &[&str]) -> Answer {
    let method = match endpoint.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    };
    let mut request = Request::builder()
        .method(method)
        .uri(endpoint.path)
        .header(header::HOST, "localhost");
    for token in tokens {
        request = request.header(header::AUTHORIZATION, *token);
    }
    let router = match endpoint.surface {
        Surface::Operations => operations_router(hub.state.clone()),
        Surface::Public | Surface::Both => public_router(hub.state.clone()),
    };
    let response = router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let status = response.status();
    if endpoint.path == "/events" {
        // Never ends by itself.
        return Answer {
            status,
            headers: response.headers().clone(),
            body: Default::default(),
        };
    }
    Answer::of(response).await
}

#[tokio::test]
async fn a_machine_route_takes_good_tokens_only() {
    let hub = Hub::new().await;
    let good = format!("Bearer {}", hub.sender.token);
    let machine: Vec<_> = ENDPOINTS
        .iter()
        .filter(|e| e.caller == Caller::Machine)
        .collect();
    assert_eq!(machine.len(), 9);
    let long = format!("Bearer {}", "x".repeat(10_000));
    let wrong: [&[&str]; 7] = [
        &[],
        &["Bearer garbage"],
        &["Bearer "],
        &["garbage"],
        &["Basic dG9rZW4="],
        &[&long],
        &[&good, "Bearer garbage"],
    ];
    for endpoint in &machine {
        for tokens in wrong {
            let answer = call(&hub, endpoint, tokens).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", endpoint.path);
            assert_eq!(answer.problem(), "unauthorized");
            let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.starts_with("Bearer"));
        }
        let answer = call(&hub, endpoint, &[&good]).await;
        assert_eq!(answer.problem(), "wrong-media-type", "{}", endpoint.path);
    }

    hub.store
        .revoke_gateway(hub.sender.gateway, operator(), now())
        .await
        .unwrap();
    for endpoint in machine {
        let answer = call(&hub, endpoint, &[&good]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", endpoint.path);
    }
}

#[tokio::test]
async fn a_services_route_takes_a_services_token_only() {
    let hub = Hub::new().await;
    let gateway = format!("Bearer {}", hub.sender.token);
    let service = |e: &&Endpoint| matches!(e.caller, Caller::Service(_));
    let services: Vec<_> = ENDPOINTS.iter().filter(service).collect();
    assert!(!services.is_empty());
    for endpoint in services {
        for tokens in [&[][..], &["Bearer garbage"], &[&gateway]] {
            let answer = call(&hub, endpoint, tokens).await;
            assert_eq!(answer.problem(), "unauthorized", "{}", endpoint.path);
            assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
        }
    }
}

#[tokio::test]
async fn no_other_route_needs_a_token() {
    let hub = Hub::new().await;
    let needs_one = |caller| matches!(caller, Caller::Machine | Caller::Service(_));
    let others = ENDPOINTS
        .iter()
        .filter(|e| !needs_one(e.caller) && !e.caller.is_person());
    for endpoint in others {
        let answer = call(&hub, endpoint, &[]).await;
        assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{}", endpoint.path);
        assert_ne!(
            answer.status,
            StatusCode::METHOD_NOT_ALLOWED,
            "{}",
            endpoint.path
        );
    }
}

#[tokio::test]
async fn a_persons_route_takes_a_session_only() {
    let hub = Hub::new().await;
    for endpoint in ENDPOINTS.iter().filter(|e| e.caller.is_person()) {
        let bearer = format!("Bearer {}", hub.sender.token);
        let answer = call(&hub, endpoint, &[&bearer]).await;
        let unasked = match endpoint.method {
            Method::Get => "not-logged-in",
            _ => "cross-site",
        };
        assert_eq!(answer.problem(), unasked, "{endpoint:?}");
        let answer = hub
            .api(
                None,
                &endpoint.method.as_str().to_uppercase(),
                endpoint.path,
                Value::Null,
            )
            .await;
        assert_eq!(answer.problem(), "not-logged-in", "{endpoint:?}");
    }
}

#[tokio::test]
async fn what_is_not_listed_is_not_there() {
    let hub = Hub::new().await;
    let ask = async |router: axum::Router, method: &str, path: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "[::1]:1");
        let response = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        Answer::of(response).await
    };
    for endpoint in ENDPOINTS.iter().filter(|e| !e.path.starts_with("/api/")) {
        let (router, other) = match endpoint.surface {
            Surface::Public => (hub.public(), Some(operations_router(hub.state.clone()))),
            Surface::Operations => (operations_router(hub.state.clone()), Some(hub.public())),
            Surface::Both => (hub.public(), None),
        };
        let taken: Vec<&str> = ENDPOINTS
            .iter()
            .filter(|e| e.path == endpoint.path)
            .map(|e| e.method.as_str())
            .collect();
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
            if taken.contains(&method.to_lowercase().as_str()) {
                continue;
            }
            let answer = ask(router.clone(), method, endpoint.path).await;
            assert_eq!(
                answer.problem(),
                "method-not-allowed",
                "{method} {}",
                endpoint.path
            );
        }
        if let Some(other) = other {
            let answer = ask(other, "GET", endpoint.path).await;
            assert_eq!(answer.problem(), "not-found", "{}", endpoint.path);
        }
    }
    for path in [
        "/link/v1",
        "/link/v2/hello",
        "/admin",
        "/assets/../Cargo.toml",
        "/assets/x.css",
    ] {
        let answer = ask(hub.public(), "GET", path).await;
        assert_eq!(answer.problem(), "not-found");
    }
}
