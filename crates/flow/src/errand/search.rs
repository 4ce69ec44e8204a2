//! A search: all nodes at once, and each study told as it comes.

use super::{ENDING, Errands, TurnError, failed, nothing_new};
use crate::ports::gateway::NodeError;
use bildbro_domain::{ErrorClass, StudyUid, audit::Action, share::Failure};
use bildbro_wire::errand::{Errand, ErrandEnd, Find, Found, FoundStudy, MAX_FOUND, NodeProblem};
use futures::future::join_all;
use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

/// The first study is told at once; those after it in groups of this time,
/// which nobody notices.
const GROUP: Duration = Duration::from_millis(100);

/// Most studies of one search, whatever the hub asks for: so many can wait in
/// memory to be told.
const MOST: u32 = 10_000;

/// With nothing to tell the hub is asked this often whether someone still
/// waits: a node should not go on searching for nobody.
const STILL_WAITED_FOR: Duration = Duration::from_secs(5);

enum News {
    Study(Box<FoundStudy>),
    Problem(NodeProblem),
}

/// One search, seen by all nodes and by who tells the hub.
struct Tally<'a> {
    find: &'a Find,
    /// Studies that have come, from all nodes.
    came: AtomicU32,
    cut: AtomicBool,
    /// There is no use in going on.
    over: CancellationToken,
    news: mpsc::UnboundedSender<News>,
}

impl Tally<'_> {
    /// Takes a study; false when it was the last that is wanted.
    fn take(&self, seen: &mut HashSet<StudyUid>, study: FoundStudy) -> bool {
        if self.over.is_cancelled() {
            return false;
        }
        if !seen.insert(study.study_uid.clone()) {
            return true;
        }
        if self.came.fetch_add(1, Ordering::Relaxed) >= self.find.most.clamp(1, MOST) {
            self.cut.store(true, Ordering::Relaxed);
            self.over.cancel();
            return false;
        }
        // The channel holds no more than that, and closes with the search.
        self.news.send(News::Study(Box::new(study))).is_ok()
    }
}

impl Errands {
    pub(super) async fn search(
        &self,
        errand: &Errand,
        find: &Find,
        stopping: CancellationToken,
    ) -> Result<(), TurnError> {
        let nodes = self.nodes.searchable();
        let (news, heard) = mpsc::unbounded_channel();
        // Of its own: a search that is over does not stop the gateway.
        let over = stopping.child_token();
        let tally = Tally {
            find,
            came: AtomicU32::new(0),
            cut: AtomicBool::new(false),
            over: over.clone(),
            news,
        };
        let asked = &nodes;
        let searching = async move {
            let ends = self.ask_nodes(asked, &tally).await;
            let cut = tally.cut.load(Ordering::Relaxed);
            // Dropped, so that who tells the hub comes to an end.
            drop(tally);
            (ends, cut)
        };
        let mut told = Told::default();
        let telling = self.tell_all(errand, heard, &over, &mut told);
        let ((ends, cut), heard_out) = tokio::join!(searching, telling);
        let end = how_it_ended(ends.as_deref(), cut);
        let well = matches!(end, ErrandEnd::Done { .. });
        self.record_search(&nodes, find, told.studies, well).await?;
        if heard_out? && !stopping.is_cancelled() {
            self.end(errand, end).await?;
        }
        Ok(())
    }

    /// How it ended at each node; `None` when they were not waited for.
    async fn ask_nodes(
        &self,
        nodes: &[String],
        tally: &Tally<'_>,
    ) -> Option<Vec<Result<(), NodeError>>> {
        let asked = nodes.iter().map(|node| self.ask_node(node, tally));
        let dropped = async {
            tally.over.cancelled().await;
            sleep(ENDING).await;
        };
        tokio::select! {
            ends = join_all(asked) => Some(ends),
            () = dropped => None,
        }
    }

    async fn ask_node(&self, node: &str, tally: &Tally<'_>) -> Result<(), NodeError> {
        let mut seen = HashSet::new();
        let mut each = |study| tally.take(&mut seen, study);
        let end = self.nodes.search(node, tally.find, &mut each).await;
        if let Err(error) = &end
            && !tally.over.is_cancelled()
        {
            tracing::warn!(node, failure = ?error.failure, "errand.node_failed");
            let problem = NodeProblem {
                node: node.to_owned(),
                failure: error.failure,
            };
            let _search_is_over = tally.news.send(News::Problem(problem));
        }
        end
    }

    /// Tells the hub until there is no more; answers false when nobody waits
    /// for it any more.
    async fn tell_all(
        &self,
        errand: &Errand,
        mut heard: mpsc::UnboundedReceiver<News>,
        over: &CancellationToken,
        told: &mut Told,
    ) -> Result<bool, TurnError> {
        // However it ends, the nodes need not go on.
        let _over = over.clone().drop_guard();
        let mut open = true;
        while open {
            let mut found = nothing_new(errand);
            open = gather(&mut heard, &mut found, told.studies.is_empty()).await;
            if !open && found.studies.is_empty() && found.problems.is_empty() {
                break;
            }
            told.studies
                .extend(found.studies.iter().map(|study| study.study_uid.clone()));
            if !self.tell(&found).await?.go_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn record_search(
        &self,
        nodes: &[String],
        find: &Find,
        mut studies: Vec<StudyUid>,
        well: bool,
    ) -> Result<(), TurnError> {
        studies.sort_unstable();
        studies.dedup();
        let mut entry = self.entry(Action::Search, well);
        entry.studies = studies;
        entry.patient_id = Some(find.patient_id.clone()).filter(|id| !id.is_empty());
        entry.detail = Some(format!("nodes {}", nodes.join(", ")));
        Ok(self.record(entry).await?)
    }
}

/// What the hub has been told of.
#[derive(Default)]
struct Told {
    studies: Vec<StudyUid>,
}

/// Waits for news and, but for the first, a little longer for more. Nothing
/// after [`STILL_WAITED_FOR`] is a sign of life. Answers false when no more
/// will come.
async fn gather(heard: &mut mpsc::UnboundedReceiver<News>, found: &mut Found, first: bool) -> bool {
    match timeout(STILL_WAITED_FOR, heard.recv()).await {
        Err(_quiet) => return true,
        Ok(None) => return false,
        Ok(Some(news)) => add(found, news),
    }
    let deadline = if first {
        Instant::now()
    } else {
        Instant::now() + GROUP
    };
    while found.studies.len() < MAX_FOUND {
        match timeout_at(deadline, heard.recv()).await {
            Err(_time_is_up) => return true,
            Ok(None) => return false,
            Ok(Some(news)) => add(found, news),
        }
    }
    true
}

fn add(found: &mut Found, news: News) {
    match news {
        News::Study(study) => found.studies.push(*study),
        News::Problem(problem) => found.problems.push(problem),
    }
}

/// Nodes of which some answered make a search; those that did not are
/// problems of it.
fn how_it_ended(ends: Option<&[Result<(), NodeError>]>, cut: bool) -> ErrandEnd {
    let Some(ends) = ends.filter(|_| !cut) else {
        return ErrandEnd::Done { cut };
    };
    let mut failures = ends.iter().filter_map(|end| end.as_ref().err());
    match failures.next() {
        None if ends.is_empty() => failed(ErrorClass::Permanent, Failure::NoNode),
        Some(error) if failures.count() + 1 == ends.len() => failed(error.class, error.failure),
        _ => ErrandEnd::Done { cut },
    }
}
