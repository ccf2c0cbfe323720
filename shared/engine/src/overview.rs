//! How the installation does: its newest jobs by status, its queues, who works.

use std::collections::BTreeMap;

use adit_api::installation::{Overview, QueueView, StatusCount, WorkerView};
use adit_domain::job::JobStatus;
use adit_domain::retry::LEASE_MS;
use adit_domain::task::Lease;
use adit_store::queue::Lane;

use crate::{Engine, Refusal, now};

/// Jobs on a page, and pages that are counted.
const PAGE: usize = 200;
const PAGES: usize = 5;

impl Engine {
    /// How the installation does. Counts the newest thousand jobs and every transfer that runs.
    pub async fn overview(&self) -> Result<Overview, Refusal> {
        let (mut counts, mut counted, mut after) = (BTreeMap::<JobStatus, u64>::new(), 0, None);
        for _ in 0..PAGES {
            let (records, next) = self.0.jobs.list(None, PAGE, after).await?;
            for record in &records {
                *counts.entry(record.job.status).or_default() += 1;
                counted += 1;
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        let jobs = counts.into_iter().map(|(status, jobs)| StatusCount { status, jobs }).collect();
        Ok(Overview {
            jobs,
            counted,
            more: after.is_some(),
            queues: self.queues().await?,
            workers: self.workers().await?,
            folders: self.folder_uses().await?,
        })
    }

    async fn queues(&self) -> Result<Vec<QueueView>, Refusal> {
        let mut queues = Vec::new();
        for (lane, name) in [(Lane::Bridge, "bridge"), (Lane::Worker, "worker")] {
            let depth = self.0.ports.queue.depth(lane).await?;
            queues.push(QueueView {
                lane: name.to_owned(),
                urgent: depth.urgent,
                normal: depth.normal,
                in_flight: depth.in_flight,
                oldest_age_seconds: depth.oldest_age_seconds,
                dead: depth.dead,
            });
        }
        Ok(queues)
    }

    async fn workers(&self) -> Result<Vec<WorkerView>, Refusal> {
        let (mut workers, mut after) = (BTreeMap::<String, WorkerView>::new(), None);
        loop {
            // No lease is longer than one that begins now.
            let page = self.0.tasks.leases_ended(now().plus_ms(2 * LEASE_MS), after).await?;
            for Lease { owner, until } in page.tasks.into_iter().filter_map(|task| task.value.lease) {
                let one = workers.entry(owner.clone()).or_insert(WorkerView { name: owner, tasks: 0, until });
                one.tasks += 1;
                one.until = one.until.max(until);
            }
            after = page.next;
            if after.is_none() {
                return Ok(workers.into_values().collect());
            }
        }
    }
}
