//! FHIR R4 AuditEvent as JSON, by IHE's Basic Audit Log Patterns (BALP) where
//! an event is one of theirs: an agent that is a person has type `IRCP`, ends
//! of a transfer have DICOM's roles, the patient is an entity of type 1 and
//! role 1.
//!
//! References are by identifier, never by URL: this system serves no Patient
//! or Practitioner resource.

use super::{Actor, Event, Family, Party, coded, ends, outcome_indicator};
use bildbro_domain::{Personal, share::Purpose};
use serde_json::{Map, Value, json};

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const OWN: &str = "urn:bildbro:audit";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const OBJECT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const LIFE_CYCLE: &str = "http://terminology.hl7.org/CodeSystem/dicom-audit-lifecycle";
const SOURCE_TYPE: &str = "http://terminology.hl7.org/CodeSystem/security-source-type";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
/// HSA-id: the root that Inera's services use for it.
const HSA_ID: &str = "urn:oid:1.2.752.129.2.1.4.1";
const PERSONNUMMER: &str = "urn:oid:1.2.752.129.2.1.3.1";

/// An AuditEvent resource.
#[must_use]
pub fn resource(event: &Event) -> Value {
    let coded = coded(event.family);
    let mut resource = Map::new();
    let mut set = |name: &str, value: Value| resource.insert(name.to_owned(), value);
    set("resourceType", json!("AuditEvent"));
    set("id", json!(event.id));
    set("type", coding(DCM, coded.event.0, coded.event.1));
    let mut subtypes = Vec::new();
    if let Some((code, meaning)) = coded.kind {
        subtypes.push(coding(DCM, code, meaning));
    }
    if event.emergency && event.family != Family::EmergencyOverride {
        subtypes.push(coding(DCM, "110127", "Emergency Override Started"));
    }
    subtypes.push(coding(OWN, &event.action, &event.action));
    set("subtype", json!(subtypes));
    set("action", json!(coded.action));
    set("recorded", json!(event.at.to_string()));
    set("outcome", json!(outcome_indicator(event.outcome)));
    if let Some(detail) = event.detail.as_deref().and_then(filled) {
        set("outcomeDesc", json!(detail));
    }
    let purposes = purposes(event);
    if !purposes.is_empty() {
        set("purposeOfEvent", json!(purposes));
    }
    set("agent", agents(event));
    set(
        "source",
        json!({
            "observer": { "identifier": { "value": event.source }, "type": "Device" },
            "type": [coding(SOURCE_TYPE, "4", "Application Server")],
        }),
    );
    set("entity", entities(event));
    let mut resource = Value::Object(resource);
    make_legal(&mut resource);
    resource
}

/// FHIR strings hold no control characters but tab, line feed and return.
fn make_legal(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(is_illegal) => {
            *text = text.replace(is_illegal, "\u{fffd}");
        }
        Value::Array(values) => values.iter_mut().for_each(make_legal),
        Value::Object(fields) => fields.values_mut().for_each(make_legal),
        _ => (),
    }
}

fn is_illegal(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r')
}

fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({ "system": system, "code": code, "display": display })
}

fn concept(system: &str, code: &str, display: &str) -> Value {
    json!({ "coding": [coding(system, code, display)] })
}

/// FHIR has no empty strings.
fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.trim().is_empty())
}

fn purposes(event: &Event) -> Vec<Value> {
    let mut purposes = Vec::new();
    if let Some(purpose) = event.purpose {
        let (code, display) = match purpose {
            Purpose::Care
            | Purpose::SecondOpinion
            | Purpose::BeforeSurgery
            | Purpose::Conference => ("TREAT", "treatment"),
            Purpose::PatientRequest => ("PATRQT", "patient requested"),
            Purpose::Insurance => ("HPAYMT", "healthcare payment"),
            Purpose::Other => ("HOPERAT", "healthcare operations"),
        };
        let own = coding(OWN, purpose.as_str(), purpose.as_str());
        purposes.push(json!({ "coding": [coding(REASON, code, display), own] }));
    }
    if event.emergency {
        purposes.push(concept(REASON, "BTG", "break the glass"));
    }
    purposes
}

fn agents(event: &Event) -> Value {
    let mut agents = vec![actor(event)];
    if let Some((from, to)) = ends(event) {
        agents.push(system(event, &from, ("110153", "Source Role ID")));
        agents.push(system(event, &to, ("110152", "Destination Role ID")));
    }
    if let Some(organisation) = &event.organisation {
        agents.push(party(organisation, ("CST", "custodian")));
    }
    if let Some(counterpart) = &event.counterpart {
        agents.push(party(counterpart, ("IRCP", "information recipient")));
    }
    Value::Array(agents)
}

fn actor(event: &Event) -> Value {
    let who = &event.actor;
    let mut agent = Map::new();
    let mut set = |name: &str, value: Value| agent.insert(name.to_owned(), value);
    if who.kind.is_person() {
        set(
            "type",
            concept(PARTICIPATION, "IRCP", "information recipient"),
        );
    } else {
        set("type", concept(DCM, "110150", "Application"));
    }
    let mut roles = vec![concept(OWN, who.kind.as_str(), who.kind.as_str())];
    // A code has no white space but single spaces between words.
    let codes = who.roles.iter().map(|role| {
        let words: Vec<_> = role.split_whitespace().collect();
        words.join(" ")
    });
    let codes = codes.filter(|code| !code.is_empty());
    roles.extend(codes.map(|code| concept(OWN, &code, &code)));
    if let Some(title) = who.title.as_deref().and_then(filled) {
        roles.push(json!({ "text": title }));
    }
    set("role", json!(roles));
    let name = who.name.as_ref().map(Personal::reveal).and_then(filled);
    let mut reference = json!({ "identifier": identifier(who) });
    if let Some(name) = name {
        reference["display"] = json!(name);
        set("name", json!(name));
    }
    set("who", reference);
    if let Some(id) = who.also_known_as().and_then(filled) {
        set("altId", json!(id));
    }
    set("requestor", json!(true));
    if let Some(address) = event.network {
        set(
            "network",
            json!({ "address": address.to_string(), "type": "2" }),
        );
    }
    Value::Object(agent)
}

fn identifier(actor: &Actor) -> Value {
    if actor.hsa_id.is_some() {
        json!({ "system": HSA_ID, "value": actor.known_as() })
    } else if actor.person_id.is_some() {
        json!({ "system": PERSONNUMMER, "value": actor.known_as() })
    } else {
        json!({ "value": actor.known_as() })
    }
}

fn system(event: &Event, id: &str, (code, meaning): (&str, &str)) -> Value {
    let parties = [event.organisation.as_ref(), event.counterpart.as_ref()];
    let party = parties.into_iter().flatten().find(|it| it.known_as() == id);
    let who = party.map_or_else(|| json!({ "identifier": { "value": id } }), reference);
    json!({ "type": concept(DCM, code, meaning), "who": who, "requestor": false })
}

fn party(party: &Party, (code, meaning): (&str, &str)) -> Value {
    json!({
        "type": concept(PARTICIPATION, code, meaning),
        "who": reference(party),
        "requestor": false,
    })
}

fn reference(party: &Party) -> Value {
    let mut identifier = json!({ "value": party.known_as() });
    if party.hsa_id.is_some() {
        identifier["system"] = json!(HSA_ID);
    }
    let mut reference = json!({ "identifier": identifier, "type": "Organization" });
    if let Some(name) = party.name.as_deref().and_then(filled) {
        reference["display"] = json!(name);
    }
    reference
}

fn entities(event: &Event) -> Value {
    let mut entities = Vec::new();
    if let Some(patient) = &event.patient {
        let mut identifier = json!({ "value": patient.id.reveal() });
        if let Some(issuer) = patient.issuer.as_deref().and_then(filled) {
            // An OID makes a system; another name is its assigner.
            if issuer.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                identifier["system"] = json!(format!("urn:oid:{issuer}"));
            } else {
                identifier["assigner"] = json!({ "display": issuer });
            }
        }
        let mut entity = json!({
            "what": { "identifier": identifier, "type": "Patient" },
            "type": coding(ENTITY_TYPE, "1", "Person"),
            "role": coding(OBJECT_ROLE, "1", "Patient"),
        });
        let name = patient.name.as_ref().map(Personal::reveal);
        if let Some(name) = name.and_then(filled) {
            entity["name"] = json!(name);
        }
        entities.push(entity);
    }
    entities.extend(event.studies.iter().map(|study| {
        json!({
            "what": {
                "identifier": { "system": "urn:dicom:uid", "value": format!("urn:oid:{study}") },
                "type": "ImagingStudy",
            },
            "type": coding(ENTITY_TYPE, "2", "System Object"),
            "role": coding(OBJECT_ROLE, "3", "Report"),
            "lifecycle": life_cycle(event.family),
        })
    }));
    let details = event.details();
    let details = details.iter().filter_map(|(name, value)| {
        filled(value).map(|value| json!({ "type": name, "valueString": value }))
    });
    entities.push(json!({
        "what": { "identifier": { "system": "urn:ietf:rfc:3986", "value": format!("urn:uuid:{}", event.id) } },
        "type": coding(ENTITY_TYPE, "2", "System Object"),
        "role": coding(OBJECT_ROLE, "13", "Security Resource"),
        "name": "Audit entry",
        "detail": details.collect::<Vec<_>>(),
    }));
    Value::Array(entities)
}

fn life_cycle(family: Family) -> Value {
    let (code, display) = match family {
        Family::Received | Family::Import => ("2", "Import / Copy"),
        Family::Delivered | Family::BeginTransfer => ("11", "Disclosure"),
        Family::Export => ("10", "Export"),
        Family::Changed => ("3", "Amendment"),
        Family::StudyDeleted => ("15", "Permanent erasure / Physical destruction"),
        _ => ("6", "Access / Use"),
    };
    coding(LIFE_CYCLE, code, display)
}
