//! DICOM audit messages: XML of PS3.15 A.5, by its schema (A.5.1.1).
//!
//! Each message has: the event; who did it and, where images move, who sent
//! and who received; this system; the patient, each study, and the entry
//! itself, whose details carry what the schema has no field for. Details are
//! base64 in the schema, so nothing in them can be taken for markup.
//!
//! The schema calls attributes `token`: white space counts as one space there.
//! Characters that XML 1.0 cannot hold come out as U+FFFD.

use super::{ActorKind, Event, Family, Party, coded, ends, outcome_indicator};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bildbro_domain::Personal;
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event as Xml},
};

/// The scheme of our own codes.
const OWN: &str = "99BILDBRO";

/// An audit message: UTF-8, on one line, with an XML declaration.
#[must_use]
pub fn message(event: &Event) -> String {
    let mut xml = Message(Writer::new(Vec::new()));
    xml.put(Xml::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    xml.within("AuditMessage", &[], |xml| {
        xml.event(event);
        xml.participants(event);
        xml.source(event);
        xml.patient(event);
        for study in &event.studies {
            xml.study(event, study);
        }
        xml.entry(event);
    });
    String::from_utf8(xml.0.into_inner()).expect("made of strings")
}

struct Message(Writer<Vec<u8>>);

type Attributes<'a> = [(&'a str, &'a str)];

impl Message {
    fn put(&mut self, event: Xml<'_>) {
        self.0
            .write_event(event)
            .expect("writing to memory does not fail");
    }

    fn within(&mut self, name: &str, attributes: &Attributes<'_>, inner: impl FnOnce(&mut Self)) {
        self.put(Xml::Start(start(name, attributes)));
        inner(self);
        self.put(Xml::End(BytesEnd::new(name)));
    }

    fn empty(&mut self, name: &str, attributes: &Attributes<'_>) {
        self.put(Xml::Empty(start(name, attributes)));
    }

    fn text(&mut self, name: &str, text: &str) {
        let legal = legal(text);
        self.within(name, &[], |xml| {
            xml.put(Xml::Text(BytesText::new(&legal)));
        });
    }

    fn code(&mut self, name: &str, code: &str, scheme: &str, meaning: &str) {
        self.empty(
            name,
            &[
                ("csd-code", code),
                ("codeSystemName", scheme),
                ("originalText", meaning),
            ],
        );
    }

    fn event(&mut self, event: &Event) {
        let coded = coded(event.family);
        let attributes = [
            ("EventActionCode", coded.action),
            ("EventDateTime", &*event.at.to_string()),
            ("EventOutcomeIndicator", outcome_indicator(event.outcome)),
        ];
        self.within("EventIdentification", &attributes, |xml| {
            xml.code("EventID", coded.event.0, "DCM", coded.event.1);
            if let Some((code, meaning)) = coded.kind {
                xml.code("EventTypeCode", code, "DCM", meaning);
            }
            if event.emergency && event.family != Family::EmergencyOverride {
                xml.code(
                    "EventTypeCode",
                    "110127",
                    "DCM",
                    "Emergency Override Started",
                );
            }
            xml.code("EventTypeCode", &event.action, OWN, &event.action);
            if let Some(detail) = &event.detail {
                xml.text("EventOutcomeDescription", detail);
            }
        });
    }

    fn participants(&mut self, event: &Event) {
        let actor = &event.actor;
        let mut attributes = vec![("UserID", actor.known_as())];
        if let Some(id) = actor.also_known_as() {
            attributes.push(("AlternativeUserID", id));
        }
        if let Some(name) = &actor.name {
            attributes.push(("UserName", name.reveal()));
        }
        attributes.push(("UserIsRequestor", "true"));
        let network = event.network.map(|address| address.to_string());
        if let Some(address) = &network {
            attributes.push(("NetworkAccessPointID", address));
            attributes.push(("NetworkAccessPointTypeCode", "2"));
        }
        self.within("ActiveParticipant", &attributes, |xml| {
            let kind = actor.kind.as_str();
            if matches!(
                actor.kind,
                ActorKind::Gateway | ActorKind::Machine | ActorKind::Node | ActorKind::Hub
            ) {
                xml.code("RoleIDCode", "110150", "DCM", "Application");
            } else {
                xml.code("RoleIDCode", kind, OWN, kind);
            }
            for role in &actor.roles {
                xml.code("RoleIDCode", role, OWN, role);
            }
            if let Some(title) = &actor.title {
                xml.code("RoleIDCode", title, OWN, title);
            }
        });
        if let Some((from, to)) = ends(event) {
            self.system(event, &from, ("110153", "Source Role ID"));
            self.system(event, &to, ("110152", "Destination Role ID"));
        }
        if matches!(event.family, Family::Started | Family::Stopped) {
            self.system(event, &event.source, ("110150", "Application"));
        }
    }

    fn system(&mut self, event: &Event, id: &str, (code, meaning): (&str, &str)) {
        let parties = [event.organisation.as_ref(), event.counterpart.as_ref()];
        let named = parties.into_iter().flatten();
        let name = named
            .filter(|party| party.known_as() == id)
            .find_map(|party: &Party| party.name.as_deref());
        let mut attributes = vec![("UserID", id)];
        attributes.extend(name.map(|name| ("UserName", name)));
        attributes.push(("UserIsRequestor", "false"));
        self.within("ActiveParticipant", &attributes, |xml| {
            xml.code("RoleIDCode", code, "DCM", meaning);
        });
    }

    fn source(&mut self, event: &Event) {
        let attributes = [("AuditSourceID", event.source.as_str())];
        self.within("AuditSourceIdentification", &attributes, |xml| {
            // Application server process.
            xml.empty("AuditSourceTypeCode", &[("csd-code", "4")]);
        });
    }

    fn patient(&mut self, event: &Event) {
        let Some(patient) = &event.patient else {
            return;
        };
        let attributes = [
            ("ParticipantObjectID", patient.id.reveal()),
            ("ParticipantObjectTypeCode", "1"),
            ("ParticipantObjectTypeCodeRole", "1"),
        ];
        self.within("ParticipantObjectIdentification", &attributes, |xml| {
            xml.code(
                "ParticipantObjectIDTypeCode",
                "2",
                "RFC-3881",
                "Patient Number",
            );
            // The schema wants a name or a query; the name may be unknown.
            let name = patient.name.as_ref().map_or("", Personal::reveal);
            xml.text("ParticipantObjectName", name);
            if let Some(issuer) = &patient.issuer {
                xml.detail("issuer", issuer);
            }
        });
    }

    fn study(&mut self, event: &Event, study: &str) {
        let attributes = [
            ("ParticipantObjectID", study),
            ("ParticipantObjectTypeCode", "2"),
            ("ParticipantObjectTypeCodeRole", "3"),
            ("ParticipantObjectDataLifeCycle", life_cycle(event.family)),
        ];
        self.within("ParticipantObjectIdentification", &attributes, |xml| {
            xml.code(
                "ParticipantObjectIDTypeCode",
                "110180",
                "DCM",
                "Study Instance UID",
            );
            xml.text("ParticipantObjectName", "");
            xml.within("ParticipantObjectDescription", &[], |xml| {
                // The log counts images, not by class; with several studies
                // the number is of all and stands in the entry's details.
                if let (Some(images), 1) = (event.images, event.studies.len()) {
                    xml.empty("SOPClass", &[("NumberOfInstances", &images.to_string())]);
                }
                xml.within("ParticipantObjectContainsStudy", &[], |xml| {
                    xml.empty("StudyIDs", &[("UID", study)]);
                });
            });
        });
    }

    fn entry(&mut self, event: &Event) {
        let id = format!("urn:uuid:{}", event.id);
        let attributes = [
            ("ParticipantObjectID", id.as_str()),
            ("ParticipantObjectTypeCode", "2"),
            ("ParticipantObjectTypeCodeRole", "13"),
        ];
        self.within("ParticipantObjectIdentification", &attributes, |xml| {
            xml.code("ParticipantObjectIDTypeCode", "12", "RFC-3881", "URI");
            // What PS3.15 A.5.3.2 calls the log where its use is recorded.
            let name = match event.family {
                Family::AuditLogUsed => "Security Audit Log",
                _ => "Audit entry",
            };
            xml.text("ParticipantObjectName", name);
            for (name, value) in event.details() {
                xml.detail(name, &value);
            }
        });
    }

    fn detail(&mut self, name: &str, value: &str) {
        let value = STANDARD.encode(value);
        self.empty(
            "ParticipantObjectDetail",
            &[("type", name), ("value", &value)],
        );
    }
}

fn start<'a>(name: &'a str, attributes: &Attributes<'_>) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, &*legal(value)));
    }
    start
}

/// Without the characters that XML 1.0 section 2.2 forbids. Line breaks and tabs
/// become spaces: a reader of attributes would make them so anyway, and a
/// message stays on one line.
fn legal(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// PS3.15 A.5.1.2.3.
const fn life_cycle(family: Family) -> &'static str {
    match family {
        Family::Received | Family::Import => "2",
        Family::Delivered | Family::BeginTransfer => "11",
        Family::Export => "10",
        Family::Changed => "3",
        Family::StudyDeleted => "15",
        _ => "6",
    }
}
