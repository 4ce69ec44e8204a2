//! What goes wrong, and when: two rows of events, both drawn from the seed.
//! One kills and restarts programs; the other troubles lines, disks and
//! whole programs for a while. They overlap as they like.

use crate::world::{self, Place, Program, World};
use rand::{Rng, SeedableRng, rngs::SmallRng, seq::SliceRandom};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::OwnedMutexGuard,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How long a program may need to start while disks and databases come and go.
const START_LIMIT: Duration = Duration::from_secs(120);

/// When a run has had enough.
#[derive(Debug, Clone, Copy)]
pub struct Enough {
    pub kills: u64,
    pub after: Duration,
}

/// How often each kind of fault was done.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<&'static str, u64>>);

impl Tally {
    fn add(&self, kind: &'static str, count: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *all.entry(kind).or_default() += count;
    }

    pub fn all(&self) -> BTreeMap<&'static str, u64> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn kills(&self) -> u64 {
        let all = self.all();
        let kills = all.iter().filter(|(kind, _)| kind.starts_with("kill "));
        kills.map(|(_, count)| count).sum()
    }
}

/// Faults done to a world.
pub struct Faults<'a> {
    pub world: &'a World,
    pub seed: u64,
    pub enough: Enough,
    pub tally: &'a Tally,
}

/// For a while.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Cut,
    Refuse,
    Stall,
    Slow,
    Long,
    NodeCut,
    NodeRefuse,
    NodeSlow,
    /// Any program.
    Pause,
    /// Any disk.
    Full,
    Database,
    Blobs,
}

const TROUBLES: &[Trouble] = &[
    Trouble::Cut,
    Trouble::Cut,
    Trouble::Refuse,
    Trouble::Stall,
    Trouble::Slow,
    Trouble::Long,
    Trouble::NodeCut,
    Trouble::NodeRefuse,
    Trouble::NodeSlow,
    Trouble::Pause,
    Trouble::Pause,
    Trouble::Full,
    Trouble::Full,
    // These two pass when there are no servers.
    Trouble::Database,
    Trouble::Blobs,
];

impl Faults<'_> {
    /// Returns when there was enough; [`World::mend`] then mends what is still
    /// broken.
    ///
    /// # Errors
    /// Names a program that did not start again.
    pub async fn run(&self) -> Result<(), String> {
        let over = CancellationToken::new();
        let kills = async {
            let outcome = timeout(self.enough.after, self.kill_all()).await;
            over.cancel();
            outcome.unwrap_or(Ok(()))
        };
        let (killed, ()) = tokio::join!(kills, self.trouble_until(&over));
        killed
    }

    async fn kill_all(&self) -> Result<(), String> {
        let mut random = SmallRng::seed_from_u64(self.seed);
        let mut restarts: JoinSet<Result<u64, String>> = JoinSet::new();
        let mut kills = 0;
        while kills < self.enough.kills {
            sleep(Duration::from_millis(random.random_range(300..900))).await;
            if let Some((place, mut program)) = self.free_place(&mut random) {
                kills += 1;
                self.tally.add(place.killed, 1);
                if self.world.has_clock() && random.random_range(0..5) == 0 {
                    let seconds = *[-90, -5, -1, 0, 1, 5, 90]
                        .get(random.random_range(0..7))
                        .unwrap_or(&0);
                    self.world.set_clock(&mut program, seconds);
                    self.tally.add("step of a clock", 1);
                }
                let name = place.name;
                restarts.spawn_local(async move {
                    program.kill();
                    let failures = world::start(name, &mut program, START_LIMIT).await?;
                    Ok(u64::from(failures))
                });
            }
            while let Some(ended) = restarts.try_join_next() {
                self.restarted(ended)?;
            }
        }
        while let Some(ended) = restarts.join_next().await {
            self.restarted(ended)?;
        }
        Ok(())
    }

    fn restarted(
        &self,
        ended: Result<Result<u64, String>, tokio::task::JoinError>,
    ) -> Result<(), String> {
        let failures = ended.map_err(|error| error.to_string())??;
        if failures > 0 {
            self.tally
                .add("start that failed and was repeated", failures);
        }
        Ok(())
    }

    /// A place that nothing is being done to, any of them.
    fn free_place(&self, random: &mut SmallRng) -> Option<(&Place, OwnedMutexGuard<Program>)> {
        let mut places = self.world.places();
        places.shuffle(random);
        places.into_iter().find_map(|place| {
            let program = place.program.clone().try_lock_owned().ok()?;
            Some((place, program))
        })
    }

    /// What was begun is ended.
    async fn trouble_until(&self, over: &CancellationToken) {
        let mut random = SmallRng::seed_from_u64(self.seed.rotate_left(17));
        loop {
            let pause = Duration::from_millis(random.random_range(100..1_500));
            if timeout(pause, over.cancelled()).await.is_ok() {
                return;
            }
            let trouble = TROUBLES[random.random_range(0..TROUBLES.len())];
            let lasts = Duration::from_millis(random.random_range(100..3_000));
            self.trouble(trouble, lasts, &mut random).await;
        }
    }

    async fn trouble(&self, trouble: Trouble, lasts: Duration, random: &mut SmallRng) {
        let (link, node) = (&self.world.link, &self.world.node);
        let kind = match trouble {
            Trouble::Cut => {
                link.cut();
                "cut line"
            }
            Trouble::NodeCut => {
                node.cut();
                "cut line to the archive"
            }
            Trouble::Refuse => {
                link.refuse(true);
                link.cut();
                sleep(lasts).await;
                link.refuse(false);
                "line away"
            }
            Trouble::NodeRefuse => {
                node.refuse(true);
                node.cut();
                sleep(lasts).await;
                node.refuse(false);
                "archive away"
            }
            Trouble::Stall => {
                link.stall(true);
                sleep(lasts).await;
                if random.random_bool(0.5) {
                    link.cut();
                }
                link.stall(false);
                "stalled line"
            }
            Trouble::Slow => {
                link.limit(Some(random.random_range(50_000..2_000_000)));
                sleep(lasts).await;
                link.limit(None);
                "slow line"
            }
            Trouble::Long => {
                link.delay(Duration::from_millis(random.random_range(5..200)));
                sleep(lasts).await;
                link.delay(Duration::ZERO);
                "long line"
            }
            Trouble::NodeSlow => {
                node.limit(Some(random.random_range(50_000..2_000_000)));
                sleep(lasts).await;
                node.limit(None);
                "slow line to the archive"
            }
            Trouble::Pause => {
                let Some((_, program)) = self.free_place(random) else {
                    return;
                };
                program.signal("STOP");
                sleep(lasts).await;
                program.signal("CONT");
                "stopped and continued program"
            }
            Trouble::Full => {
                let places = self.world.places();
                let place = places[random.random_range(0..places.len())];
                let Some(disk) = &place.disk else { return };
                if !disk.fill() {
                    return;
                }
                sleep(lasts).await;
                disk.free();
                place.full
            }
            Trouble::Database => {
                let Some(servers) = &self.world.servers else {
                    return;
                };
                let mut postgres = servers.postgres.lock().await;
                if random.random_bool(0.5) {
                    postgres.kill().await;
                } else {
                    postgres.stop().await;
                }
                sleep(lasts).await;
                postgres.start_again().await;
                "database away"
            }
            Trouble::Blobs => {
                let Some(servers) = &self.world.servers else {
                    return;
                };
                let mut s3 = servers.s3.lock().await;
                s3.kill();
                sleep(lasts).await;
                s3.start_again().await;
                "object store away"
            }
        };
        self.tally.add(kind, 1);
    }
}
