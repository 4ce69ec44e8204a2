//! Our side of an association that we ask for: whatever a node answers, each
//! request comes to an end, within bounds of memory.

use super::pdu::{self as words, value};
use bildbro_dimse::{
    client::{Association, ClientConfig, ClientError, Node, Offer, StoreHeader},
    command::{Command, field},
    pdu::{self, AssociateAc, ContextAnswer, ContextResult, Pdu},
    sop, status,
};
use bildbro_domain::AeTitle;
use bytes::Bytes;
use futures::stream;
use std::{cell::RefCell, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    runtime::{Builder, Runtime},
    time::timeout,
};

/// Longer than the target's own limit: what only a time limit of the requester
/// ends has hung.
const LONG: Duration = Duration::from_secs(600);

/// How long all may take once the node has said all.
const END: Duration = Duration::from_secs(8);

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

thread_local! {
    /// A runtime, and how many inputs it has run.
    static RUNTIME: RefCell<Option<(Runtime, u32)>> = const { RefCell::new(None) };
}

pub fn run(data: &[u8]) {
    if let Ok(found) = asked(data) {
        assert!(found <= data.len(), "no more than came");
    }
}

fn asked(data: &[u8]) -> Result<usize, ClientError> {
    RUNTIME.with_borrow_mut(|running| {
        let (runtime, count) = running.get_or_insert_with(|| {
            let runtime = Builder::new_current_thread().enable_all().build();
            (runtime.expect("a runtime can be made"), 0)
        });
        *count += 1;
        // Each at another address, so that ports do not run out.
        let [_, b, c, d] = count.to_be_bytes();
        let any = SocketAddr::from(([127, b, c, d | 1], 0));
        let talk = async {
            let listener = TcpListener::bind(any).await;
            let listener = listener.expect("the loopback is all ours");
            let address = listener.local_addr().expect("it is bound");
            let both = async { tokio::join!(answer(&listener, data), ask(address)) };
            timeout(END, both).await
        };
        let (_, asked) = runtime.block_on(talk).expect("it ends when the node has");
        asked
    })
}

/// The node: says all, whatever it is asked.
async fn answer(listener: &TcpListener, data: &[u8]) {
    let (stream, _) = listener.accept().await.expect("it is asked");
    let (mut reader, mut writer) = stream.into_split();
    let say = async {
        // The requester may have closed: it need not hear all.
        let _closed = writer.write_all(data).await;
        let _closed = writer.shutdown().await;
    };
    let hear = async {
        let mut rest = Vec::new();
        // A reset is an end, too.
        let _reset = reader.read_to_end(&mut rest).await;
    };
    tokio::join!(say, hear);
}

/// Asks one thing of each kind. Answers the bytes of what was found.
async fn ask(address: SocketAddr) -> Result<usize, ClientError> {
    let title = |text| AeTitle::new(text).expect("a title");
    let node = Node {
        ae_title: title("ARCHIVE"),
        host: address.ip().to_string(),
        port: address.port(),
    };
    let config = ClientConfig {
        calling: title("GATEWAY"),
        connect: LONG,
        response: LONG,
        max_pdu: 16 * 1024,
    };
    let offers = [sop::VERIFICATION, CT, sop::STUDY_ROOT_FIND]
        .map(|class| Offer::user(class, &[sop::IMPLICIT_LE]));
    let mut association = Association::open(&node, &config, &offers).await?;
    association.echo().await?;
    let mut found = 0;
    let query = |_: &str| Bytes::from_static(b"\x08\0\x52\0\x06\0\0\0STUDY ");
    association
        .find(sop::STUDY_ROOT_FIND, query, |_, bytes| {
            found += bytes.len();
            true
        })
        .await?;
    let header = StoreHeader {
        class: CT.to_owned(),
        sop_uid: "1.2.3".to_owned(),
        syntax: sop::IMPLICIT_LE.to_owned(),
        originator: None,
    };
    let object = stream::iter([Ok(Bytes::from_static(b"data"))]);
    association.store(&header, object).await?;
    association.release().await;
    Ok(found)
}

/// A node's side of whole conversations.
pub fn seeds() -> Vec<Vec<u8>> {
    let Some(Pdu::AssociateAc(answer)) = words::all().into_iter().nth(1) else {
        return Vec::new();
    };
    let contexts = [1, 3, 5].map(|id| ContextAnswer {
        id,
        result: ContextResult::Accepted,
        transfer_syntax: sop::IMPLICIT_LE.to_owned(),
    });
    let accept = pdu::encode(&Pdu::AssociateAc(AssociateAc {
        contexts: contexts.to_vec(),
        ..answer
    }));
    let response = |id, field, status, has_data| {
        let request = Command {
            field,
            message_id: id,
            ..Command::default()
        };
        let response = Command {
            has_data,
            ..Command::response(&request, status)
        };
        response.encode()
    };
    let echoed = value(
        1,
        true,
        &response(1, field::ECHO_RQ, status::SUCCESS, false),
    );
    let pending = [
        value(5, true, &response(2, field::FIND_RQ, status::PENDING, true)),
        value(5, false, b"\x20\0\x0d\0\x04\0\0\x001.2\0"),
    ]
    .concat();
    let found = value(
        5,
        true,
        &response(2, field::FIND_RQ, status::SUCCESS, false),
    );
    let stored = value(
        3,
        true,
        &response(3, field::STORE_RQ, status::SUCCESS, false),
    );
    let released = pdu::encode(&Pdu::ReleaseRp);
    let mut out: Vec<Vec<u8>> = words::all().iter().map(pdu::encode).collect();
    out.push([&accept[..], &echoed].concat());
    out.push([accept, echoed, pending.repeat(2), found, stored, released].concat());
    out
}

#[cfg(test)]
mod tests {
    /// Else all that is fuzzed is the beginning.
    #[test]
    fn the_whole_conversation_comes_to_its_end() {
        let whole = super::seeds().pop().unwrap();
        assert_eq!(super::asked(&whole).unwrap(), 2 * 12);
    }
}
