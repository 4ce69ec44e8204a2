//! The driver on stable Rust: makes inputs, runs a target on each, and watches
//! for panics, hangs and memory.
//!
//! It is blind: nothing tells it which code an input reached. What it lacks in
//! aim it makes up by knowing the formats (see [`crate::mutate`]) and by
//! starting everywhere. A run follows from its seed alone.
//!
//! An input whose target takes the whole process down cannot be caught here:
//! it is written to a file before each run, where [`last_words`] finds it.

use crate::{Target, mutate, random::Random};
use peak_alloc::PeakAlloc;
use std::{
    env,
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    process,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Counts what is held; each program that drives sets it as its allocator.
pub type Counting = PeakAlloc;

/// Attempts at making a failing input shorter.
const SHORTEN: usize = 4000;

/// What was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Panicked: the message, and where.
    Panic(String),
    /// Held this many bytes, over its bound.
    Memory(usize),
    /// Took longer than it may.
    Hang(Duration),
}

impl Fault {
    /// Whether two faults are the same in kind and place.
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Panic(a), Self::Panic(b)) => place(a) == place(b),
            (Self::Memory(_), Self::Memory(_)) | (Self::Hang(_), Self::Hang(_)) => true,
            _ => false,
        }
    }
}

/// Where a panic was; its message may hold numbers that change.
fn place(panic: &str) -> &str {
    panic.split(": ").next().unwrap_or(panic)
}

/// Runs a target on one input. Answers the most bytes that it held.
///
/// # Errors
/// What was wrong.
pub fn once(target: &Target, counting: Counting, input: &[u8]) -> Result<usize, Fault> {
    remember_panics();
    counting.reset_peak_usage();
    let before = counting.current_usage();
    let start = Instant::now();
    let ran = panic::catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    if ran.is_err() {
        return Err(Fault::Panic(last_panic()));
    }
    let held = counting.peak_usage().saturating_sub(before);
    if held > target.memory {
        return Err(Fault::Memory(held));
    }
    let took = start.elapsed();
    if took > target.time {
        return Err(Fault::Hang(took));
    }
    Ok(held)
}

static PANIC: Mutex<String> = Mutex::new(String::new());

fn last_panic() -> String {
    PANIC.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Keeps the last panic's words instead of printing them: targets may panic
/// and catch it themselves.
fn remember_panics() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        panic::set_hook(Box::new(|info| {
            let at = info.location().map_or_else(String::new, |l| {
                format!("{}:{}:{}", l.file(), l.line(), l.column())
            });
            let text = info.payload_as_str().unwrap_or("no message");
            *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = format!("{at}: {text}");
        }));
    });
}

/// How a run went.
#[derive(Debug, Default)]
pub struct Report {
    pub executions: u64,
    /// Most bytes that an input made the target hold.
    pub held: usize,
    /// Longest that an input took.
    pub longest: Duration,
    /// Each kind of fault once, with its shortest input.
    pub faults: Vec<(Fault, Vec<u8>)>,
}

/// Fuzzes a target until the time is over: its seeds first, then what is made
/// of them. Inputs that fail are made shorter. A hang that does not end is
/// given to `on_hang`, from another thread.
///
/// # Errors
/// When the file for last words cannot be written.
pub fn run(
    target: &'static Target,
    counting: Counting,
    seed: u64,
    time: Duration,
    on_hang: fn(&Target, &[u8]),
) -> io::Result<Report> {
    let last_path = last_words(target, process::id());
    let last = File::create(&last_path)?;
    let watch = Watch::start(target, on_hang);
    let seeds = (target.seeds)();
    let mut random = Random::new(seed ^ u64::from(crc32fast::hash(target.name.as_bytes())));
    let mut report = Report::default();
    let start = Instant::now();
    while start.elapsed() < time || report.executions < seeds.len() as u64 {
        let place = usize::try_from(report.executions).unwrap_or(usize::MAX);
        let input = match seeds.get(place) {
            Some(seed) => seed.clone(),
            None => mutate::make(&mut random, &seeds, target.words, target.longest),
        };
        last.set_len(input.len() as u64)?;
        last.write_all_at(&input, 0)?;
        watch.begin(&input);
        let began = Instant::now();
        let outcome = once(target, counting, &input);
        watch.end();
        report.executions += 1;
        report.longest = report.longest.max(began.elapsed());
        match outcome {
            Ok(held) => report.held = report.held.max(held),
            Err(fault) if report.faults.iter().any(|(known, _)| known.same(&fault)) => {}
            Err(fault) => {
                let input = shorten(target, counting, &watch, input, &fault);
                report.faults.push((fault, input));
            }
        }
    }
    fs::remove_file(last_path)?;
    Ok(report)
}

/// Where a process writes the input that it runs.
#[must_use]
pub fn last_words(target: &Target, process: u32) -> PathBuf {
    env::temp_dir().join(format!("bildbro-fuzz-{process}-{}", target.name))
}

/// Leaves out parts, larger ones first, as long as the fault stays.
fn shorten(
    target: &Target,
    counting: Counting,
    watch: &Watch,
    mut input: Vec<u8>,
    fault: &Fault,
) -> Vec<u8> {
    let mut part = input.len().next_power_of_two() / 2;
    let mut attempts = 0;
    while part > 0 && attempts < SHORTEN && !matches!(fault, Fault::Hang(_)) {
        let (mut at, mut shorter) = (0, false);
        while at < input.len() && attempts < SHORTEN {
            attempts += 1;
            let mut less = input.clone();
            less.drain(at..(at + part).min(input.len()));
            watch.begin(&less);
            let still = once(target, counting, &less).is_err_and(|f| f.same(fault));
            watch.end();
            if still {
                (input, shorter) = (less, true);
            } else {
                at += part;
            }
        }
        if !shorter || part > 1 {
            part /= 2;
        }
    }
    input
}

/// Writes an input where people look for it, named by what it holds.
///
/// # Errors
/// When it cannot be written.
pub fn keep(folder: &Path, target: &Target, input: &[u8]) -> io::Result<PathBuf> {
    let folder = folder.join(target.name);
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{:08x}", crc32fast::hash(input)));
    fs::write(&path, input)?;
    Ok(path)
}

/// Since when an input runs, and which.
type Now = Option<(Instant, Vec<u8>)>;

/// Looks from another thread whether an input goes on for too long.
struct Watch {
    now: Arc<Mutex<Now>>,
    over: Arc<AtomicBool>,
}

impl Watch {
    fn start(target: &'static Target, on_hang: fn(&Target, &[u8])) -> Self {
        let this = Self {
            now: Arc::default(),
            over: Arc::default(),
        };
        let (now, over) = (Arc::clone(&this.now), Arc::clone(&this.over));
        thread::spawn(move || {
            // Twice the time: one that ends by itself is told of with more.
            while !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(200));
                let now = now.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((start, input)) = &*now
                    && start.elapsed() > target.time * 2
                {
                    on_hang(target, input);
                }
            }
        });
        this
    }

    fn begin(&self, input: &[u8]) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = Some((Instant::now(), input.to_vec()));
    }

    fn end(&self) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
