//! The checked-in OpenAPI file is what the server makes of its endpoints, and
//! names every one. `UPDATE_OPENAPI=1` writes it anew.

use bildbro_http::{ENDPOINTS, openapi};
use std::{collections::BTreeSet, env, fs};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/bildbro.json");

#[test]
fn the_openapi_file_is_what_the_server_makes() {
    let made = format!("{:#}\n", openapi());
    if env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(FILE, &made).unwrap();
    }
    let kept = fs::read_to_string(FILE).unwrap();
    assert!(
        kept == made,
        "openapi/bildbro.json is out of date: run `make openapi`"
    );
}

#[test]
fn it_lists_every_endpoint() {
    let described: BTreeSet<(String, String)> = openapi()["paths"]
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
            let method = endpoint.method.as_str().to_owned();
            (endpoint.path.to_owned(), method)
        })
        .collect();
    assert_eq!(described, served);
}
