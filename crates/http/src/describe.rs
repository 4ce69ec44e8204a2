//! The OpenAPI 3.1 description: the link's part as written by hand, the portal's
//! from the types of its endpoints.

use crate::endpoints::{Caller, Endpoint, Method, portal_endpoints};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

const LINK: &str = include_str!("../openapi/link.json");

/// The whole description, in the order of the endpoints.
///
/// # Panics
/// Never: the part written by hand is tested to be JSON of the right form.
#[must_use]
pub fn openapi() -> Value {
    let mut all: Value = serde_json::from_str(LINK).expect("the link's description is JSON");
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let paths = object(&mut all, &["paths"]);
    for endpoint in portal_endpoints() {
        let described = operation(endpoint, &mut generator);
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.as_str()] = described;
    }
    let schemas = object(&mut all, &["components", "schemas"]);
    for (name, schema) in generator.take_definitions(true) {
        schemas.insert(name, schema);
    }
    object(&mut all, &["components", "securitySchemes"]).insert(
        "session".into(),
        json!({ "type": "apiKey", "in": "cookie", "name": "__Host-session" }),
    );
    all
}

fn object<'v>(value: &'v mut Value, path: &[&str]) -> &'v mut Map<String, Value> {
    path.iter()
        .fold(value, |value, key| &mut value[*key])
        .as_object_mut()
        .expect("the description has these parts")
}

fn operation(endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "summary": endpoint.about,
        "operationId": operation_id(endpoint),
        "responses": { "default": {
            "description": "A problem (RFC 9457)",
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" }
            } }
        } }
    });
    operation["responses"]["200"] = match endpoint.answers {
        Some(shape) => json!({
            "description": "Done",
            "content": { "application/json": { "schema": shape(generator) } }
        }),
        None => json!({ "description": "Done" }),
    };
    if let Some(shape) = endpoint.takes {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": shape(generator) } }
        });
    }
    let parameters: Vec<Value> = names_in(endpoint.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if endpoint.caller.is_person() {
        operation["security"] = json!([{ "session": [] }]);
    }
    if let Caller::Service(scope) = endpoint.caller {
        operation["security"] = json!([{ "gateway": [scope.as_str()] }]);
    }
    if let Caller::Holder(permission) = endpoint.caller {
        operation["x-permission"] = permission.as_str().into();
    }
    operation
}

fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// `GET /api/units/{id}` is `get_units_id`.
fn operation_id(endpoint: &Endpoint) -> String {
    let path = endpoint.path.trim_start_matches("/api/");
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let method = match endpoint.method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Put => "put",
        Method::Delete => "delete",
    };
    format!("{method}_{}", words.join("_"))
}
