//! PDUs and command sets (PS3.8 9.3, PS3.7 6.3): what decodes and is encoded
//! decodes to the same; fragments lose nothing.

use bildbro_dimse::{
    command::{Command, field},
    pdu::{
        self, AssociateAc, AssociateRq, ContextAnswer, ContextResult, HEADER, Pdu, Proposal,
        Rejection, Role, UserInformation,
    },
    sop, status,
};
use bytes::Bytes;

/// Longest P-DATA that is said to be taken.
const MAX_DATA: u32 = 64 * 1024;

/// Words of the upper layer: PDU headers and item types.
pub const WORDS: &[&[u8]] = &[
    b"\x01\0\0\0",
    b"\x02\0\0\0",
    b"\x04\0\0\0",
    b"\x05\0\0\0\0\x04\0\0\0\0",
    b"\x06\0\0\0\0\x04\0\0\0\0",
    b"\x07\0\0\0\0\x04\0\0\0\0",
    b"\x10\0\0\x15",
    b"\x20\0\0\x2e\x01\0\0\0",
    b"\x21\0\0\x19\x01\0\0\0",
    b"\x30\0\0\x11",
    b"\x40\0\0\x11",
    b"\x50\0\0\x08\x51\0\0\x04\0\0\0\0",
    b"\x53\0\0\x04\0\x01\0\x01",
    b"\x54\0\0\x04\0\0\x01\x01",
    b"\x58\0\0\x06",
    b"\x01\x03",
    b"\x01\x02",
    b"\0\0\0\x01\x02\0\0\0\x30\0",
    b"\0\0\0\x01\x02\0\0\0\xff\x0f",
    b"\0\0\0\x08\x02\0\0\0\x01\x01",
    b"\xff\xff\xff\xff",
];

pub fn run(data: &[u8]) {
    let mut rest = data;
    // As many PDUs as there are, one after another.
    while let Some(head) = rest.first_chunk::<HEADER>() {
        let Ok((kind, length)) = pdu::header(*head, MAX_DATA) else {
            break;
        };
        assert!(length <= pdu::MAX_CONTROL, "a bound on what is buffered");
        let Some(body) = rest[HEADER..].get(..length as usize) else {
            break;
        };
        rest = &rest[HEADER + body.len()..];
        if kind == pdu::P_DATA {
            values(body);
        } else if let Ok(decoded) = pdu::decode(kind, body) {
            control(&decoded, body.len());
        }
    }
    command(data);
}

fn values(body: &[u8]) {
    let Ok(fragments) = pdu::fragments(Bytes::copy_from_slice(body)) else {
        return;
    };
    let lengths: usize = fragments.iter().map(|f| f.data.len() + 6).sum();
    assert_eq!(lengths, body.len(), "fragments make up the PDU");
    for fragment in fragments {
        command(&fragment.data);
    }
}

fn control(decoded: &Pdu, length: usize) {
    // Ours never get near what an item's 16-bit length can say.
    if length > 60_000 {
        return;
    }
    let encoded = pdu::encode(decoded);
    let head = encoded.first_chunk::<HEADER>().expect("a PDU has a header");
    let (kind, length) = pdu::header(*head, MAX_DATA).expect("a right header");
    assert_eq!(encoded.len() - HEADER, length as usize, "the right length");
    let again = pdu::decode(kind, &encoded[HEADER..]);
    assert_eq!(again.as_ref(), Ok(decoded), "what is encoded decodes");
}

fn command(bytes: &[u8]) {
    let Ok(decoded) = Command::decode(bytes) else {
        return;
    };
    // What a request or response does not have is not written.
    let once = Command::decode(&decoded.encode()).expect("what is encoded decodes");
    let twice = Command::decode(&once.encode()).expect("what is encoded decodes");
    assert_eq!(once, twice, "encoding is stable");
    assert_eq!(once.field, decoded.field);
    assert_eq!(once.has_data, decoded.has_data);
    assert_eq!(once.status, decoded.status);
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut out: Vec<Vec<u8>> = all().iter().map(pdu::encode).collect();
    let store = store();
    out.push(value(1, true, &store.encode()));
    out.push(value(3, false, b"data"));
    out.push([value(1, true, &store.encode()), value(1, false, b"data")].concat());
    let response = Command {
        suboperations: Some([3, 2, 1, 0]),
        comment: "why".to_owned(),
        ..Command::response(&store, status::PENDING)
    };
    for command in [store, response, Command::default()] {
        out.push(command.encode().to_vec());
    }
    out
}

/// A P-DATA with one value, the last of its message.
#[must_use]
pub fn value(context: u8, command: bool, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap_or(0);
    [&pdu::data_head(context, command, true, length), data].concat()
}

#[must_use]
pub fn store() -> Command {
    Command {
        field: field::STORE_RQ,
        class: "1.2.840.10008.5.1.4.1.1.2".to_owned(),
        message_id: 1,
        has_data: true,
        priority: Some(0),
        sop_uid: "1.2.3".to_owned(),
        move_originator: Some(("PACS".to_owned(), 7)),
        ..Command::default()
    }
}

/// A request for an association with everything that we speak.
#[must_use]
pub fn request() -> AssociateRq {
    let classes = [
        sop::VERIFICATION,
        "1.2.840.10008.5.1.4.1.1.2",
        sop::STUDY_ROOT_FIND,
        sop::STUDY_ROOT_MOVE,
        sop::STUDY_ROOT_GET,
    ];
    let contexts = (0_u8..).zip(classes).map(|(n, class)| Proposal {
        id: 2 * n + 1,
        abstract_syntax: class.to_owned(),
        transfer_syntaxes: vec![sop::IMPLICIT_LE.to_owned(), sop::EXPLICIT_LE.to_owned()],
    });
    AssociateRq {
        called: "ARCHIVE".to_owned(),
        calling: "MODALITY".to_owned(),
        contexts: contexts.collect(),
        user: user(),
    }
}

fn user() -> UserInformation {
    UserInformation {
        max_length: 16_384,
        implementation_class: "1.2.3.4".to_owned(),
        implementation_version: "FUZZ".to_owned(),
        roles: vec![Role {
            class: "1.2.840.10008.5.1.4.1.1.2".to_owned(),
            scu: true,
            scp: true,
        }],
        asynchronous: Some((1, 1)),
    }
}

/// One PDU of each kind but P-DATA.
#[must_use]
pub fn all() -> Vec<Pdu> {
    let answer = |id, result| ContextAnswer {
        id,
        result,
        transfer_syntax: sop::EXPLICIT_LE.to_owned(),
    };
    vec![
        Pdu::AssociateRq(request()),
        Pdu::AssociateAc(AssociateAc {
            called: "ARCHIVE".to_owned(),
            calling: "MODALITY".to_owned(),
            contexts: vec![
                answer(1, ContextResult::Accepted),
                answer(3, ContextResult::TransferSyntaxes),
            ],
            user: user(),
        }),
        Pdu::AssociateRj(Rejection::BUSY),
        Pdu::ReleaseRq,
        Pdu::ReleaseRp,
        Pdu::Abort {
            source: 2,
            reason: 1,
        },
    ]
}
