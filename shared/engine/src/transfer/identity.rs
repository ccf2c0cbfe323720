//! Whose rules de-identify a task's images, and which pseudonym they carry: the project's registry has the last word.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use adit_api::error::ErrorCode;
use adit_deid::{Deidentifier, Instructions, PatientToken, Report};
use adit_domain::JobId;
use adit_domain::job::Job;
use adit_domain::task::Task;
use adit_store::items::StoreError;
use adit_store::repositories::Claim;
use adit_store::repositories::registry::Scope;

use super::problem::Problem;
use crate::Engine;

/// Patients in one study at most; more than one is a mistake of the source.
const REMEMBERED: usize = 1000;

/// De-identification as one task does it.
pub(crate) struct Identity {
    project: String,
    pub project_revision: u32,
    pub key_version: u32,
    /// `None`: identity stays.
    deidentifier: Option<Arc<Deidentifier>>,
    /// A person gave the pseudonym.
    is_given: bool,
    instructions: Mutex<Arc<Instructions>>,
    /// Claims that were answered, by patient and pseudonym.
    claims: tokio::sync::Mutex<HashMap<(String, String), Result<(), String>>>,
}

/// Why an instance may not carry its pseudonym.
pub(super) enum NotClaimed {
    /// Never: the sentence says which job has it and what to do.
    Refused(String),
    /// The patient has a pseudonym already; fetched again, the instance gets that one.
    Again,
    /// The registry did not answer.
    Store(StoreError),
}

impl Engine {
    /// What a job says about identity, with the rules of the revision that it was made with.
    pub(super) async fn identity(&self, job: &Job, task: &Task) -> Result<Identity, Problem> {
        let options = &job.options;
        let pseudonym = if task.pseudonym.is_empty() { &options.pseudonym } else { &task.pseudonym };
        let mut identity = Identity {
            project: options.project.clone(),
            project_revision: options.project_revision,
            key_version: 0,
            deidentifier: None,
            is_given: !pseudonym.is_empty(),
            instructions: Mutex::default(),
            claims: tokio::sync::Mutex::default(),
        };
        if options.pseudonymises() {
            let revision = self.revision(&options.project, options.project_revision).await;
            let made = revision.and_then(|revision| Ok((self.deidentifier(&revision, &options.profile)?, revision)));
            let (deidentifier, revision) = made.map_err(|refusal| match refusal.body.code {
                ErrorCode::Internal => Problem::Transient(refusal.body.detail),
                _ => Problem::Permanent(format!("The rules of the project cannot be used: {}", refusal.body.detail)),
            })?;
            identity.key_version = revision.project.key_version;
            identity.deidentifier = Some(deidentifier);
        }
        identity.instructions = Mutex::new(Arc::new(Instructions {
            deidentifier: identity.deidentifier.clone(),
            pseudonym: if identity.deidentifier.is_some() { pseudonym.clone() } else { String::new() },
            trial_protocol_id: options.trial_protocol_id.clone(),
            trial_protocol_name: options.trial_protocol_name.clone(),
            allow_risky_pixels: options.allow_risky_pixels,
            with_values: false,
        }));
        Ok(identity)
    }

    /// What the registry says to a patient's pseudonym.
    async fn claim_for(
        &self,
        identity: &Identity,
        patient: &PatientToken,
        pseudonym: &str,
        job: &JobId,
    ) -> Result<Claim, StoreError> {
        self.0.registry.claim(identity.scope(), patient.as_str(), pseudonym, job).await
    }
}

impl Identity {
    fn scope(&self) -> Scope<'_> {
        Scope { project: &self.project, key_version: self.key_version }
    }

    /// The UID at the destination.
    pub fn uid(&self, uid: &str) -> String {
        self.deidentifier.as_ref().map_or_else(|| uid.to_owned(), |deidentifier| deidentifier.uid(uid))
    }

    /// Name and version of the rules; empty when identity stays.
    pub fn label(&self) -> String {
        self.deidentifier.as_ref().map(|deidentifier| deidentifier.label()).unwrap_or_default()
    }

    pub fn project(&self) -> &str {
        &self.project
    }

    /// Whether images are de-identified.
    pub fn is_active(&self) -> bool {
        self.deidentifier.is_some()
    }

    /// What is to be done with the next instance.
    pub fn instructions(&self) -> Arc<Instructions> {
        Arc::clone(&self.instructions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn use_pseudonym(&self, pseudonym: String) {
        let mut instructions = self.instructions.lock().unwrap_or_else(PoisonError::into_inner);
        *instructions = Arc::new(Instructions { pseudonym, ..(**instructions).clone() });
    }

    /// Without a given pseudonym a patient keeps the one that an earlier job gave, if the search told who it is.
    pub(super) async fn look_up(&self, engine: &Engine, issuer: &str, patient_id: &str) -> Result<(), StoreError> {
        let Some(deidentifier) = self.deidentifier.as_ref().filter(|_| !self.is_given && !patient_id.is_empty()) else {
            return Ok(());
        };
        for issuer in [issuer, ""] {
            let patient = deidentifier.patient(issuer, patient_id);
            if let Some(known) = engine.0.registry.of_patient(self.scope(), patient.as_str()).await? {
                self.use_pseudonym(known);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Claims the pseudonym of a rewritten instance before it may go anywhere. Asked once for each patient.
    pub(super) async fn claim(&self, engine: &Engine, job: &JobId, report: &Report) -> Result<(), NotClaimed> {
        let Some(patient) = &report.patient else { return Ok(()) };
        let key = (patient.as_str().to_owned(), report.pseudonym.clone());
        let mut claims = self.claims.lock().await;
        if let Some(known) = claims.get(&key) {
            return known.clone().map_err(NotClaimed::Refused);
        }
        let claim = engine.claim_for(self, patient, &report.pseudonym, job).await.map_err(NotClaimed::Store)?;
        let answer = match claim {
            Claim::Taken => Ok(()),
            Claim::HasAnother { pseudonym, .. } if !self.is_given => {
                self.use_pseudonym(pseudonym);
                return Err(NotClaimed::Again);
            }
            // The pseudonym came from a look-up that meant somebody else: this patient gets a derived one.
            Claim::OfAnotherPatient { .. } if !self.is_given && !self.instructions().pseudonym.is_empty() => {
                self.use_pseudonym(String::new());
                return Err(NotClaimed::Again);
            }
            Claim::HasAnother { job: other, .. } => Err(self.has_another(&other, job)),
            Claim::OfAnotherPatient { job: other } => Err(self.of_another(&other, job)),
        };
        if claims.len() < REMEMBERED {
            claims.insert(key, answer.clone());
        }
        answer.map_err(NotClaimed::Refused)
    }

    /// Why a pseudonym was refused to a patient, if one was.
    pub(super) async fn refused(&self) -> Option<String> {
        self.claims.lock().await.values().find_map(|claim| claim.clone().err())
    }

    fn has_another(&self, other: &JobId, own: &JobId) -> String {
        format!(
            "the patient has another pseudonym in {} already, from {}; use that one, leave the pseudonym empty, or choose another project",
            self.place(),
            which(other, own)
        )
    }

    fn of_another(&self, other: &JobId, own: &JobId) -> String {
        format!(
            "another patient has this pseudonym in {} already, from {}; choose another pseudonym, or leave it empty",
            self.place(),
            which(other, own)
        )
    }

    fn place(&self) -> String {
        if self.project.is_empty() { "jobs without a project".to_owned() } else { format!("project {}", self.project) }
    }
}

fn which(other: &JobId, own: &JobId) -> String {
    if other == own { format!("this very job ({own})") } else { format!("job {other}") }
}
