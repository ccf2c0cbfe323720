//! Asking one server.

use std::collections::HashSet;
use std::ops::ControlFlow;

use adit_api::search::{SearchLine, SourceOutcome, StudyQuery, StudyRow};
use adit_dimse::{Identifier, Model, tags};
use adit_domain::text::person_name;
use adit_store::repositories::NodeRecord;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::query::{STUDY_KEYS, fits, study_level};
use crate::peers::{End, Finder};
use crate::text::Answer;
use crate::{Engine, unnamed};

use super::not_asked;

/// Patients looked up one by one at a server that only knows the patient root model.
const MAX_PATIENTS: usize = 50;

/// What has been found at one server.
struct Found {
    source: String,
    source_name: String,
    limit: usize,
    seen: HashSet<String>,
    limited: bool,
    /// Who reads may not know what names a patient.
    unnamed: bool,
    sender: mpsc::Sender<SearchLine>,
}

impl Engine {
    /// Asks one server and sends its studies, then its outcome.
    pub(super) async fn ask_one(
        &self,
        record: NodeRecord,
        query: StudyQuery,
        unnamed: bool,
        sender: mpsc::Sender<SearchLine>,
    ) {
        let mut found = Found {
            source: record.node.id.to_string(),
            source_name: record.node.config.name.clone(),
            limit: record.node.config.server().map_or(200, |server| server.max_search_results as usize),
            seen: HashSet::new(),
            limited: false,
            unnamed,
            sender: sender.clone(),
        };
        let cancel = CancellationToken::new();
        let error = tokio::select! {
            error = self.ask(&record, &query, &mut found, &cancel) => error,
            // The reader has gone: dropping the association tells the server.
            () = sender.closed() => return,
        };
        let count = u32::try_from(found.seen.len()).unwrap_or(u32::MAX);
        let outcome = SourceOutcome {
            source: found.source,
            source_name: found.source_name,
            found: count,
            limited: found.limited,
            error,
        };
        let _ = sender.send(SearchLine::Source(outcome)).await;
    }

    /// Answers with the sentence for a failure, empty for none.
    async fn ask(
        &self,
        record: &NodeRecord,
        query: &StudyQuery,
        found: &mut Found,
        cancel: &CancellationToken,
    ) -> String {
        let (name, end) = (&record.node.config.name, self.end_of(record));
        let _permit = end.state.permit().await;
        let mut open = match end.finder(self, cancel).await {
            Ok(finder) => Some(finder),
            Err(problem) => return not_asked(name, &problem),
        };
        let Some(finder) = open.as_mut() else { return String::new() };
        let queries = match self.queries(finder, &end, query, found.limit, cancel).await {
            Ok(queries) => queries,
            Err(error) => return error,
        };
        let mut error = String::new();
        for identifier in queries {
            if found.limited {
                break;
            }
            if open.is_none() {
                open = end.finder(self, cancel).await.ok();
            }
            let Some(finder) = open.as_mut() else { break };
            let mut take = |answer| found.take(query, &answer);
            match finder.find(&end, &identifier, "the search", &mut take, cancel).await {
                Ok(false) => {}
                Ok(true) => open = None,
                Err(problem) => {
                    error = not_asked(name, &problem);
                    open = None;
                }
            }
        }
        if let Some(finder) = open {
            finder.close().await;
        }
        error
    }

    /// One query per modality; a server without the study root model needs one per patient (PS3.4 C.4.1.3.1.1).
    pub(super) async fn queries(
        &self,
        finder: &mut Finder,
        end: &End,
        query: &StudyQuery,
        limit: usize,
        cancel: &CancellationToken,
    ) -> Result<Vec<Identifier>, String> {
        let modalities = if query.modalities.is_empty() { vec![String::new()] } else { query.modalities.clone() };
        let is_single = !query.patient_id.is_empty() && !query.patient_id.contains(['*', '?']);
        if finder.model() == Model::StudyRoot || is_single {
            return Ok(modalities.iter().map(|modality| study_level(query, modality)).collect());
        }
        let by_study = study_level(query, "");
        let mut patients = Identifier::at_level("PATIENT");
        for tag in [tags::PATIENT_ID, tags::PATIENT_NAME, tags::PATIENT_BIRTH_DATE, tags::SPECIFIC_CHARACTER_SET] {
            if let Some(value) = by_study.raw(tag) {
                patients.set_raw(tag, value);
            }
        }
        let mut ids: Vec<Vec<u8>> = Vec::new();
        let mut take = |answer: Identifier| {
            ids.push(answer.raw(tags::PATIENT_ID).unwrap_or_default().to_vec());
            if ids.len() >= limit.min(MAX_PATIENTS) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let asked = finder.find(end, &patients, "the search for patients", &mut take, cancel).await;
        asked.map_err(|problem| not_asked(end.name(), &problem))?;
        let mut queries = Vec::new();
        for id in ids.iter().filter(|id| !id.is_empty()) {
            for modality in &modalities {
                let mut identifier = study_level(query, modality);
                identifier.set_raw(tags::PATIENT_ID, id);
                queries.push(identifier);
            }
        }
        Ok(queries)
    }
}

impl Found {
    /// Passes one answer on, unless it does not fit, is known already, or is one too many.
    fn take(&mut self, query: &StudyQuery, identifier: &Identifier) -> ControlFlow<()> {
        let row = row(identifier, &self.source, &self.source_name);
        if self.unnamed && !unnamed::is_whole_match(query, &row) {
            return ControlFlow::Continue(());
        }
        if row.study_instance_uid.is_empty() || !fits(query, &row) || self.seen.contains(&row.study_instance_uid) {
            return ControlFlow::Continue(());
        }
        if self.seen.len() >= self.limit {
            self.limited = true;
            return ControlFlow::Break(());
        }
        self.seen.insert(row.study_instance_uid.clone());
        let row = if self.unnamed { unnamed::study(row) } else { row };
        // The reader keeps up with a PACS; should it not, or have gone, the search ends here.
        match self.sender.try_send(SearchLine::Study(Box::new(row))) {
            Ok(()) => ControlFlow::Continue(()),
            Err(mpsc::error::TrySendError::Full(line)) => {
                let sender = self.sender.clone();
                let sent =
                    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(sender.send(line)));
                if sent.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            }
            Err(mpsc::error::TrySendError::Closed(_)) => ControlFlow::Break(()),
        }
    }
}

/// A study as a person reads it.
pub(super) fn row(identifier: &Identifier, source: &str, source_name: &str) -> StudyRow {
    debug_assert!(STUDY_KEYS.contains(&tags::STUDY_DATE));
    let mut answer = Answer::new(identifier);
    let mut modalities = answer.codes(tags::MODALITIES_IN_STUDY);
    if modalities.is_empty() {
        modalities = answer.codes(tags::MODALITY);
    }
    StudyRow {
        source: source.to_owned(),
        source_name: source_name.to_owned(),
        patient_id: answer.text(tags::PATIENT_ID),
        patient_name: person_name(&answer.text(tags::PATIENT_NAME)),
        patient_birth_date: answer.date(tags::PATIENT_BIRTH_DATE),
        study_instance_uid: answer.code(tags::STUDY_INSTANCE_UID),
        accession_number: answer.text(tags::ACCESSION_NUMBER),
        study_date: answer.date(tags::STUDY_DATE),
        study_time: answer.time(tags::STUDY_TIME),
        study_description: answer.text(tags::STUDY_DESCRIPTION),
        modalities,
        series_count: answer.number(tags::NUMBER_OF_STUDY_RELATED_SERIES),
        instance_count: answer.number(tags::NUMBER_OF_STUDY_RELATED_INSTANCES),
        availability: answer.code(tags::INSTANCE_AVAILABILITY),
        text_guessed: answer.guessed,
    }
}
