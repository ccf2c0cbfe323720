//! Images that come after a rule has fired for their study: the job's task waits again; what has moved has receipts and stays.

use std::collections::BTreeSet;

use adit_domain::Timestamp;
use adit_domain::rule::Rule;
use adit_domain::task::TaskStatus;
use adit_store::items::Kind;
use adit_store::repositories::{Fired, Versioned};

use super::due::Looked;
use super::filter::Choice;
use crate::{Engine, Refusal, now};

/// A running task is looked at again after this time, in milliseconds.
const RUNNING_MS: i64 = 5_000;

impl Engine {
    /// Sees whether a study has grown since the rule fired. A job that was deleted or a task that a person ended stays as it is.
    pub(crate) async fn late_images(
        &self,
        rule: &Rule,
        study: &str,
        fired: &Versioned<Fired>,
        choice: &Choice,
        at: Timestamp,
    ) -> Result<Looked, Refusal> {
        let Fired { job, task: id, images, .. } = &fired.value;
        if choice.images <= *images {
            return Ok(Looked::Done);
        }
        let Some(record) = self.0.jobs.get(job).await? else { return Ok(Looked::Done) };
        let pseudonym = match &choice.pseudonym {
            Ok(pseudonym) => pseudonym,
            Err(problem) => return self.late_refused(rule, study, at, problem.clone()).await,
        };
        let (mut is_running, mut is_other) = (false, false);
        let changed = self
            .change_task(job, id, |task| {
                is_other = false;
                is_running = task.status == TaskStatus::InProgress;
                if is_running || task.status == TaskStatus::Canceled {
                    return false;
                }
                is_other = task.pseudonym != *pseudonym;
                if is_other {
                    return false;
                }
                // Series are added, never taken away: another sweep may have seen more, and a task without any takes all.
                if !task.series_instance_uids.is_empty() {
                    let known: BTreeSet<String> = task.series_instance_uids.iter().cloned().collect();
                    task.series_instance_uids.extend(choice.series.difference(&known).cloned());
                }
                if task.status.is_final() {
                    task.wait_again(true);
                }
                true
            })
            .await?;
        if is_running {
            return Ok(Looked::Later(now().plus_ms(RUNNING_MS)));
        }
        if is_other {
            let problem = "They have another pseudonym than the images that were sent; they were not sent.".to_owned();
            return self.late_refused(rule, study, at, problem).await;
        }
        if changed.is_some() {
            tracing::info!(job = %job, task = %id, rule = %rule.id, "late images reopened a task");
            self.enqueue(&record.job, id).await?;
            self.settle_job(job).await?;
        }
        match self.0.firings.grow(&rule.id, study, fired, choice.images).await {
            Ok(()) => Ok(Looked::Done),
            Err(error) if matches!(error.kind, Kind::Conflict { .. }) => Ok(Looked::Later(now())),
            Err(error) => Err(error.into()),
        }
    }

    /// Late images that cannot join the job stay where they are, and it is said.
    async fn late_refused(&self, rule: &Rule, study: &str, at: Timestamp, problem: String) -> Result<Looked, Refusal> {
        self.refused(rule, &format!("{study} late"), "Images came after their study was sent.", at, problem).await?;
        Ok(Looked::Done)
    }
}
