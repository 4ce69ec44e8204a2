//! A line between two programs that can be made slow, long, dead or cut: a TCP
//! proxy in this process. The kernel's own (netem) needs root and a module
//! that many machines lack.
//!
//! Bytes are never changed, reordered or lost on a connection that stands. A
//! rate is for all connections together and for each way of its own, as on a
//! real line; a delay is a pipeline, so that it costs no throughput.

use bytes::{Bytes, BytesMut};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// Bytes read at a time on a line without limit.
const CHUNK: usize = 128 << 10;
/// Chunks on their way, each way of a connection: more than a long line holds.
const ON_THE_WAY: usize = 128;
/// What a limited line passes at once, as time.
const BURST: Duration = Duration::from_millis(15);
const SMALLEST_CHUNK: usize = 1 << 10;
/// Kept small, so that what waits for the line waits at the sender, which can
/// feel it, and not in the kernel between.
const RECEIVE_BUFFER: u32 = 512 << 10;

/// The line. Ends, with all its connections, on drop.
#[derive(Debug)]
pub struct Shaper {
    address: SocketAddr,
    line: Arc<Line>,
    _accepting: AbortOnDropHandle<()>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// Bytes a second.
    rate: Option<u64>,
    delay: Duration,
    stalled: bool,
    refusing: bool,
}

#[derive(Debug)]
struct Line {
    state: watch::Sender<State>,
    targets: Mutex<Vec<SocketAddr>>,
    next_target: AtomicUsize,
    standing: Mutex<CancellationToken>,
    there: Way,
    back: Way,
}

/// One of the two directions.
#[derive(Debug)]
struct Way {
    passed: AtomicU64,
    /// When the bytes passed so far will all have gone at the line's rate.
    free_at: Mutex<Instant>,
}

impl Shaper {
    /// A line to `target` without limits, on a free port.
    ///
    /// # Panics
    /// When the machine has no free port.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = listen().expect("the machine has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let line = Arc::new(Line {
            state: watch::Sender::new(State::default()),
            targets: Mutex::new(vec![target]),
            next_target: AtomicUsize::new(0),
            standing: Mutex::new(CancellationToken::new()),
            there: Way::new(),
            back: Way::new(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&line)));
        Self {
            address,
            line,
            _accepting: AbortOnDropHandle::new(accepting),
        }
    }

    /// Where to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where new connections go: to each in turn, past those that do not
    /// answer.
    pub fn set_targets(&self, targets: Vec<SocketAddr>) {
        *lock(&self.line.targets) = targets;
    }

    /// Most bytes a second, each way; `None` for no limit.
    ///
    /// # Panics
    /// When it is 0; see [`Shaper::stall`].
    pub fn limit(&self, bytes_per_second: Option<u64>) {
        assert_ne!(
            bytes_per_second,
            Some(0),
            "a line that passes nothing is stalled"
        );
        self.line
            .state
            .send_modify(|state| state.rate = bytes_per_second);
    }

    /// How long each byte is on its way, each way. A new connection waits one
    /// round trip more, as for TCP's handshake.
    pub fn delay(&self, one_way: Duration) {
        self.line.state.send_modify(|state| state.delay = one_way);
    }

    /// Drops all connections.
    pub fn cut(&self) {
        let standing = std::mem::take(&mut *lock(&self.line.standing));
        standing.cancel();
    }

    /// Whether new connections are dropped at once.
    pub fn refuse(&self, refusing: bool) {
        self.line
            .state
            .send_modify(|state| state.refusing = refusing);
    }

    /// Whether connections are kept but nothing passes.
    pub fn stall(&self, stalled: bool) {
        self.line.state.send_modify(|state| state.stalled = stalled);
    }

    /// Bytes passed to the target and back from it.
    pub fn passed(&self) -> (u64, u64) {
        let passed = |way: &Way| way.passed.load(Ordering::Relaxed);
        (passed(&self.line.there), passed(&self.line.back))
    }
}

impl Drop for Shaper {
    fn drop(&mut self) {
        self.cut();
    }
}

fn listen() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // Accepted connections have it from the listener.
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    socket.listen(1024)
}

async fn accept(listener: TcpListener, line: Arc<Line>) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // Out of file descriptors, or the client is gone already.
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        if line.state.borrow().refusing {
            continue;
        }
        let standing = lock(&line.standing).clone();
        let line = Arc::clone(&line);
        tokio::spawn(async move {
            // How it ends is the business of the two that talk.
            let _ended = standing.run_until_cancelled(line.carry(client)).await;
        });
    }
}

impl Line {
    async fn carry(&self, client: TcpStream) -> io::Result<()> {
        let delay = self.state.borrow().delay;
        sleep(delay * 2).await;
        let server = self.connect().await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (client, server) = (client.into_split(), server.into_split());
        let there = self.pass(&self.there, client.0, server.1);
        let back = self.pass(&self.back, server.0, client.1);
        tokio::try_join!(there, back).map(drop)
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let targets = lock(&self.targets).clone();
        let first = self.next_target.fetch_add(1, Ordering::Relaxed);
        let mut outcome = Err(io::Error::other("the line leads nowhere"));
        for turn in 0..targets.len() {
            let target = targets[first.wrapping_add(turn) % targets.len()];
            let socket = TcpSocket::new_v4()?;
            socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
            outcome = socket.connect(target).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    async fn pass(&self, way: &Way, from: OwnedReadHalf, to: OwnedWriteHalf) -> io::Result<()> {
        let (sender, receiver) = mpsc::channel(ON_THE_WAY);
        tokio::try_join!(self.enter(way, from, sender), self.leave(receiver, to)).map(drop)
    }

    /// At this end each byte takes its turn on the line.
    async fn enter(
        &self,
        way: &Way,
        mut from: OwnedReadHalf,
        to: mpsc::Sender<(Instant, Bytes)>,
    ) -> io::Result<()> {
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(CHUNK);
            let most = self.state.borrow().rate.map_or(CHUNK, burst);
            let read = (&mut from).take(most as u64).read_buf(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            // It may have changed while there was nothing to read.
            let state = *self.state.borrow();
            if let Some(rate) = state.rate {
                sleep_until(way.turn(read, rate)).await;
            }
            way.passed.fetch_add(read as u64, Ordering::Relaxed);
            let due = Instant::now() + state.delay;
            if to.send((due, buffer.split().freeze())).await.is_err() {
                return Ok(());
            }
        }
    }

    /// At this end each byte comes out when its time has come.
    async fn leave(
        &self,
        mut from: mpsc::Receiver<(Instant, Bytes)>,
        mut to: OwnedWriteHalf,
    ) -> io::Result<()> {
        let mut state = self.state.subscribe();
        while let Some((due, bytes)) = from.recv().await {
            if due > Instant::now() {
                sleep_until(due).await;
            }
            if state.wait_for(|state| !state.stalled).await.is_err() {
                return Ok(());
            }
            to.write_all(&bytes).await?;
        }
        // The other way may go on.
        to.shutdown().await
    }
}

impl Way {
    fn new() -> Self {
        Self {
            passed: AtomicU64::new(0),
            free_at: Mutex::new(Instant::now()),
        }
    }

    /// Takes the next place on the line for so many bytes; answers when they
    /// may go, which is at once as long as the burst lasts.
    fn turn(&self, bytes: usize, rate: u64) -> Instant {
        let mut free_at = lock(&self.free_at);
        let begin = (*free_at).max(Instant::now());
        *free_at = begin + Duration::from_secs_f64(bytes as f64 / rate as f64);
        free_at.checked_sub(BURST).unwrap_or(*free_at)
    }
}

fn burst(rate: u64) -> usize {
    let bytes = rate as f64 * BURST.as_secs_f64();
    // The cast takes what is too large to the largest.
    (bytes as usize).clamp(SMALLEST_CHUNK, CHUNK)
}

/// None of the locks is held while something can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
