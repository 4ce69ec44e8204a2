//! What studies there are of a patient, as far as the caller may know.
//!
//! Policy is asked of each study. Of what others hold, nothing at all is read
//! before it has said that coherent access is open, so that without consent
//! nobody learns whether there is anything. Each organisation whose studies were
//! told of has an entry of its own in the log, as its patients' extracts need.

use super::{
    caller_of,
    found::{self, Asked, Candidate},
    granted, patient_of,
};
use crate::{audit, database::Connection, fault::Fault, hub::people::refuse};
use bildbro_domain::{
    Personal, StudyId,
    audit::{Action, Entry, Outcome},
    care::{Closed, Will},
    policy::{self, Access, ContentRequest, Deed, Denial, Relation},
    share::{LegalMode, Purpose},
};
use bildbro_flow::ports::portal::{
    Answer, Caller,
    will::{Found, Lookup, MOST_STUDIES, OthersStudies, StudyView},
};
use uuid::Uuid;

pub async fn find(
    connection: &mut Connection,
    caller: &Caller,
    lookup: &Lookup,
) -> Result<Answer<Found>, Fault> {
    let who = granted!(caller_of(connection, caller).await?);
    let patient = patient_of(&lookup.patient, caller.at);
    let entry = |outcome| {
        let mut entry = Entry::by(Uuid::now_v7(), caller.at, Action::Search, outcome, &who);
        let named = patient.as_ref().ok();
        entry.patient_id = named.map(|key| Personal::new(key.reveal()));
        entry.purpose = Some(lookup.purpose);
        entry
    };
    let own = who.member.organisation;
    if let Err(denial) = policy::allow(&who, Action::Search, own, caller.at) {
        return refuse(connection, entry(Outcome::Denied), denial)
            .await
            .map(Err);
    }
    let mut new_entry = entry(Outcome::Success);
    let patient = granted!(patient);
    let asked = Asked {
        patient: &patient,
        who: &who,
        at: caller.at,
    };
    let decide = Decide {
        asked,
        purpose: lookup.purpose,
        consent: found::is_consented(connection, asked).await?,
        emergency: found::is_emergency(connection, asked).await?,
    };
    let coherent = lookup.others.then(|| decide.coherent());
    let is_open = coherent.is_some_and(|answer| answer.is_ok());
    let candidates = found::candidates(connection, asked, is_open).await?;
    let told = decide.tell(candidates);
    // One's own and what was disclosed to one.
    let mut entries = Vec::new();
    new_entry.studies = told.studies_of(|relation| relation != Relation::Other);
    new_entry.detail = told.own_emergency.then(|| EMERGENCY.to_owned());
    entries.push(new_entry.clone());
    if let Some(answer) = coherent {
        new_entry.legal_mode = Some(LegalMode::CoherentAccess);
        entries.extend(coherent_entries(&new_entry, &told, answer));
    }
    for entry in &mut entries {
        entry.id = Uuid::now_v7();
    }
    audit::append(connection, &entries).await?;
    let will = if decide.emergency {
        Will::Emergency
    } else if decide.consent {
        Will::Consent
    } else {
        Will::Unknown
    };
    Ok(Ok(told.answer(will, coherent.and_then(Result::err))))
}

/// What the log says of what only an emergency opened.
const EMERGENCY: &str = "by emergency access";

/// The facts that hold for all of the patient's studies.
struct Decide<'a> {
    asked: Asked<'a>,
    purpose: Purpose,
    consent: bool,
    emergency: bool,
}

impl Decide<'_> {
    fn ask(
        &self,
        study: StudyId,
        relation: Relation,
        purpose: Purpose,
        will: Will,
        closed: Closed,
    ) -> Result<Access, Denial> {
        let request = ContentRequest {
            who: self.asked.who,
            deed: Deed::Find,
            study,
            relation,
            purpose,
            will,
            closed,
        };
        policy::content(&request, self.asked.at)
    }

    /// As by consent; what that leaves closed, by an emergency if there is one.
    fn decide(
        &self,
        study: StudyId,
        relation: Relation,
        purpose: Purpose,
        closed: Closed,
    ) -> Result<Access, Denial> {
        let will = if self.consent {
            Will::Consent
        } else {
            Will::Unknown
        };
        let answer = self.ask(study, relation, purpose, will, closed);
        if answer.is_err()
            && self.emergency
            && let Ok(access) = self.ask(study, relation, purpose, Will::Emergency, closed)
        {
            return Ok(access);
        }
        answer
    }

    /// Whether what others hold may be asked for: as for a study that nobody
    /// has blocked. Answers whether it rests on an emergency.
    fn coherent(&self) -> Result<bool, Denial> {
        let none = StudyId(Uuid::nil());
        self.decide(none, Relation::Other, self.purpose, Closed::Nothing)
            .map(|access| access.is_emergency())
    }

    fn tell(&self, candidates: Vec<Candidate>) -> Told {
        let mut told = Told::default();
        let mut count = 0;
        for one in candidates {
            if count == MOST_STUDIES {
                told.truncated = true;
                break;
            }
            let relation = one.view.relation;
            // What was shared is for what it was shared for, whoever asks for what.
            let purpose = one.shared_for.unwrap_or(self.purpose);
            match self.decide(one.id, relation, purpose, one.closed) {
                Ok(access) => {
                    count += 1;
                    let is_emergency = access.is_emergency();
                    told.own_emergency |= is_emergency && relation != Relation::Other;
                    told.show(one, is_emergency);
                }
                Err(Denial::Blocked) => told.hide(&one),
                Err(_) => {}
            }
        }
        told
    }
}

/// What the caller is told.
#[derive(Default)]
struct Told {
    own: Vec<StudyView>,
    own_blocked: bool,
    /// Something not under coherent access rests on an emergency.
    own_emergency: bool,
    others: Vec<(OthersStudies, bool)>,
    truncated: bool,
}

impl Told {
    fn show(&mut self, one: Candidate, is_emergency: bool) {
        if one.view.relation == Relation::Holder {
            self.own.push(one.view);
            return;
        }
        let (of, emergency) = self.others_of(&one);
        *emergency |= is_emergency && one.view.relation == Relation::Other;
        of.studies.push(one.view);
    }

    /// That there is something is all that is told of it.
    fn hide(&mut self, one: &Candidate) {
        if one.view.relation == Relation::Holder {
            self.own_blocked = true;
        } else {
            self.others_of(one).0.blocked = true;
        }
    }

    fn others_of(&mut self, one: &Candidate) -> &mut (OthersStudies, bool) {
        let found = self
            .others
            .iter()
            .position(|(of, _)| of.organisation.id == one.holder.id);
        let at = found.unwrap_or_else(|| {
            let of = OthersStudies {
                organisation: one.holder.clone(),
                studies: Vec::new(),
                blocked: false,
            };
            self.others.push((of, false));
            self.others.len() - 1
        });
        &mut self.others[at]
    }

    fn studies_of(&self, of: impl Fn(Relation) -> bool) -> Vec<bildbro_domain::StudyUid> {
        let others = self.others.iter().flat_map(|(others, _)| &others.studies);
        let all = self.own.iter().chain(others);
        all.filter(|one| of(one.relation))
            .map(|one| one.study.clone())
            .collect()
    }

    fn answer(self, will: Will, denied: Option<Denial>) -> Found {
        Found {
            own: self.own,
            own_blocked: self.own_blocked,
            others: self.others.into_iter().map(|(of, _)| of).collect(),
            will,
            denied,
            truncated: self.truncated,
        }
    }
}

/// An entry for each organisation whose studies were told of; one all the same
/// when nothing was.
fn coherent_entries(entry: &Entry, told: &Told, answer: Result<bool, Denial>) -> Vec<Entry> {
    let mut general = entry.clone();
    general.studies = Vec::new();
    general.detail = None;
    let is_emergency = match answer {
        Ok(is_emergency) => is_emergency,
        Err(denial) => {
            general.outcome = Outcome::Denied;
            general.detail = Some(denial.to_string());
            return vec![general];
        }
    };
    let mut entries = Vec::new();
    for (of, emergency) in &told.others {
        let coherent = of
            .studies
            .iter()
            .filter(|one| one.relation == Relation::Other);
        let studies: Vec<_> = coherent.map(|one| one.study.clone()).collect();
        if studies.is_empty() && !of.blocked {
            continue;
        }
        let mut one = general.clone();
        one.counterpart = Some(of.organisation.id);
        one.detail = match (studies.is_empty(), *emergency) {
            (true, _) => Some("only that there is something that the patient has blocked".into()),
            (_, true) => Some(EMERGENCY.into()),
            _ => None,
        };
        one.studies = studies;
        entries.push(one);
    }
    if entries.is_empty() {
        general.detail = Some(if is_emergency {
            format!("nothing was found, {EMERGENCY}")
        } else {
            "nothing was found".into()
        });
        entries.push(general);
    }
    entries
}
