//! The sending PACS: DCMTK's storescu, again and again, until each image has
//! been acknowledged. Keeps the book of what was.

use crate::images::{self, Image};
use bildbro_domain::Digest;
use bildbro_testkit::{Folder, Peer, dcmtk};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use std::{
    collections::HashSet,
    fs,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// Associations at once.
const WORKERS: u64 = 3;
const CALLING: &str = "PACS_A";
const OPTIONS: &[&str] = &["-v", "-to", "10", "-ta", "20", "-td", "60"];

/// One image in the book.
#[derive(Debug, Clone)]
pub struct Sent {
    pub study: String,
    pub uid: String,
    pub digest: Digest,
    pub bytes: usize,
    /// It bears the UID of an image that was acknowledged before it.
    pub conflict: bool,
    pub tries: u32,
    /// Since the start of the run; `None` while not acknowledged.
    pub acknowledged: Option<Duration>,
}

/// What has been sent so far.
#[derive(Debug)]
pub struct Book {
    begin: Instant,
    sent: Mutex<Vec<Sent>>,
}

impl Book {
    pub fn new() -> Self {
        Self {
            begin: Instant::now(),
            sent: Mutex::new(Vec::new()),
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    pub fn all(&self) -> Vec<Sent> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Sent>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, image: &Image, conflict: bool) -> usize {
        let mut sent = self.lock();
        sent.push(Sent {
            study: image.study.clone(),
            uid: image.uid.clone(),
            digest: image.digest,
            bytes: image.file.len(),
            conflict,
            tries: 0,
            acknowledged: None,
        });
        sent.len() - 1
    }

    /// Notes a try of one image.
    fn note(&self, index: usize, acknowledged: bool) {
        let elapsed = self.elapsed();
        if let Some(sent) = self.lock().get_mut(index) {
            sent.tries += 1;
            sent.acknowledged = acknowledged.then_some(elapsed);
        }
    }
}

/// The PACS.
pub struct Sender {
    pub seed: u64,
    pub to: Peer,
    pub book: Book,
    /// No new study begins then; those begun go on until they are acknowledged.
    pub enough: CancellationToken,
    next: AtomicU64,
    folder: Folder,
}

/// An image on disk, with its line in the book.
struct Waiting {
    file: PathBuf,
    index: usize,
}

impl Sender {
    pub fn new(seed: u64, to: Peer) -> Self {
        Self {
            seed,
            to,
            book: Book::new(),
            enough: CancellationToken::new(),
            next: AtomicU64::new(0),
            folder: Folder::new("chaos-sent-"),
        }
    }

    /// Returns when there was enough and all is acknowledged.
    pub async fn run(&self) {
        tokio::join!(self.work(0), self.work(1), self.work(WORKERS - 1));
    }

    async fn work(&self, worker: u64) {
        let mut random = SmallRng::seed_from_u64(self.seed ^ (worker + 1));
        while !self.enough.is_cancelled() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let study = images::study(self.seed, number, &mut random);
            self.send(&study.images, false).await;
            self.send(&study.conflicts, true).await;
            let pause = Duration::from_millis(random.random_range(0..500));
            let _enough = tokio::time::timeout(pause, self.enough.cancelled()).await;
        }
    }

    /// Sends until all are acknowledged.
    async fn send(&self, images: &[Image], conflict: bool) {
        let mut waiting: Vec<Waiting> = images
            .iter()
            .map(|image| {
                let index = self.book.open(image, conflict);
                let file = self.folder.write(&format!("{index}.dcm"), &image.file);
                Waiting { file, index }
            })
            .collect();
        while !waiting.is_empty() {
            let files: Vec<PathBuf> = waiting.iter().map(|w| w.file.clone()).collect();
            let outcome = dcmtk::storescu(CALLING, &self.to, OPTIONS, &files).await;
            let acknowledged = acknowledged(&outcome.text);
            waiting.retain(|waiting| {
                let done = acknowledged.contains(&waiting.file);
                self.book.note(waiting.index, done);
                if done {
                    // What is left over goes with the folder.
                    let _gone = fs::remove_file(&waiting.file);
                }
                !done
            });
            if !waiting.is_empty() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// The files that storescu -v says were answered with success.
fn acknowledged(log: &str) -> HashSet<PathBuf> {
    let mut file = None;
    let mut all = HashSet::new();
    for line in log.lines() {
        if let Some(path) = line.strip_prefix("I: Sending file: ") {
            file = Some(PathBuf::from(path));
        } else if line == "I: Received Store Response (Success)" {
            all.extend(file.take());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_answered_counts() {
        let log = "I: Sending file: /a\nI: Received Store Response (Success)\n\
                   I: Sending file: /b\nI: Received Store Response (Refused: OutOfResources)\n\
                   I: Sending file: /c\nE: Store Failed, file: /c:\n";
        assert_eq!(acknowledged(log), HashSet::from([PathBuf::from("/a")]));
    }
}
