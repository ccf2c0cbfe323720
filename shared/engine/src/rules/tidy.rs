//! What is removed after a transfer: the inbox's objects, and files whose rule says so. Nothing goes before every job that was
//! made of the study has succeeded; what did not succeed stays in the inbox for two weeks.

use std::collections::HashSet;

use adit_domain::Timestamp;
use adit_domain::rule::{Rule, Trigger, inbox};
use adit_domain::task::{Task, TaskStatus};
use adit_store::repositories::{Arrival, ArrivedObject};

use super::arrive::takes_from;
use super::due::KEPT_MS;
use super::place::{Place, inbox_task};
use crate::{Engine, Refusal, now};

/// For how long the inbox keeps a study that no rule wanted, in milliseconds.
const UNWANTED_MS: i64 = 86_400_000;
/// How soon, and how late, running jobs are looked at again, in milliseconds.
const SOON_MS: i64 = 5_000;
const LATE_MS: i64 = 6 * 3_600_000;

impl Engine {
    /// Removes what can go; answers when to look again.
    pub(crate) async fn tidy(
        &self,
        arrival: &Arrival,
        objects: &[ArrivedObject],
        rules: &[&Rule],
    ) -> Result<Option<Timestamp>, Refusal> {
        let is_inbox = arrival.source == inbox();
        let removing: Vec<&&Rule> = rules.iter().filter(|rule| removes(rule)).collect();
        if objects.iter().all(|object| object.removed) || (!is_inbox && removing.is_empty()) {
            return Ok(None);
        }
        let now = now();
        let is_over = now.since_ms(arrival.last) >= if arrival.jobs.is_empty() { UNWANTED_MS } else { KEPT_MS };
        let mut moved = Vec::new();
        for (job, task) in &arrival.jobs {
            moved.extend(self.0.tasks.get(job, task).await?.map(|task| task.value));
        }
        let is_done = !arrival.jobs.is_empty()
            && moved.len() == arrival.jobs.len()
            && moved.iter().all(|task| task.status == TaskStatus::Success);
        let is_running = moved.iter().any(|task| !task.status.is_final());
        let going: Vec<&ArrivedObject> = objects.iter().filter(|object| !object.removed).collect();
        let going: Vec<&ArrivedObject> = match (is_inbox, is_done, is_over && !is_running) {
            (true, true, _) | (true, _, true) => going,
            (false, true, _) => going.into_iter().filter(|object| is_moved(object, &removing, &moved)).collect(),
            (false, _, true) => return Ok(None),
            (_, false, false) => return Ok(Some(again_at(arrival, now))),
        };
        if !is_done {
            tracing::warn!(source = %arrival.source, objects = going.len(), "the inbox gives up what was not transferred in time");
        }
        let Some(place) = self.place(&arrival.source).await? else { return Ok(Some(again_at(arrival, now))) };
        self.remove(&place, &going).await
    }

    async fn remove(&self, place: &Place, going: &[&ArrivedObject]) -> Result<Option<Timestamp>, Refusal> {
        for object in going {
            if let Err(error) = place.remove(object).await {
                tracing::warn!(source = %object.source, error = error.why(), "what was transferred could not be removed");
                return Ok(Some(now().plus_ms(SOON_MS * 60)));
            }
            self.0.arrivals.update_object(&ArrivedObject { removed: true, ..(*object).clone() }).await?;
        }
        Ok(None)
    }

    /// Removes what was staged for the inbox by a process that died before it could put it on record. Its sender never heard Success.
    pub(crate) async fn tidy_inbox(&self) -> Result<(), Refusal> {
        let staging = &self.0.ports.staging;
        for number in 0..=u8::MAX {
            for staged in staging.list(&inbox_task(number)).await? {
                let said = |what: &str| staged.metadata[what].as_str().unwrap_or_default().to_owned();
                if self.0.arrivals.object(&inbox(), &said("study"), &said("sop")).await?.is_none() {
                    staging.delete(&staged.key).await?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a rule wants its files removed.
fn removes(rule: &Rule) -> bool {
    matches!(rule.config.trigger, Trigger::Objects { remove_afterwards: true, .. })
}

/// Whether a file has gone by a rule that wants it removed: other series of the study stay.
fn is_moved(object: &ArrivedObject, rules: &[&&Rule], moved: &[Task]) -> bool {
    let series: HashSet<&str> = moved.iter().flat_map(|task| &task.series_instance_uids).map(String::as_str).collect();
    series.contains(object.series_instance_uid.as_str()) && rules.iter().any(|rule| takes_from(rule, object))
}

/// Soon at first, ever more seldom later, and once when time is up.
fn again_at(arrival: &Arrival, now: Timestamp) -> Timestamp {
    let wait = (now.since_ms(arrival.last) / 10).clamp(SOON_MS, LATE_MS);
    let end = arrival.last.plus_ms(if arrival.jobs.is_empty() { UNWANTED_MS } else { KEPT_MS });
    now.plus_ms(wait).min(end.max(now.plus_ms(SOON_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_with_age_and_ends_with_the_retention() {
        let arrival = |jobs| Arrival {
            source: inbox(),
            study_instance_uid: "1".into(),
            first: Timestamp(0),
            last: Timestamp(0),
            images: 1,
            changes: 1,
            due: None,
            handled: Default::default(),
            jobs,
        };
        let job = vec![("01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(), "01ARZ3NDEKTSV4RRFFQ69G5FAW".parse().unwrap())];
        assert_eq!(again_at(&arrival(job.clone()), Timestamp(1000)), Timestamp(6000));
        assert_eq!(again_at(&arrival(job.clone()), Timestamp(3_600_000)), Timestamp(3_960_000));
        assert_eq!(again_at(&arrival(job), Timestamp(KEPT_MS - 1000)), Timestamp(KEPT_MS + 4000));
        assert_eq!(again_at(&arrival(Vec::new()), Timestamp(UNWANTED_MS - 10_000)), Timestamp(UNWANTED_MS));
    }
}
