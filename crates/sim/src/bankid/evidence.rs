//! What comes with a completed order: shaped like BankID's, signed by nobody.

use super::{
    orders::{Kind, Order},
    persons::Person,
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use bildbro_domain::Personal;
use bildbro_wire::bankid::{CompletionData, Device, Risk, StepUp, User};
use jiff::Timestamp;

/// An OCSP response that says "successful" and nothing more (RFC 6960, 4.2.1).
const OCSP: [u8; 5] = [0x30, 0x03, 0x0a, 0x01, 0x00];

pub fn completion(order: &Order, person: &Person, at: Timestamp) -> CompletionData {
    CompletionData {
        user: User {
            personal_number: Personal::new(&person.personal_number),
            name: Personal::new(person.name()),
            given_name: Personal::new(&person.given_name),
            surname: Personal::new(&person.surname),
        },
        device: Device {
            ip_address: Personal::new(&order.new.end_user_ip),
            uhi: Some(Personal::new("c2ltdWxhdGVkIGRldmljZQ==")),
        },
        bank_id_issue_date: Some("2025-01-01Z".to_owned()),
        step_up: order.new.mrtd.then_some(StepUp { mrtd: true }),
        signature: Personal::new(BASE64_STANDARD.encode(signature(order, person, at))),
        ocsp_response: Personal::new(BASE64_STANDARD.encode(OCSP)),
        risk: order.new.return_risk.then_some(Risk::Low),
    }
}

/// An XML signature whose reference digest is right and whose signature value
/// is not one. All that is put in is base64, digits or ours.
fn signature(order: &Order, person: &Person, at: Timestamp) -> String {
    let function = match order.new.kind {
        Kind::Auth => "Identification",
        Kind::Sign => "Signing",
    };
    let element = |name: &str, content: Option<&String>| {
        content.map_or_else(String::new, |content| {
            format!("<{name} charset=\"UTF-8\">{content}</{name}>")
        })
    };
    let data = format!(
        "<bankIdSignedData xmlns=\"http://www.bankid.com/signature/v1.0.0/types\" Id=\"bidSignedData\">\
         {}{}<srvInfo><nonce>{}</nonce></srvInfo>\
         <clientInfo><funcId>{function}</funcId><time>{at}</time></clientInfo></bankIdSignedData>",
        element("usrVisibleData", order.new.visible.as_ref()),
        element("usrNonVisibleData", order.new.hidden.as_ref()),
        BASE64_STANDARD.encode(&order.order_ref),
    );
    let digested = BASE64_STANDARD.encode(digest(&SHA256, data.as_bytes()));
    let nothing = BASE64_STANDARD.encode("simulated, not signed");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo>\
         <Reference URI=\"#bidSignedData\">\
         <DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
         <DigestValue>{digested}</DigestValue></Reference></SignedInfo>\
         <SignatureValue>{nothing}</SignatureValue>\
         <KeyInfo><KeyName>{}</KeyName></KeyInfo><Object>{data}</Object></Signature>",
        person.personal_number
    )
}
