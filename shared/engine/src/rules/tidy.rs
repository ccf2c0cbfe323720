//! What is removed after a transfer: the inbox's objects, and files whose rule says so. Nothing goes before every job that was
//! made of the study has succeeded, and only what has a receipt of the destination; what has none stays in the inbox for two weeks.

use std::collections::HashSet;

use adit_domain::Timestamp;
use adit_domain::rule::{Rule, Trigger, inbox};
use adit_domain::task::{Task, TaskStatus};
use adit_store::items::Kind;
use adit_store::repositories::{Arrival, ArrivedObject, ReceiptState};

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
    /// Removes what can go; answers when to look again. `rules`: the enabled ones about the source, `off`: the others.
    pub(crate) async fn tidy(
        &self,
        arrival: &Arrival,
        objects: &[ArrivedObject],
        rules: &[&Rule],
        off: &[&Rule],
    ) -> Result<Option<Timestamp>, Refusal> {
        let is_inbox = arrival.source == inbox();
        let removing: Vec<&&Rule> = rules.iter().filter(|rule| removes(rule)).collect();
        if objects.iter().all(|object| object.removed) || (!is_inbox && removing.is_empty()) {
            return Ok(None);
        }
        let now = now();
        let kept_ms = kept_ms(arrival, objects, rules, off);
        let is_over = now.since_ms(arrival.last) >= kept_ms;
        let mut moved = Vec::new();
        for (job, task) in &arrival.jobs {
            moved.extend(self.0.tasks.get(job, task).await?.map(|task| task.value));
        }
        let is_done = !arrival.jobs.is_empty()
            && moved.len() == arrival.jobs.len()
            && moved.iter().all(|task| task.status == TaskStatus::Success);
        let is_running = moved.iter().any(|task| !task.status.is_final());
        let gives_up = is_inbox && is_over && !is_running;
        if !is_done && !gives_up {
            return Ok(if is_inbox || !is_over { Some(again_at(arrival, kept_ms, now)) } else { None });
        }
        let delivered = if is_done { self.delivered(&moved).await? } else { HashSet::new() };
        let may_go = |object: &&ArrivedObject| {
            let is_done_with = !object.replaced && delivered.contains(&object.sop_instance_uid);
            if is_inbox {
                gives_up || is_done_with || (is_done && is_of_no_task(object, &moved))
            } else {
                is_done_with && removing.iter().any(|rule| takes_from(rule, object))
            }
        };
        let (going, staying): (Vec<&ArrivedObject>, Vec<&ArrivedObject>) =
            objects.iter().filter(|object| !object.removed).partition(may_go);
        if gives_up && !is_done {
            tracing::warn!(source = %arrival.source, objects = going.len(), "the inbox gives up what was not transferred in time");
        }
        let Some(place) = self.place(&arrival.source).await? else { return Ok(Some(again_at(arrival, kept_ms, now))) };
        let again = self.remove(&place, &going).await?;
        let end = Some(again_at(arrival, kept_ms, now)).filter(|_| is_inbox && !staying.is_empty());
        Ok(again.or(end))
    }

    /// SOP Instance UIDs, as they are at the source, for which a destination has said that it holds them.
    async fn delivered(&self, tasks: &[Task]) -> Result<HashSet<String>, Refusal> {
        let mut delivered = HashSet::new();
        for task in tasks {
            let receipts = self.0.receipts.all(&task.id, task.epoch).await?.into_iter();
            let there = receipts.filter(|receipt| receipt.state == ReceiptState::Delivered);
            delivered.extend(there.map(|receipt| receipt.sop_instance_uid));
        }
        Ok(delivered)
    }

    /// Removes objects that are still as they were seen.
    async fn remove(&self, place: &Place, going: &[&ArrivedObject]) -> Result<Option<Timestamp>, Refusal> {
        for object in going {
            let (source, study) = (&object.source, &object.study_instance_uid);
            let row = self.0.arrivals.object(source, study, &object.sop_instance_uid).await?;
            let Some(row) = row.filter(|row| row.value == **object) else { return Ok(Some(now().plus_ms(SOON_MS))) };
            if let Err(error) = place.remove(object).await {
                tracing::warn!(source = %object.source, error = error.why(), "what was transferred could not be removed");
                return Ok(Some(now().plus_ms(SOON_MS * 60)));
            }
            match self.0.arrivals.update_object(&ArrivedObject { removed: true, ..row.value }, row.version).await {
                Ok(()) => {}
                // It came once more; its study is due again.
                Err(error) if matches!(error.kind, Kind::Conflict { .. }) => return Ok(Some(now().plus_ms(SOON_MS))),
                Err(error) => return Err(error.into()),
            }
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

/// Whether no rule took the series of an object.
fn is_of_no_task(object: &ArrivedObject, tasks: &[Task]) -> bool {
    tasks.iter().all(|task| {
        !task.series_instance_uids.is_empty() && !task.series_instance_uids.contains(&object.series_instance_uid)
    })
}

/// For how long the inbox keeps a study, in milliseconds. Whoever sent it heard Success because a rule asked for it: it goes early only
/// if each such rule is as it was then and, having seen the study, does not want it.
fn kept_ms(arrival: &Arrival, objects: &[ArrivedObject], rules: &[&Rule], off: &[&Rule]) -> i64 {
    let is_as_then = |id: &String| rules.iter().any(|rule| rule.id.as_str() == id && rule.changed <= arrival.last);
    let is_for_one_off = || off.iter().any(|rule| objects.iter().any(|object| takes_from(rule, object)));
    let is_unwanted = arrival.jobs.is_empty()
        && !arrival.wanted
        && !arrival.takers.is_empty()
        && arrival.takers.iter().all(is_as_then)
        && !is_for_one_off();
    if is_unwanted { UNWANTED_MS } else { KEPT_MS }
}

/// Soon at first, ever more seldom later, and once when time is up.
fn again_at(arrival: &Arrival, kept_ms: i64, now: Timestamp) -> Timestamp {
    let wait = (now.since_ms(arrival.last) / 10).clamp(SOON_MS, LATE_MS);
    now.plus_ms(wait).min(arrival.last.plus_ms(kept_ms).max(now.plus_ms(SOON_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival() -> Arrival {
        Arrival {
            source: inbox(),
            study_instance_uid: "1".into(),
            first: Timestamp(0),
            last: Timestamp(10),
            images: 1,
            changes: 1,
            due: None,
            handled: Default::default(),
            jobs: Vec::new(),
            takers: ["01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()].into(),
            wanted: false,
        }
    }

    fn object() -> ArrivedObject {
        serde_json::from_value(serde_json::json!({
            "source": inbox(), "study_instance_uid": "1", "series_instance_uid": "2", "sop_instance_uid": "3",
            "sop_class_uid": "4", "size": 1, "at": Timestamp(10), "from": ["CT1"]
        }))
        .unwrap()
    }

    fn rule(id: &str, changed: i64) -> Rule {
        serde_json::from_value(serde_json::json!({
            "id": id, "owner": "01ARZ3NDEKTSV4RRFFQ69G5FAW", "owner_name": "admin", "name": "R",
            "destination": "01ARZ3NDEKTSV4RRFFQ69G5FAX", "created": Timestamp(0), "changed": Timestamp(changed),
            "trigger": {"kind": "inbox", "calling_ae_titles": ["CT1"]}
        }))
        .unwrap()
    }

    #[test]
    fn waiting_grows_with_age_and_ends_with_the_retention() {
        let arrival = Arrival { last: Timestamp(0), ..arrival() };
        assert_eq!(again_at(&arrival, KEPT_MS, Timestamp(1000)), Timestamp(6000));
        assert_eq!(again_at(&arrival, KEPT_MS, Timestamp(3_600_000)), Timestamp(3_960_000));
        assert_eq!(again_at(&arrival, KEPT_MS, Timestamp(KEPT_MS - 1000)), Timestamp(KEPT_MS + 4000));
        assert_eq!(again_at(&arrival, UNWANTED_MS, Timestamp(UNWANTED_MS - 10_000)), Timestamp(UNWANTED_MS));
    }

    #[test]
    fn what_was_acknowledged_for_a_rule_goes_early_only_if_that_rule_did_not_want_it() {
        let (one, other) = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAY");
        let (as_then, narrowed, another) = (rule(one, 5), rule(one, 11), rule(other, 5));
        let all = [object()];
        let kept = |arrival: &Arrival, rules: &[&Rule], off: &[&Rule]| kept_ms(arrival, &all, rules, off);
        assert_eq!(kept(&arrival(), &[&as_then], &[]), UNWANTED_MS, "it saw the study and did not want it");
        assert_eq!(kept(&arrival(), &[], &[]), KEPT_MS, "its rule was deleted");
        assert_eq!(kept(&arrival(), &[&another], &[]), KEPT_MS, "its rule was deleted, another one stays");
        assert_eq!(kept(&arrival(), &[], &[&as_then]), KEPT_MS, "its rule is switched off");
        assert_eq!(kept(&arrival(), &[&narrowed], &[]), KEPT_MS, "its rule was changed");
        assert_eq!(kept(&arrival(), &[&as_then], &[&another]), KEPT_MS, "a rule that is off may want it");
        let refused = Arrival { wanted: true, ..arrival() };
        assert_eq!(kept(&refused, &[&as_then], &[]), KEPT_MS, "its rule wanted it and could not send it");
        let old = Arrival { takers: Default::default(), ..arrival() };
        assert_eq!(kept(&old, &[&as_then], &[]), KEPT_MS, "nobody knows who took it");
    }
}
