//! Verify: the destination is asked what it holds, instance by instance.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use adit_dimse::{Identifier, Model, tags};
use adit_domain::task::{LogLevel, Step};
use adit_domain::text::encode_for_query;

use super::Transfer;
use super::plan::Plan;
use super::problem::Problem;
use crate::peers::{Finder, Remark};

/// Archives index what they have acknowledged a little later: waits before asking again, in milliseconds.
const PATIENCE_MS: [u64; 4] = [300, 1000, 3000, 8000];

impl Transfer {
    /// Compares what was delivered with what is there. What is missing loses its receipt and moves again on a retry.
    pub(super) async fn verify(&self, plan: &Plan) -> Result<(), Problem> {
        let sent = self.ledger.sent_as();
        if sent.is_empty() {
            return Ok(());
        }
        let held = match self.destination.server() {
            None if self.converts() => {
                let missing = self.lost_conversions(plan).await?;
                Some(sent.iter().filter(|(uid, _)| !missing.contains(*uid)).map(|(_, held)| held.clone()).collect())
            }
            None if self.destination.is_bucket() => {
                Some(self.held_in_bucket(plan, self.pseudonyms().into_iter()).await?)
            }
            None => Some(self.held_in_folder(plan).await?),
            Some(server) if server.can_find() => Some(self.held_at_server(plan, sent.values().collect()).await?),
            Some(_) => None,
        };
        let Some(held) = held else {
            self.ledger.note(
                LogLevel::Info,
                "Not verified",
                "The destination cannot be searched; its acknowledgements have to do.",
            );
            return Ok(());
        };
        let missing: Vec<String> = sent
            .iter()
            .filter(|(_, delivered)| !held.contains(*delivered))
            .map(|(original, _)| original.clone())
            .collect();
        self.ledger.verified((sent.len() - missing.len()) as u64);
        self.engine.0.receipts.forget(&self.task.id, self.task.epoch, &missing).await?;
        for uid in &missing {
            let series = plan.expected.get(uid).map(|one| plan.series[one.series].uid.clone()).unwrap_or_default();
            self.ledger.lost(uid);
            self.ledger.fail(
                uid,
                &series,
                Step::Verify,
                "the destination had acknowledged it, but does not hold it",
                true,
            );
        }
        Ok(())
    }

    async fn held_at_server(&self, plan: &Plan, wanted: HashSet<&String>) -> Result<HashSet<String>, Problem> {
        let mut held = HashSet::new();
        for wait in PATIENCE_MS.into_iter().map(Some).chain([None]) {
            match self.ask_destination(plan).await {
                Ok(found) => held.extend(found),
                Err(Problem::Transient(sentence)) if wait.is_some() => {
                    self.ledger.note(LogLevel::Info, "Asking again", &sentence);
                }
                Err(problem) => return Err(problem),
            }
            if wanted.iter().all(|uid| held.contains(*uid)) {
                break;
            }
            let Some(wait) = wait else { break };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(wait)) => {}
                () = self.stop.cancelled() => return Err(Problem::Canceled),
            }
        }
        Ok(held)
    }

    async fn ask_destination(&self, plan: &Plan) -> Result<HashSet<String>, Problem> {
        let mut finder = self.destination.finder(&self.engine, &self.stop).await?;
        let mut held = HashSet::new();
        for query in self.image_queries(plan, finder.model()) {
            let mut take = |answer: Identifier| {
                held.insert(answer.text(tags::SOP_INSTANCE_UID));
                ControlFlow::Continue(())
            };
            let what = "the search for what has arrived";
            let found = finder.find(&self.destination, &query, what, &mut take, &self.stop).await;
            // What is missing is found out by counting.
            self.note_remarks(&finder, LogLevel::Info);
            found.map_err(|problem| match problem {
                Problem::Permanent(sentence) => Problem::Transient(sentence),
                other => other,
            })?;
        }
        finder.close().await;
        Ok(held)
    }

    /// Notes what is to be told about searches, each sentence once. `weight`: of what the server has remarked.
    pub(super) fn note_remarks(&self, finder: &Finder, weight: LogLevel) {
        for remark in finder.take_remarks() {
            let (level, title, sentence) = match &remark {
                Remark::OtherWay(sentence) => (LogLevel::Info, "Another way", sentence),
                Remark::OfServer(sentence) => (weight, "Remark", sentence),
            };
            if !self.ledger.has_noted(sentence) {
                self.ledger.note(level, title, sentence);
            }
        }
    }

    /// One query for each series, and with the patient root for each pseudonym.
    fn image_queries(&self, plan: &Plan, model: Model) -> Vec<Identifier> {
        let new = |uid: &str| self.identity.uid(uid);
        let study = new(&self.task.study_instance_uid);
        let patients: Vec<Vec<u8>> = match (model, self.identity.is_active()) {
            (Model::StudyRoot, _) => vec![Vec::new()],
            (Model::PatientRoot, false) => vec![plan.patient_id.clone()],
            (Model::PatientRoot, true) => {
                self.pseudonyms().iter().map(|pseudonym| encode_for_query(pseudonym).0).collect()
            }
        };
        let mut queries = Vec::new();
        for series in &plan.series {
            for patient in &patients {
                let mut query = Identifier::at_level("IMAGE")
                    .with(tags::STUDY_INSTANCE_UID, &study)
                    .with(tags::SERIES_INSTANCE_UID, &new(&series.uid))
                    .asking(&[tags::SOP_INSTANCE_UID]);
                if model == Model::PatientRoot {
                    query.set_raw(tags::PATIENT_ID, patient);
                }
                queries.push(query);
            }
        }
        queries
    }

    /// Pseudonyms of what was delivered. Receipts of earlier versions of ADIT do not name them: it was the job's.
    pub(super) fn pseudonyms(&self) -> BTreeSet<String> {
        let own = |pseudonym: String| if pseudonym.is_empty() { self.job.options.pseudonym.clone() } else { pseudonym };
        self.ledger.pseudonyms().into_iter().map(own).collect()
    }

    async fn held_in_folder(&self, plan: &Plan) -> Result<HashSet<String>, Problem> {
        let mut held = HashSet::new();
        for pseudonym in self.pseudonyms() {
            let root = self.study_folder(plan, &pseudonym).await?;
            let listed = tokio::task::spawn_blocking(move || files(&root)).await;
            let names = listed
                .map_err(std::io::Error::other)
                .and_then(|result| result)
                .map_err(|error| Problem::Transient(format!("The folder cannot be read ({error}).")))?;
            held.extend(names);
        }
        Ok(held)
    }
}

/// Names of all finished files below a folder, without `.dcm`; temporary ones of this task are gone by now.
fn files(root: &Path) -> std::io::Result<HashSet<String>> {
    let mut names = HashSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                if name.starts_with(".adit-") {
                    std::fs::remove_file(&path)?;
                } else {
                    names.insert(name.trim_end_matches(".dcm").to_owned());
                }
            }
        }
    }
    Ok(names)
}
