//! Machines with an account: keys, scopes.

use super::{caller::Caller, ids::Ids, refusal::Refused};
use crate::{
    HubState,
    endpoints::{self, Endpoint, Method},
    message::Message,
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    routing::{delete, get, post},
};
use bildbro_domain::{MachineId, audit::Action, permission::Permission};
use bildbro_flow::ports::portal::{
    Refusal,
    machines::{MachineView, NewKey, NewMachine},
};
use bildbro_identity::{
    machine::{PublicKey, PublicKeyError},
    scope::{Scope, Scopes},
};
use bildbro_wire::link::TOKEN;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint::portal(
        Method::Get,
        "/api/machines",
        endpoints::Caller::Holder(Permission::ManageMachines),
        "The organisation's machines, their scopes and keys",
        || get(list),
    )
    .answers::<Machines>(),
    Endpoint::act(
        Method::Post,
        "/api/machines",
        Action::AddMachine,
        "Add a machine with its public keys",
        || post(add),
    )
    .takes::<Wanted>()
    .answers::<Added>(),
    Endpoint::act(
        Method::Delete,
        "/api/machines/{id}",
        Action::RevokeMachine,
        "Revoke a machine; its tokens end at once",
        || delete(revoke),
    ),
    Endpoint::act(
        Method::Post,
        "/api/machines/{id}/keys",
        Action::ChangeMachine,
        "Add a public key to a machine",
        || post(add_key),
    )
    .takes::<Jwk>(),
    Endpoint::act(
        Method::Delete,
        "/api/machines/{id}/keys/{kid}",
        Action::ChangeMachine,
        "Remove a machine's key; its tokens end at once",
        || delete(remove_key),
    ),
];

/// Members of a JWK that make a public key (RFC 7518 6.2.1, 6.3.1).
const PUBLIC: [&str; 7] = ["kty", "crv", "x", "y", "n", "e", "kid"];

#[derive(Debug, Serialize, JsonSchema)]
pub struct Key {
    pub kid: String,
    pub alg: String,
    pub added_at: Timestamp,
    pub removed_at: Option<Timestamp>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Machine {
    pub id: Uuid,
    pub name: String,
    pub scopes: Vec<String>,
    pub active: bool,
    pub created_at: Timestamp,
    pub last_seen: Option<Timestamp>,
    pub keys: Vec<Key>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Machines {
    pub items: Vec<Machine>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    pub name: String,
    pub scopes: Vec<String>,
    /// A JWK Set of public keys (RFC 7517 5), or one JWK.
    pub jwks: Value,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Added {
    pub id: Uuid,
    pub token_url: String,
    /// What assertions must name as theirs, and nothing else.
    pub audience: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwk {
    /// A public key with a `kid` (RFC 7517 4).
    pub jwk: Value,
}

fn invalid(field: &'static str, why: &'static str) -> Refused {
    Refused::from(Refusal::Invalid { field, why })
}

async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Machines>, Refused> {
    let all = state.portal.machines(&caller).await?;
    let items = all.into_iter().map(shown).collect();
    Ok(Json(Machines { items }))
}

fn shown(view: MachineView) -> Machine {
    let keys = view.keys.into_iter().map(|key| Key {
        alg: alg(&key.jwk),
        kid: key.kid,
        added_at: key.added_at,
        removed_at: key.removed_at,
    });
    Machine {
        id: view.id.0,
        name: view.name,
        scopes: view.scopes.split(' ').map(str::to_owned).collect(),
        active: view.active,
        created_at: view.created_at,
        last_seen: view.last_seen,
        keys: keys.collect(),
    }
}

/// Empty for a key that is no longer read.
fn alg(jwk: &str) -> String {
    let read = PublicKey::read(jwk).unwrap_or_default();
    read.first()
        .map_or_else(String::new, |key| key.alg().to_owned())
}

async fn add(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(wanted): Message<Wanted>,
) -> Result<(StatusCode, Json<Added>), Refused> {
    let new = NewMachine {
        name: super::members::name(&wanted.name)?,
        scopes: scopes(&wanted.scopes)?.to_string(),
        keys: keys(&wanted.jwks, "jwks")?,
    };
    let id = state.portal.add_machine(&caller, &new).await?.0;
    let token_url = format!("{}{TOKEN}", state.public_url);
    let added = Added {
        id,
        audience: token_url.clone(),
        token_url,
    };
    Ok((StatusCode::CREATED, Json(added)))
}

fn scopes(words: &[String]) -> Result<Scopes, Refused> {
    let read: Scopes = words
        .join(" ")
        .parse()
        .map_err(|_| invalid("scopes", "One of them is not known, or there are none."))?;
    if read.contains(Scope::Link) {
        let why = "The link is for gateways, which enrol with a code.";
        return Err(invalid("scopes", why));
    }
    Ok(read)
}

/// Public keys only; each with a name, by which it is taken away again.
fn keys(value: &Value, field: &'static str) -> Result<Vec<NewKey>, Refused> {
    let given = match value.get("keys") {
        Some(Value::Array(keys)) => keys.clone(),
        Some(_) => return Err(invalid(field, "It is no JWK Set.")),
        None => vec![value.clone()],
    };
    let read = PublicKey::read(&json!({ "keys": given }).to_string())
        .map_err(|error| invalid(field, why(error)))?;
    read.iter()
        .zip(&given)
        .map(|(key, jwk)| {
            let kid = key.kid.clone();
            let kid =
                kid.ok_or_else(|| invalid(field, "Each key needs a name of its own, `kid`."))?;
            Ok(NewKey {
                kid,
                alg: key.alg().to_owned(),
                jwk: public_part(jwk).to_string(),
            })
        })
        .collect()
}

fn public_part(jwk: &Value) -> Value {
    let members = PUBLIC.iter().filter_map(|member| {
        let value = jwk.get(*member)?;
        Some(((*member).to_owned(), value.clone()))
    });
    Value::Object(members.collect::<Map<_, _>>())
}

/// As the error itself says it, for a problem's `detail`.
const fn why(error: PublicKeyError) -> &'static str {
    use PublicKeyError as E;
    match error {
        E::Private => {
            "This is a PRIVATE key. Keep it at the machine, register its public part, and \
             consider making a new pair, since this one was shown around."
        }
        E::Form | E::Certificate => "This is no public key as JWK or JWK Set.",
        E::RsaSize => "RSA keys need 2048 to 8192 bits.",
        E::Kind => "The kind of key is not taken: use RSA, or EC on P-256 or P-384.",
        E::Damaged => "The key is damaged: its numbers make no key of its kind.",
        E::Use => "The key is not for signatures: its `use`, `key_ops` or `alg` says otherwise.",
        E::Kid => "A `kid` has 1 to 128 printable ASCII characters, and each key its own.",
        E::Count => "There are no keys in the JWK Set, or more than 16.",
    }
}

async fn add_key(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(machine): Ids<MachineId>,
    Message(body): Message<Jwk>,
) -> Result<StatusCode, Refused> {
    let mut read = keys(&body.jwk, "jwk")?;
    let (Some(key), true) = (read.pop(), read.is_empty()) else {
        return Err(invalid("jwk", "One key at a time."));
    };
    state.portal.add_machine_key(&caller, machine, &key).await?;
    Ok(StatusCode::CREATED)
}

async fn remove_key(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids((machine, kid)): Ids<(MachineId, String)>,
) -> Result<StatusCode, Refused> {
    let done = state.portal.remove_machine_key(&caller, machine, &kid);
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(machine): Ids<MachineId>,
) -> Result<StatusCode, Refused> {
    state.portal.revoke_machine(&caller, machine).await?;
    Ok(StatusCode::NO_CONTENT)
}
