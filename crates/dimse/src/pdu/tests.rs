use super::*;
use proptest::prelude::*;

fn round_trip(pdu: &Pdu) -> Result<Pdu, PduError> {
    let bytes = encode(pdu);
    let head: [u8; HEADER] = bytes[..HEADER].try_into().unwrap();
    let (kind, length) = header(head, 16_384)?;
    assert_eq!(bytes.len(), HEADER + length as usize);
    decode(kind, &bytes[HEADER..])
}

fn uid() -> impl Strategy<Value = String> {
    "[0-9.]{1,64}"
}

fn user() -> impl Strategy<Value = UserInformation> {
    (
        any::<u32>(),
        uid(),
        "[A-Z]{1,16}",
        proptest::collection::vec((uid(), any::<bool>(), any::<bool>()), 0..3),
        proptest::option::of((any::<u16>(), any::<u16>())),
    )
        .prop_map(
            |(max_length, class, version, roles, asynchronous)| UserInformation {
                max_length,
                implementation_class: class,
                implementation_version: version,
                roles: roles
                    .into_iter()
                    .map(|(class, scu, scp)| Role { class, scu, scp })
                    .collect(),
                asynchronous,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn requests_come_back_as_sent(
        called in "[A-Z_]{1,16}", calling in "[A-Z_]{1,16}", user in user(),
        contexts in proptest::collection::vec((any::<u8>(), uid(), proptest::collection::vec(uid(), 0..4)), 0..5),
    ) {
        let contexts = contexts.into_iter().map(|(id, abstract_syntax, transfer_syntaxes)| Proposal { id, abstract_syntax, transfer_syntaxes }).collect();
        let pdu = Pdu::AssociateRq(AssociateRq { called, calling, contexts, user });
        prop_assert_eq!(round_trip(&pdu), Ok(pdu));
    }

    #[test]
    fn cut_or_arbitrary_bodies_never_panic(kind in 0u8..10, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(kind, &bytes);
        let _ = fragments(Bytes::from(bytes));
    }
}

#[test]
fn short_pdus_come_back_as_sent() {
    for pdu in [
        Pdu::AssociateRj(Rejection::BUSY),
        Pdu::ReleaseRq,
        Pdu::ReleaseRp,
        Pdu::Abort {
            source: 2,
            reason: 1,
        },
    ] {
        assert_eq!(round_trip(&pdu), Ok(pdu));
    }
}

#[test]
fn other_protocols_are_told_apart_at_once() {
    // A TLS ClientHello, and an HTTP request.
    assert_eq!(
        header(*b"\x16\x03\x01\x02\x00\x01", 100),
        Err(PduError::UnknownType(0x16))
    );
    assert_eq!(header(*b"GET / ", 100), Err(PduError::UnknownType(b'G')));
}

#[test]
fn a_length_that_lies_is_refused_before_it_is_read() {
    assert_eq!(
        header([P_DATA, 0, 0xFF, 0xFF, 0xFF, 0xFF], 16_384),
        Err(PduError::TooLong {
            kind: P_DATA,
            length: u32::MAX,
            most: 16_384
        })
    );
    let mut body = data_head(1, false, true, 4)[HEADER..].to_vec();
    body.extend_from_slice(b"abc");
    assert_eq!(fragments(Bytes::from(body)), Err(PduError::Overrun));
}
