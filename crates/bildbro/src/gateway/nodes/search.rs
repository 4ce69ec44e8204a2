//! Searching a node by C-FIND: the queries that a search takes, one after
//! another on one association, and what the node answers in our words.

use super::KnownNode;
use bildbro_dicom::{
    identifier::Identifier,
    query::{Asked, Search, without_optional},
    tag,
};
use bildbro_dimse::{
    client::{Association, ClientConfig, ClientError, Offer},
    sop,
};
use bildbro_domain::{Personal, StudyUid};
use bildbro_wire::errand::{Find, FoundStudy};
use bytes::Bytes;
use jiff::Zoned;
use std::collections::{BTreeSet, HashSet};

/// Longest text that is passed on: a person name of three groups has 194
/// characters (PS3.5 6.2), and a peer may send a megabyte.
const LONGEST: usize = 200;

/// Studies of one search whose series are asked for, where a node does not say
/// which modalities a study has and they count. More are taken as they are.
const LOOKED_INTO: usize = 500;

/// What a search sees.
pub type Each<'a> = dyn FnMut(FoundStudy) -> bool + Send + 'a;

impl KnownNode {
    /// Asks the node for studies. `each` answers false when it has enough.
    ///
    /// # Errors
    /// When the node cannot be asked, or refuses one of the queries also
    /// without what is optional in it; the others have been asked then.
    pub async fn search(
        &self,
        client: &ClientConfig,
        find: &Find,
        each: &mut Each<'_>,
    ) -> Result<(), ClientError> {
        let asked = Asked {
            patient_id: find.patient_id.reveal(),
            name: find.name.reveal(),
            accession: find.accession.reveal(),
            from: &find.from,
            until: &find.until,
            modality: &find.modality,
        };
        let search = Search::new(&asked, Zoned::now().date());
        let queries = search.queries();
        if queries.is_empty() {
            return Ok(());
        }
        let offers = [Offer::user(
            sop::STUDY_ROOT_FIND,
            &[sop::EXPLICIT_LE, sop::IMPLICIT_LE],
        )];
        let association = self.associate(client, &offers).await?;
        let mut asking = Asking {
            association,
            search,
            node: &self.config.name,
            each,
            plain: false,
            enough: false,
            unreadable: 0,
            open: Vec::new(),
            looked_into: HashSet::new(),
        };
        let end = asking.all(&queries).await;
        if asking.unreadable > 0 {
            tracing::warn!(
                node = asking.node,
                answers = asking.unreadable,
                "find.unreadable"
            );
        }
        match end {
            Ok(()) | Err(ClientError::Status(_) | ClientError::NotAccepted) => {
                asking.association.release().await;
            }
            Err(_) => asking.association.abort().await,
        }
        end
    }
}

struct Asking<'a, 'e> {
    association: Association,
    search: Search,
    node: &'a str,
    each: &'a mut Each<'e>,
    /// The node has refused a query with optional keys.
    plain: bool,
    enough: bool,
    /// Answers that name no study.
    unreadable: u32,
    /// Answers to the query under way that leave open whether they are wanted.
    open: Vec<Identifier>,
    looked_into: HashSet<String>,
}

impl Asking<'_, '_> {
    async fn all(&mut self, queries: &[Identifier]) -> Result<(), ClientError> {
        let mut refused = Ok(());
        for query in queries {
            match self.one(query).await {
                Ok(()) => {}
                Err(ClientError::Status(status)) => refused = Err(ClientError::Status(status)),
                Err(error) => return Err(error),
            }
            self.look_into_open().await?;
            if self.enough {
                return Ok(());
            }
        }
        refused
    }

    async fn one(&mut self, query: &Identifier) -> Result<(), ClientError> {
        if !self.plain {
            match self.ask(query).await {
                Err(ClientError::Status(_)) if !self.enough => self.plain = true,
                end => return end,
            }
        }
        self.ask(&without_optional(query)).await
    }

    async fn ask(&mut self, query: &Identifier) -> Result<(), ClientError> {
        let Self {
            association,
            search,
            node,
            each,
            enough,
            unreadable,
            open,
            looked_into,
            ..
        } = self;
        let encode = |syntax: &str| Bytes::from(query.encode(syntax));
        let see = |syntax: &str, answer: Bytes| {
            let Ok(found) = Identifier::decode(&answer, syntax) else {
                *unreadable += 1;
                return true;
            };
            if !search.fits(&found) {
                return true;
            }
            let Some(study) = study(node, &found) else {
                *unreadable += 1;
                return true;
            };
            if search.leaves_open(&found) && looked_into.len() < LOOKED_INTO {
                if looked_into.insert(study.study_uid.to_string()) {
                    open.push(found);
                }
                return true;
            }
            *enough = !each(study);
            !*enough
        };
        association.find(sop::STUDY_ROOT_FIND, encode, see).await
    }

    /// Asks for the series of what was left open; a node that does not answer
    /// for them is believed.
    async fn look_into_open(&mut self) -> Result<(), ClientError> {
        for mut found in std::mem::take(&mut self.open) {
            if self.enough {
                return Ok(());
            }
            match self.modalities_of(&found).await {
                Ok(modalities) => found.set(tag::MODALITIES_IN_STUDY, &modalities),
                Err(ClientError::Status(_)) => {}
                Err(error) => return Err(error),
            }
            if self.search.fits(&found)
                && let Some(study) = study(self.node, &found)
            {
                self.enough = !(self.each)(study);
            }
        }
        Ok(())
    }

    async fn modalities_of(&mut self, found: &Identifier) -> Result<String, ClientError> {
        let study = found.get(tag::STUDY_INSTANCE_UID).unwrap_or_default();
        let mut query = Identifier::at_level("SERIES");
        query.set(tag::STUDY_INSTANCE_UID, study);
        query.set(tag::SERIES_INSTANCE_UID, "");
        query.set(tag::MODALITY, "");
        let mut modalities = BTreeSet::new();
        let encode = |syntax: &str| Bytes::from(query.encode(syntax));
        let see = |syntax: &str, series: Bytes| {
            if let Ok(series) = Identifier::decode(&series, syntax) {
                modalities.extend(series.get(tag::MODALITY).map(str::to_owned));
            }
            true
        };
        let asked = self.association.find(sop::STUDY_ROOT_FIND, encode, see);
        asked.await?;
        Ok(Vec::from_iter(modalities).join("\\"))
    }
}

/// `None` when the answer names no study.
fn study(node: &str, found: &Identifier) -> Option<FoundStudy> {
    let text = |tag| text(found.get(tag).unwrap_or_default());
    let study_uid = StudyUid::new(text(tag::STUDY_INSTANCE_UID).as_str()).ok()?;
    let number = |tag| text(tag).parse().ok();
    let sex = text(tag::PATIENT_SEX).to_uppercase();
    Some(FoundStudy {
        node: node.to_owned(),
        study_uid,
        patient_id: Personal::new(text(tag::PATIENT_ID)),
        patient_id_issuer: Personal::new(text(tag::ISSUER_OF_PATIENT_ID)),
        patient_name: Personal::new(text(tag::PATIENT_NAME).trim_end_matches(['^', '='])),
        patient_birth_date: Personal::new(day(&text(tag::PATIENT_BIRTH_DATE))),
        patient_sex: if ["M", "F", "O"].contains(&sex.as_str()) {
            sex
        } else {
            String::new()
        },
        accession: Personal::new(text(tag::ACCESSION_NUMBER)),
        study_date: day(&text(tag::STUDY_DATE)),
        study_time: time(&text(tag::STUDY_TIME)),
        description: text(tag::STUDY_DESCRIPTION),
        institution: text(tag::INSTITUTION_NAME),
        modalities: modalities(found.get(tag::MODALITIES_IN_STUDY).unwrap_or_default()),
        series: number(tag::NUMBER_OF_STUDY_RELATED_SERIES),
        images: number(tag::NUMBER_OF_STUDY_RELATED_INSTANCES),
    })
}

fn text(value: &str) -> String {
    let shown = value.chars().filter(|c| !c.is_control());
    let text: String = shown.take(LONGEST).collect();
    text.trim().to_owned()
}

/// `2024.01.31` is an old form (PS3.5 6.2); what is no day is left out.
fn day(text: &str) -> String {
    let digits: String = text.chars().filter(|c| *c != '.').collect();
    let is_day = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit());
    if is_day { digits } else { String::new() }
}

/// `12:30:00` is an old form; minutes and seconds may be left out (PS3.5 6.2).
fn time(text: &str) -> String {
    let plain: String = text.chars().filter(|c| *c != ':').collect();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    match whole.len() {
        6 if is_number(whole) && is_number(fraction) => plain,
        2 | 4 if is_number(&plain) => format!("{plain:0<6}"),
        _ => String::new(),
    }
}

fn modalities(value: &str) -> Vec<String> {
    let mut codes = Vec::new();
    for code in value.split('\\').map(text) {
        // A code string has 16 characters.
        if !code.is_empty() && code.len() <= 16 && !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

#[cfg(test)]
mod tests;
