//! A person's search of their own PACS: begun as errands at each gateway, read
//! as it comes, and ended when everything has answered or nobody waits any more.
//!
//! What is found is handed on at once. A study that the person may share is
//! sealed for them, so that they can name it later and cannot make one up.

use crate::{
    clock::Clock,
    ports::{
        errands::{finding_place, task_place},
        portal::{
            Answer, Caller, Portal, Refusal,
            search::{Askable, Finding, NewSearch, Part, PartEnd},
            sharing::FoundToShare,
        },
    },
    vault::Vault,
    work::Wake,
};
use bildbro_domain::{
    ErrandId, GatewayId, OrganisationId, PatientKey, Personal, StudyUid,
    share::{Failure, Priority},
};
use bildbro_wire::errand::{Find, FoundStudy, Task};
use jiff::{SignedDuration, tz::TimeZone};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// The longest that a search is waited for: a slow PACS, not a dead one.
const LONGEST: Duration = Duration::from_secs(60);

/// How often the database is looked at without being woken.
const POLL: Duration = Duration::from_millis(500);

/// Looks are this far apart at least: less than a person notices.
const PACE: Duration = Duration::from_millis(30);

/// Lines that wait for a slow reader.
const AHEAD: usize = 64;

/// What comes of a search, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Study(Box<Hit>),
    /// A gateway, or a node of it, could not be asked.
    Problem {
        gateway: String,
        /// Empty: the gateway itself.
        node: String,
        why: Why,
    },
    /// Always the last.
    End {
        studies: u64,
        /// There was more.
        cut: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub study: FoundStudy,
    pub gateway: String,
    /// The patient as compared; empty without a number.
    pub key: String,
    /// A real personnummer.
    pub proven: bool,
    /// Images of it that the hub holds.
    pub held: u64,
    /// A sealed [`FoundToShare`].
    pub sealed: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    GatewaySilent,
    Failure(Failure),
}

/// What a study found is sealed for: bound to the organisation that found it.
#[must_use]
pub fn found_place(organisation: OrganisationId) -> String {
    format!("found by {organisation}")
}

#[derive(Clone)]
pub struct Search {
    pub portal: Arc<dyn Portal>,
    pub vault: Arc<Vault>,
    pub clock: Clock,
    pub wake: Wake,
}

impl Search {
    /// Begins it. Lines come until [`Line::End`]; dropping the receiver ends
    /// the search at the PACS too.
    ///
    /// # Errors
    /// [`Refusal`]; `Over("no-gateway")` when there is none to ask.
    pub async fn begin(&self, caller: Caller, find: Find) -> Answer<mpsc::Receiver<Line>> {
        let (organisation, gateways) = self.portal.askable(&caller).await?;
        if gateways.is_empty() {
            return Err(Refusal::Over("no-gateway"));
        }
        let today = caller.at.to_zoned(TimeZone::UTC).date();
        let patient = PatientKey::of(find.patient_id.reveal(), "", today);
        let task = Task::Find(find);
        let (silent, heard): (Vec<Askable>, Vec<Askable>) =
            gateways.into_iter().partition(|gateway| gateway.silent);
        let tasks = heard.iter().map(|gateway| {
            let sealed = self.vault.seal(&task_place(gateway.id), &task);
            (gateway.id, sealed)
        });
        let life = SignedDuration::try_from(LONGEST).unwrap_or(SignedDuration::ZERO);
        let new = NewSearch {
            patient: patient.map(|key| Personal::new(key.reveal())),
            tasks: tasks.collect(),
            priority: Priority::Ordinary,
            expires: caller.at.checked_add(life).unwrap_or(caller.at),
        };
        // Heard from before it is begun, so that nothing is missed.
        let changes = self.wake.subscribe();
        let errands = self.portal.begin_search(&caller, &new).await?;
        self.wake.all();
        let (lines, receiver) = mpsc::channel(AHEAD);
        let running = Running {
            search: self.clone(),
            caller,
            organisation,
            names: errands
                .iter()
                .zip(&heard)
                .map(|(errand, gateway)| (*errand, gateway.name.clone()))
                .collect(),
            waiting: errands.iter().map(|errand| (*errand, 0)).collect(),
            errands,
            seen: HashSet::new(),
            shown: 0,
            cut: false,
            lines,
        };
        let silent = silent.into_iter().map(|gateway| gateway.name).collect();
        tokio::spawn(running.run(silent, changes));
        Ok(receiver)
    }
}

/// A search that someone waits for.
struct Running {
    search: Search,
    caller: Caller,
    organisation: OrganisationId,
    /// Which gateway does which.
    names: HashMap<ErrandId, String>,
    errands: Vec<ErrandId>,
    /// Those not at their end, and how much of each has been read.
    waiting: Vec<(ErrandId, u64)>,
    seen: HashSet<(String, String, StudyUid)>,
    /// Studies shown.
    shown: u64,
    cut: bool,
    lines: mpsc::Sender<Line>,
}

/// The next change. Changes of others' come in crowds: not each is looked at.
async fn paced(changes: &mut tokio::sync::watch::Receiver<u64>) {
    tokio::time::sleep(PACE).await;
    let _hub_goes_on = changes.changed().await;
}

/// Nobody reads any more, or may.
struct Gone;

impl Running {
    async fn run(mut self, silent: Vec<String>, changes: tokio::sync::watch::Receiver<u64>) {
        let told = self.tell(silent, changes).await;
        let portal = &self.search.portal;
        if let Err(error) = portal.end_search(&self.errands).await {
            // It is of no use for longer than a minute, and swept then.
            tracing::warn!(%error, "search.not_ended");
        }
        self.search.wake.all();
        if told.is_ok() {
            let end = Line::End {
                studies: self.shown,
                cut: self.cut,
            };
            let _nobody_reads = self.lines.send(end).await;
        }
    }

    async fn tell(
        &mut self,
        silent: Vec<String>,
        mut changes: tokio::sync::watch::Receiver<u64>,
    ) -> Result<(), Gone> {
        for gateway in silent {
            self.problem(gateway, String::new(), Why::GatewaySilent)
                .await?;
        }
        let deadline = Instant::now() + LONGEST;
        while !self.waiting.is_empty() {
            self.look().await?;
            if self.waiting.is_empty() {
                break;
            }
            if Instant::now() >= deadline {
                return self.give_up().await;
            }
            let next_look = deadline.min(Instant::now() + POLL);
            tokio::select! {
                () = self.lines.closed() => return Err(Gone),
                () = paced(&mut changes) => {}
                () = tokio::time::sleep_until(next_look) => {}
            }
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<(), Gone> {
        self.caller.at = self.search.clock.now();
        let portal = &self.search.portal;
        let parts = portal.look_search(&self.caller, &self.waiting).await;
        let parts = parts.map_err(|error| {
            tracing::debug!(%error, "search.cannot_look");
            Gone
        })?;
        // A part that is not there has run out.
        let there: HashSet<ErrandId> = parts.iter().map(|part| part.errand).collect();
        self.waiting.retain(|(errand, _)| there.contains(errand));
        for part in parts {
            self.part(part).await?;
        }
        Ok(())
    }

    async fn part(&mut self, part: Part) -> Result<(), Gone> {
        let gateway = self.names.get(&part.errand).cloned().unwrap_or_default();
        let place = finding_place(part.errand);
        let count = part.findings.len() as u64;
        let mut studies = Vec::new();
        for sealed in &part.findings {
            match self.search.vault.open(&place, sealed) {
                Ok(Finding::Study(study)) => studies.push(*study),
                Ok(Finding::Problem(problem)) => {
                    let why = Why::Failure(problem.failure);
                    self.problem(gateway.clone(), problem.node, why).await?;
                }
                Err(error) => tracing::error!(%error, "search.finding_does_not_open"),
            }
        }
        self.studies(part.gateway, &gateway, studies).await?;
        if let Some((_, seen)) = self.waiting.iter_mut().find(|(id, _)| *id == part.errand) {
            *seen += count;
        }
        match part.end {
            None => return Ok(()),
            Some(PartEnd::Done { cut }) => self.cut |= cut,
            Some(PartEnd::Failed(failure)) => {
                self.problem(gateway, String::new(), Why::Failure(failure))
                    .await?;
            }
        }
        self.waiting.retain(|(errand, _)| *errand != part.errand);
        Ok(())
    }

    async fn studies(
        &mut self,
        id: GatewayId,
        gateway: &str,
        mut studies: Vec<FoundStudy>,
    ) -> Result<(), Gone> {
        studies.retain(|study| {
            let key = (
                gateway.to_owned(),
                study.node.clone(),
                study.study_uid.clone(),
            );
            self.seen.insert(key)
        });
        if studies.is_empty() {
            return Ok(());
        }
        let found: Vec<(Personal, StudyUid)> = studies
            .iter()
            .map(|study| (study.patient_id.clone(), study.study_uid.clone()))
            .collect();
        // On record first; then it is shown.
        let held = self.search.portal.show_found(&self.caller, &found).await;
        let held = held.map_err(|error| {
            tracing::debug!(%error, "search.not_shown");
            Gone
        })?;
        for (study, held) in studies.into_iter().zip(held) {
            let hit = self.hit(id, gateway, study, held);
            self.shown += 1;
            self.line(Line::Study(Box::new(hit))).await?;
        }
        Ok(())
    }

    fn hit(&self, id: GatewayId, gateway: &str, study: FoundStudy, held: u64) -> Hit {
        let at = self.caller.at;
        let today = at.to_zoned(TimeZone::UTC).date();
        let issuer = study.patient_id_issuer.reveal();
        let key = PatientKey::of(study.patient_id.reveal(), issuer, today);
        let found = FoundToShare {
            organisation: self.organisation,
            gateway: id,
            study: study.clone(),
            at,
        };
        Hit {
            sealed: self
                .search
                .vault
                .seal(&found_place(self.organisation), &found),
            proven: key.as_ref().is_some_and(|key| key.personnummer().is_some()),
            key: key.map_or_else(String::new, |key| key.reveal().to_owned()),
            gateway: gateway.to_owned(),
            held,
            study,
        }
    }

    /// What has not answered in time is said to.
    async fn give_up(&mut self) -> Result<(), Gone> {
        let late = self
            .waiting
            .iter()
            .filter_map(|(errand, _)| self.names.get(errand));
        for gateway in late.cloned().collect::<Vec<_>>() {
            let why = Why::Failure(Failure::NodeDropped);
            self.problem(gateway, String::new(), why).await?;
        }
        self.cut = true;
        Ok(())
    }

    async fn problem(&self, gateway: String, node: String, why: Why) -> Result<(), Gone> {
        self.line(Line::Problem { gateway, node, why }).await
    }

    async fn line(&self, line: Line) -> Result<(), Gone> {
        self.lines.send(line).await.map_err(|_| Gone)
    }
}
