//! Reports of de-identification, one for each task.

use std::sync::Arc;

use adit_domain::deidentification::TaskReport;
use adit_domain::{JobId, TaskId};

use super::encoding::{item, key, value};
use crate::items::{Condition, ItemStore, Key, StoreError};

/// Repository of reports.
#[derive(Clone)]
pub struct Reports {
    items: Arc<dyn ItemStore>,
}

impl Reports {
    /// A repository over `items`.
    #[must_use]
    pub fn new(items: Arc<dyn ItemStore>) -> Self {
        Self { items }
    }

    /// The report of a task, if it has de-identified anything.
    pub async fn get(&self, job: &JobId, task: &TaskId) -> Result<Option<TaskReport>, StoreError> {
        Ok(self.items.get(&report_key(job, task)).await?.map(value).transpose()?.map(|report| report.value))
    }

    /// Stores the report of a task.
    pub async fn put(&self, job: &JobId, task: &TaskId, report: &TaskReport) -> Result<(), StoreError> {
        self.items.put(item(report_key(job, task), report)?, Condition::None).await
    }

    /// Removes the report of a task.
    pub async fn delete(&self, job: &JobId, task: &TaskId) -> Result<(), StoreError> {
        self.items.delete(&report_key(job, task), Condition::None).await
    }
}

fn report_key(job: &JobId, task: &TaskId) -> Key {
    key(format!("JOB#{job}"), format!("REPORT#{task}"))
}
