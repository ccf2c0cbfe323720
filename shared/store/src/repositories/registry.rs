//! The registry of pseudonyms: per project and key, one pseudonym for a patient and one patient for a pseudonym.
//!
//! A patient is a keyed hash; no identifier is stored. Both directions are written in one transaction, each only if it is absent.

use std::sync::Arc;

use adit_domain::JobId;
use serde::{Deserialize, Serialize};

use super::encoding::{item, key, value};
use crate::items::{Condition, ItemStore, Key, Kind, StoreError, Write};

/// How often a claim is tried again when somebody else was faster.
const TRIES: usize = 5;

/// Whose registry: a project with one of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// Name of the project; empty: the built-in one.
    pub project: &'a str,
    /// Version of its key.
    pub key_version: u32,
}

/// What a claim found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The pseudonym is this patient's, by this claim or an earlier one.
    Taken,
    /// Another patient has the pseudonym, since this job.
    OfAnotherPatient {
        /// The job that gave it.
        job: JobId,
    },
    /// The patient has another pseudonym, since this job.
    HasAnother {
        /// The job that gave it.
        job: JobId,
        /// The other pseudonym; not for everybody's eyes.
        pseudonym: String,
    },
}

/// patient -> pseudonym
#[derive(Serialize, Deserialize)]
struct OfPatient {
    pseudonym: String,
    job: JobId,
}

/// pseudonym -> patient
#[derive(Serialize, Deserialize)]
struct OfPseudonym {
    patient: String,
    job: JobId,
}

/// Repository of pseudonyms.
#[derive(Clone)]
pub struct Registry {
    items: Arc<dyn ItemStore>,
}

impl Registry {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// The pseudonym that a patient (a keyed hash) has already.
    pub async fn of_patient(&self, scope: Scope<'_>, patient: &str) -> Result<Option<String>, StoreError> {
        let found = self.items.get(&patient_key(scope, patient)).await?;
        Ok(found.map(value::<OfPatient>).transpose()?.map(|known| known.value.pseudonym))
    }

    /// Claims `pseudonym` for `patient` (a keyed hash). Claiming the same twice changes nothing; the first job stays on record.
    pub async fn claim(
        &self,
        scope: Scope<'_>,
        patient: &str,
        pseudonym: &str,
        job: &JobId,
    ) -> Result<Claim, StoreError> {
        let (of_patient, of_pseudonym) = (patient_key(scope, patient), pseudonym_key(scope, pseudonym));
        let mut last = None;
        for _ in 0..TRIES {
            if let Some(found) = self.items.get(&of_patient).await? {
                let known = value::<OfPatient>(found)?.value;
                if known.pseudonym != pseudonym {
                    return Ok(Claim::HasAnother { job: known.job, pseudonym: known.pseudonym });
                }
                return Ok(Claim::Taken);
            }
            if let Some(found) = self.items.get(&of_pseudonym).await? {
                return Ok(Claim::OfAnotherPatient { job: value::<OfPseudonym>(found)?.value.job });
            }
            let forward = OfPatient { pseudonym: pseudonym.to_owned(), job: job.clone() };
            let backward = OfPseudonym { patient: patient.to_owned(), job: job.clone() };
            let writes = vec![
                Write::Put { item: item(of_patient.clone(), &forward)?, condition: Condition::Absent },
                Write::Put { item: item(of_pseudonym.clone(), &backward)?, condition: Condition::Absent },
            ];
            match self.items.transact(writes).await {
                Ok(()) => return Ok(Claim::Taken),
                Err(error) if matches!(error.kind, Kind::Conflict { .. }) => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| StoreError::new(Kind::Unavailable, "the registry changes too quickly")))
    }
}

fn partition(scope: Scope<'_>) -> String {
    format!("REGISTRY#{}#{}", scope.key_version, scope.project.to_lowercase())
}

fn patient_key(scope: Scope<'_>, patient: &str) -> Key {
    key(partition(scope), format!("PATIENT#{patient}"))
}

/// Two pseudonyms that differ in case only are one.
fn pseudonym_key(scope: Scope<'_>, pseudonym: &str) -> Key {
    key(partition(scope), format!("PSEUDONYM#{}", pseudonym.to_lowercase()))
}
