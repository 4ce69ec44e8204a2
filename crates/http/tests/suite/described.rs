//! The checked-in OpenAPI file names every endpoint, and no other.

use bildbro_http::{ENDPOINTS, Method};
use std::collections::BTreeSet;

#[test]
fn the_openapi_file_lists_every_endpoint() {
    let text = include_str!("../../../../openapi/bildbro.json");
    let file: serde_json::Value = serde_json::from_str(text).unwrap();
    let described: BTreeSet<(String, String)> = file["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| (path.clone(), method.clone()))
        })
        .collect();
    // Style sheets, scripts and typefaces are parts of the page, not of the API.
    let served: BTreeSet<(String, String)> = ENDPOINTS
        .iter()
        .filter(|endpoint| !endpoint.path.starts_with("/assets/"))
        .map(|endpoint| {
            let method = match endpoint.method {
                Method::Get => "get",
                Method::Post => "post",
            };
            (endpoint.path.to_owned(), method.to_owned())
        })
        .collect();
    assert_eq!(described, served);
}
