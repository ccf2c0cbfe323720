//! Looking at arrivals that are due: rules that have not seen them fire, and what nobody needs any more is tidied up. May run at any
//! time, twice, and in several processes.

use adit_domain::Timestamp;
use adit_domain::rule::Rule;
use adit_store::items::{Kind, StoreError};
use adit_store::repositories::{Arrival, ArrivedObject, Versioned};

use super::arrive::{REMEMBERED_S, is_about, ready_at, takes_from};
use super::facts::{Facts, asked_by};
use super::filter::{Seen, choose};
use super::fire::{Made, Study};
use super::place::{Place, Unread};
use super::words::list;
use crate::{Engine, Refusal, now};

/// Arrivals that are looked at together, and how many times in one sweep.
const BATCH: usize = 50;
const ROUNDS: usize = 40;
/// When something is looked at again that failed for an unknown reason, in milliseconds.
const AGAIN_MS: i64 = 60_000;
/// When a rule is tried again whose destination or project is gone, and for how long.
pub(crate) const MENDED_MS: i64 = 600_000;
/// Objects of a study at most that are looked at, and when a larger one is said again, in milliseconds.
const MAX_OBJECTS: u64 = 50_000;
const TOO_LARGE_MS: i64 = 6 * 3_600_000;
/// When a rule that was changed a moment ago is tried again, in milliseconds.
const CHANGED_MS: i64 = 3_000;
/// For how long the inbox keeps what could not be transferred, in milliseconds.
pub(crate) const KEPT_MS: i64 = 14 * 86_400_000;

/// What is said of images that came again with other contents.
const COME_AGAIN: &str = "Images of a study came again, changed.";
const REPLACED: &str = "What was transferred before is not transferred again by itself. The changed images are kept; transfer them by hand if they are needed.";

/// What a rule did with an arrival.
pub(crate) enum Looked {
    /// Nothing is left to do until something new comes.
    Done,
    /// It is to be looked at again.
    Later(Timestamp),
}

impl Engine {
    /// Looks at everything that is due.
    pub(crate) async fn sweep_rules(&self) -> Result<(), Refusal> {
        let stored = self.fresh_rules().await?;
        // What is due by the clock must not wait for many studies that have arrived.
        if let Err(error) = self.sweep_schedules(&stored).await {
            tracing::error!(error = %error, "due minutes could not be seen to and are tried again");
        }
        for _ in 0..ROUNDS {
            let due = self.0.arrivals.due(now(), BATCH).await?;
            let is_last = due.len() < BATCH;
            for arrival in due {
                self.look_at_one(arrival, &stored).await?;
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// One study that was found to be due, if it is still as it was found.
    pub(super) async fn look_at_one(
        &self,
        found: Versioned<Arrival>,
        stored: &[Versioned<Rule>],
    ) -> Result<(), Refusal> {
        let Versioned { value: mut arrival, version } = found;
        let objects = if arrival.images > MAX_OBJECTS {
            Vec::new()
        } else {
            self.0.arrivals.objects(&arrival.source, &arrival.study_instance_uid).await?
        };
        // The index that said it is due may be minutes behind: an image that came since would be taken for one that was there.
        let current = self.0.arrivals.get(&arrival.source, &arrival.study_instance_uid).await?;
        if current.is_none_or(|current| current.version != version) {
            return Ok(());
        }
        arrival.due = if arrival.images > MAX_OBJECTS {
            tracing::error!(source = %arrival.source, images = arrival.images, "a study that arrived is too large for rules and stays");
            Some(now().plus_ms(TOO_LARGE_MS))
        } else {
            match self.look_at(&mut arrival, &objects, stored).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(source = %arrival.source, error = %error, "a study that arrived could not be looked at");
                    Some(now().plus_ms(AGAIN_MS))
                }
            }
        };
        let expires_at = arrival.last.seconds() + REMEMBERED_S;
        match self.0.arrivals.update(&arrival, version, expires_at).await {
            // Something came meanwhile: it is due again by itself.
            Err(StoreError { kind: Kind::Conflict { .. }, .. }) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Lets the rules see an arrival; answers when it is to be looked at again.
    async fn look_at(
        &self,
        arrival: &mut Arrival,
        objects: &[ArrivedObject],
        stored: &[Versioned<Rule>],
    ) -> Result<Option<Timestamp>, Refusal> {
        let about = stored.iter().map(|rule| &rule.value).filter(|rule| is_about(rule, &arrival.source));
        let (rules, off): (Vec<&Rule>, Vec<&Rule>) = about.partition(|rule| rule.config.enabled);
        let mut next: Option<Timestamp> = None;
        let mut sooner = |moment: Timestamp| next = Some(next.map_or(moment, |known| known.min(moment)));
        let mut is_open = false;
        for rule in &rules {
            if arrival.is_handled(&rule.id) {
                continue;
            }
            let ready = ready_at(rule, arrival).unwrap_or(arrival.last);
            let looked = if ready > now() { Looked::Later(ready) } else { self.meet(rule, arrival, objects).await? };
            match looked {
                Looked::Done => {
                    arrival.handled.insert(rule.id.to_string(), arrival.changes);
                }
                Looked::Later(moment) => {
                    is_open = true;
                    sooner(moment);
                }
            }
        }
        if !is_open && let Some(moment) = self.tidy(arrival, objects, &rules, &off).await? {
            sooner(moment);
        }
        Ok(next)
    }

    /// One rule meets one study.
    async fn meet(&self, rule: &Rule, arrival: &mut Arrival, objects: &[ArrivedObject]) -> Result<Looked, Refusal> {
        let study = arrival.study_instance_uid.clone();
        let fired = self.0.firings.fired(&rule.id, &study).await?;
        // What was removed counts for a job that has it, and cannot go into a new one.
        let counts = |object: &&ArrivedObject| takes_from(rule, object) && (fired.is_some() || !object.removed);
        let mine: Vec<&ArrivedObject> = objects.iter().filter(counts).collect();
        let Some(facts) = self.complete_facts(rule, &mine).await? else {
            return Ok(Looked::Later(now().plus_ms(AGAIN_MS)));
        };
        let seen: Vec<Seen<'_>> = mine
            .iter()
            .zip(&facts)
            .map(|(object, facts)| Seen { series: &object.series_instance_uid, facts, images: 1 })
            .collect();
        let Some(choice) = choose(&rule.config, &seen) else { return Ok(Looked::Done) };
        if let Some(fired) = fired {
            let job = (fired.value.job.clone(), fired.value.task.clone());
            if !arrival.jobs.contains(&job) {
                arrival.jobs.push(job);
            }
            if mine.iter().any(|object| object.replaced && !object.removed) {
                self.refused(rule, &format!("{study} replaced"), COME_AGAIN, arrival.last, REPLACED.to_owned()).await?;
            }
            return self.late_images(rule, &study, &fired, &choice, arrival.last).await;
        }
        let event = event(&mine, arrival, &self.names().await?);
        let wish = Study { study_instance_uid: study, choice };
        match self.make_job(rule, &arrival.source, &event, arrival.last, vec![wish]).await? {
            Made::Job(job) => {
                arrival.jobs.push(job);
                Ok(Looked::Done)
            }
            Made::NeverHere => {
                arrival.wanted = true;
                Ok(Looked::Done)
            }
            Made::Full(until) => Ok(Looked::Later(until)),
            Made::Again => Ok(Looked::Later(now().plus_ms(CHANGED_MS))),
            Made::NotNow if now().since_ms(arrival.last) > KEPT_MS => Ok(Looked::Done),
            Made::NotNow => Ok(Looked::Later(now().plus_ms(MENDED_MS))),
        }
    }

    /// What is known of the objects, with everything that the rule asks for: a rule may be younger than they are. None: not now.
    pub(crate) async fn complete_facts(
        &self,
        rule: &Rule,
        objects: &[&ArrivedObject],
    ) -> Result<Option<Vec<Facts>>, Refusal> {
        let also = super::facts::beyond(std::iter::once(&rule.config));
        let is_known = |object: &ArrivedObject| also.iter().all(|keyword| object.also.contains(keyword));
        let place = if objects.iter().all(|object| is_known(object)) || asked_by(&rule.config).is_empty() {
            None
        } else {
            match objects.first() {
                Some(object) => self.place(&object.source).await?,
                None => None,
            }
        };
        let mut all = Vec::new();
        for object in objects {
            match &place {
                Some(place) if !is_known(object) => match again(place, object, &also).await {
                    Some(facts) => all.push(facts),
                    None => return Ok(None),
                },
                _ => all.push(object.facts.clone()),
            }
        }
        Ok(Some(all))
    }
}

/// Reads the header of an object once more. What is gone or damaged keeps what was known of it; none: try again later.
async fn again(place: &Place, object: &ArrivedObject, also: &[String]) -> Option<Facts> {
    match place.header_of(object, also).await {
        Ok(header) => Some(header.facts),
        Err(Unread::Unavailable(_)) => None,
        Err(_) => Some(object.facts.clone()),
    }
}

/// "120 images arrived from CT1."
fn event(objects: &[&ArrivedObject], arrival: &Arrival, names: &super::words::Names) -> String {
    let images = if objects.len() == 1 { "One image".to_owned() } else { format!("{} images", objects.len()) };
    let mut senders: Vec<String> = objects.iter().flat_map(|object| object.from.clone()).collect();
    senders.sort();
    senders.dedup();
    match names.get(&arrival.source) {
        Some(name) => format!("{images} arrived in {name}."),
        None => format!("{images} arrived from {}.", list(&senders, "and")),
    }
}
