//! An association in full: whatever comes on the connection, the server ends
//! it when the peer has said all, within bounds of memory; what it answers is
//! DICOM; and it never says success of an object that was not kept whole.

use super::pdu::{request, store, value};
use async_trait::async_trait;
use bildbro_dimse::{
    command::{Command, field},
    pdu::{self, HEADER, Pdu},
    server::{
        Acceptance, Peer, Query, Refusal, Server, ServerConfig, Services, StoreRequest, StoreSink,
        StoredObject,
    },
    sop, status,
};
use bildbro_domain::{ClassUid, InstanceUid, SyntaxUid};
use bytes::Bytes;
use futures::{StreamExt, stream, stream::BoxStream};
use std::{
    cell::RefCell,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    runtime::{Builder, Runtime},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Longer than the target's own limit: what only a time limit of the server
/// ends has hung.
const LONG: Duration = Duration::from_secs(600);

/// How long the end of a connection may take once the peer has said all.
const END: Duration = Duration::from_secs(8);

const MAX_PDU: u32 = 16 * 1024;

/// A server, for all inputs that one thread runs.
struct Running {
    runtime: Runtime,
    address: SocketAddr,
    open: Arc<AtomicU64>,
    kept: Arc<Kept>,
    connections: u32,
}

#[derive(Default)]
struct Kept {
    bytes: AtomicU64,
    objects: AtomicU64,
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

pub fn run(data: &[u8]) {
    RUNNING.with_borrow_mut(|running| {
        let running = running.get_or_insert_with(start);
        running.connections += 1;
        let (before, kept) = (running.kept.count(), Arc::clone(&running.kept));
        let answer = running.runtime.block_on(talk(running, data));
        let (bytes, objects) = running.kept.count();
        assert!(bytes - before.0 <= data.len() as u64, "no more than came");
        assert!(
            successes(&answer) <= objects - before.1,
            "success is said of what is kept"
        );
        drop(kept);
    });
}

fn start() -> Running {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be made");
    let kept = Arc::new(Kept::default());
    let config = ServerConfig {
        max_associations: 4,
        max_pdu: MAX_PDU,
        idle: LONG,
        artim: LONG,
        grace: LONG,
        implementation_class: "1.2.3.4",
        implementation_version: "FUZZ",
    };
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let services = Arc::new(Accepting(Arc::clone(&kept)));
    let server = runtime.block_on(Server::bind(any, config, services));
    let server = server.expect("a port of the loopback is free");
    let address = server.local_addr().expect("it is bound");
    let open = server.open_associations();
    runtime.spawn(server.serve(CancellationToken::new()));
    Running {
        runtime,
        address,
        open,
        kept,
        connections: 0,
    }
}

/// Says all, and reads to the end.
async fn talk(running: &Running, data: &[u8]) -> Vec<u8> {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    // Each from another address, so that ports do not run out.
    let [_, b, c, d] = running.connections.to_be_bytes();
    let from = SocketAddr::from(([127, b, c, d | 1], 0));
    socket.bind(from).expect("the loopback is all ours");
    let stream = socket.connect(running.address).await;
    let (mut reader, mut writer) = stream.expect("it listens").into_split();
    let say = async {
        // The server may have closed: it need not hear all.
        let _closed = writer.write_all(data).await;
        let _closed = writer.shutdown().await;
    };
    let mut answer = Vec::new();
    let hear = async {
        // A reset is an end, too.
        let _reset = reader.read_to_end(&mut answer).await;
        while running.open.load(Ordering::Relaxed) > 0 {
            tokio::task::yield_now().await;
        }
    };
    let end = timeout(END, async { tokio::join!(say, hear) }).await;
    assert!(end.is_ok(), "the association ends when the peer has");
    answer
}

/// Reads what the server said. Answers how many objects it says it stored.
fn successes(mut answer: &[u8]) -> u64 {
    let mut stored = 0;
    let mut whole = Vec::new();
    while let Some(head) = answer.first_chunk::<HEADER>() {
        let (kind, length) = pdu::header(*head, 1 << 20).expect("the server speaks DICOM");
        let Some(body) = answer[HEADER..].get(..length as usize) else {
            break; // cut off by the reset of a connection
        };
        answer = &answer[HEADER + body.len()..];
        if kind != pdu::P_DATA {
            pdu::decode(kind, body).expect("the server speaks DICOM");
            continue;
        }
        let fragments = pdu::fragments(Bytes::copy_from_slice(body));
        for fragment in fragments.expect("the server speaks DICOM") {
            if !fragment.command {
                continue;
            }
            whole.extend_from_slice(&fragment.data);
            if !fragment.last {
                continue;
            }
            let command = Command::decode(&std::mem::take(&mut whole));
            let command = command.expect("the server speaks DICOM");
            let store = command.field == field::STORE_RQ | field::RESPONSE;
            stored += u64::from(store && command.status == Some(status::SUCCESS));
        }
    }
    stored
}

impl Kept {
    fn count(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (load(&self.bytes), load(&self.objects))
    }
}

/// Takes everything from everyone.
struct Accepting(Arc<Kept>);

struct Sink(Arc<Kept>);

#[async_trait]
impl StoreSink for Sink {
    async fn push(&mut self, bytes: Bytes) -> Result<(), u16> {
        let length = bytes.len() as u64;
        self.0.bytes.fetch_add(length, Ordering::Relaxed);
        // One that is full, now and then.
        if bytes.first() == Some(&b'#') {
            return Err(status::OUT_OF_RESOURCES);
        }
        Ok(())
    }

    async fn commit(self: Box<Self>) -> u16 {
        self.0.objects.fetch_add(1, Ordering::Relaxed);
        status::SUCCESS
    }
}

#[async_trait]
impl Services for Accepting {
    fn welcome(&self, _peer: &Peer) -> Result<(), Refusal> {
        Ok(())
    }

    fn accept(&self, _peer: &Peer, _abstract_syntax: &str, proposed: &[String]) -> Acceptance {
        match proposed.first() {
            Some(syntax) => Acceptance::Accept(syntax.clone()),
            None => Acceptance::RefuseTransferSyntaxes,
        }
    }

    async fn store(&self, _peer: &Peer, _request: StoreRequest) -> Result<Box<dyn StoreSink>, u16> {
        Ok(Box::new(Sink(Arc::clone(&self.0))))
    }

    async fn find(&self, _peer: &Peer, query: Query) -> Result<BoxStream<'static, Bytes>, u16> {
        Ok(stream::iter([query.identifier.clone(), query.identifier]).boxed())
    }

    async fn retrieve(&self, _peer: &Peer, _query: Query) -> Result<Vec<StoredObject>, u16> {
        let object = || StoredObject {
            class: ClassUid::new("1.2.840.10008.5.1.4.1.1.2").expect("a UID"),
            sop_uid: InstanceUid::new("1.2.3").expect("a UID"),
            syntax: SyntaxUid::new(sop::IMPLICIT_LE).expect("a UID"),
            bytes: stream::iter([Ok(Bytes::from_static(b"data"))]).boxed(),
        };
        Ok(vec![object(), object()])
    }
}

/// Whole conversations, as far as a requester's side goes.
pub fn seeds() -> Vec<Vec<u8>> {
    let begin = pdu::encode(&Pdu::AssociateRq(request()));
    let end = pdu::encode(&Pdu::ReleaseRq);
    let command = |field, class: &str, has_data| Command {
        field,
        class: class.to_owned(),
        message_id: 2,
        has_data,
        priority: Some(0),
        move_destination: "WHO".to_owned(),
        ..Command::default()
    };
    let say = |context, command: &Command, data: &[u8]| {
        let mut out = value(context, true, &command.encode());
        if command.has_data {
            out.extend(value(context, false, data));
        }
        out
    };
    let query = b"\x08\0\x52\0\x06\0\0\0STUDY \x20\0\x0d\0\0\0\0\0";
    let cancel = Command {
        field: field::CANCEL_RQ,
        responding_to: 2,
        ..Command::default()
    };
    let stored = Command::response(&store(), status::SUCCESS);
    let echo = say(1, &command(field::ECHO_RQ, sop::VERIFICATION, false), b"");
    let image = say(3, &store(), &crate::seeds::image(sop::IMPLICIT_LE));
    let full = say(3, &store(), b"#full");
    let find = say(
        5,
        &command(field::FIND_RQ, sop::STUDY_ROOT_FIND, true),
        query,
    );
    let move_ = say(
        7,
        &command(field::MOVE_RQ, sop::STUDY_ROOT_MOVE, true),
        query,
    );
    let get = say(9, &command(field::GET_RQ, sop::STUDY_ROOT_GET, true), query);
    let answers = say(3, &stored, b"").repeat(2);
    let cancelled = say(5, &cancel, b"");
    let unknown = say(1, &command(0x0140, sop::VERIFICATION, true), b"data");
    let middles: Vec<Vec<u8>> = vec![
        echo.clone(),
        image.clone(),
        [image, full, echo].concat(),
        find.clone(),
        [find, cancelled].concat(),
        move_,
        [get, answers].concat(),
        unknown,
        pdu::encode(&Pdu::Abort {
            source: 0,
            reason: 0,
        }),
    ];
    middles
        .into_iter()
        .map(|middle| [&begin[..], &middle, &end].concat())
        .collect()
}
