//! Schedules: each due minute becomes a message for whoever can search; the studies that the search finds become jobs, each study
//! once for a rule.

use std::time::Duration;

use adit_api::search::StudyQuery;
use adit_dimse::{Identifier, tags};
use adit_domain::rule::{Rule, RuleConfig, SavedSearch, Trigger};
use adit_domain::{NodeId, Timestamp};
use adit_store::queue::{Band, Lane, Message, RulePointer};
use adit_store::repositories::firings::MAX_STUDIES_PER_FIRING;
use adit_store::repositories::{NodeRecord, Versioned};

use super::arrive::REMEMBERED_S;
use super::due::{KEPT_MS, MENDED_MS};
use super::facts::{Facts, keys, of_answers};
use super::filter::{Choice, Seen, choose};
use super::fire::{Made, Study};
use super::schedule::Schedule;
use crate::clock::new_trace;
use crate::{Engine, Refusal, now};

/// How long a search that fails is tried again, in milliseconds, and how often.
const PATIENCE_MS: i64 = 1_800_000;
const AGAIN: Duration = Duration::from_secs(60);

/// What a saved search has found for a rule.
pub(crate) struct Searched {
    /// Studies found.
    pub looked_at: usize,
    /// Those that the rule takes, with the date of the study.
    pub taken: Vec<(Study, String)>,
    /// There were more than the server may bring.
    pub is_limited: bool,
}

impl Engine {
    /// Sends a message for every minute that became due. Of several that were missed only the last one counts.
    pub(crate) async fn sweep_schedules(&self, stored: &[Versioned<Rule>]) -> Result<(), Refusal> {
        for rule in stored.iter().map(|rule| &rule.value).filter(|rule| rule.config.enabled) {
            let Trigger::Schedule { cron, time_zone, .. } = &rule.config.trigger else { continue };
            let Ok(schedule) = Schedule::parse(cron, time_zone) else { continue };
            let now = now();
            let Some(minute) = schedule.last(now).filter(|minute| *minute > rule.changed) else { continue };
            if self.0.rules.is_minute_seen(&rule.id, minute).await? {
                continue;
            }
            let message = Message {
                body: RulePointer::new(&rule.id, minute).encode(),
                lane: Lane::Bridge,
                band: if rule.config.urgent { Band::Urgent } else { Band::Normal },
                group: rule.owner.to_string(),
                trace: new_trace(now),
            };
            // Sent first: a message too many finds that the rule has fired already, one too few would be missed.
            self.0.ports.queue.send(message, Duration::ZERO).await?;
            let forgotten = schedule.next(now).unwrap_or(now).seconds().max(now.seconds()) + REMEMBERED_S;
            self.0.rules.minute_seen(&rule.id, minute, now, forgotten).await?;
        }
        Ok(())
    }

    /// Makes the search of a scheduled minute and jobs of what it finds. `None`: done; else it is to be called again after this time. May
    /// run twice.
    pub async fn rule_due(&self, pointer: &RulePointer) -> Result<Option<Duration>, Refusal> {
        let Some(rule) = self.0.rules.get(&pointer.rule_id).await?.map(|rule| rule.value) else { return Ok(None) };
        let Trigger::Schedule { source, .. } = &rule.config.trigger else { return Ok(None) };
        if !rule.config.enabled {
            return Ok(None);
        }
        let minute = pointer.minute;
        let searched = match self.permit_rule(&rule, source).await {
            Ok(()) => self.search_for(&rule.config, minute).await,
            Err(refusal) => Err(refusal),
        };
        match searched {
            Ok(searched) => self.fire_scheduled(&rule, source, minute, searched).await,
            Err(refusal) if self.is_patient(&rule, minute).await? => {
                tracing::warn!(rule = %rule.id, error = %refusal, "a scheduled search failed and is tried again");
                Ok(Some(AGAIN))
            }
            Err(refusal) => {
                let event = "The scheduled search failed.";
                self.note_firing(&rule, "search", minute, event, &refusal.body.detail).await?;
                Ok(None)
            }
        }
    }

    /// Whether a search that fails is to be tried again: patience begins with the first failure, however late that was.
    async fn is_patient(&self, rule: &Rule, minute: Timestamp) -> Result<bool, Refusal> {
        let now = now();
        let first = self.0.rules.first_failure(&rule.id, minute, now, now.seconds() + REMEMBERED_S).await?;
        Ok(now.since_ms(first) < PATIENCE_MS)
    }

    async fn fire_scheduled(
        &self,
        rule: &Rule,
        source: &NodeId,
        minute: Timestamp,
        searched: Searched,
    ) -> Result<Option<Duration>, Refusal> {
        let Searched { looked_at, taken, is_limited } = searched;
        let cut = if is_limited { " The server has more; its limit of results cut the search off." } else { "" };
        let event = match looked_at {
            1 => format!("The search found one study.{cut}"),
            n => format!("The search found {n} studies.{cut}"),
        };
        let mut new = Vec::new();
        for (study, _) in taken {
            if self.0.firings.fired(&rule.id, &study.study_instance_uid).await?.is_none() {
                new.push(study);
            }
        }
        if new.is_empty() {
            let event = format!("{event} None of them is new for this rule.");
            self.note_firing(rule, "search", minute, &event, "").await?;
            return Ok(None);
        }
        // A study without its pseudonym must not keep the others from going.
        let (good, bad): (Vec<Study>, Vec<Study>) = new.into_iter().partition(|study| study.choice.pseudonym.is_ok());
        for study in bad {
            self.make_job(rule, source, &event, minute, vec![study]).await?;
        }
        let mut good = good.into_iter().peekable();
        let mut again = None;
        while good.peek().is_some() {
            let studies = good.by_ref().take(MAX_STUDIES_PER_FIRING).collect();
            match self.make_job(rule, source, &event, minute, studies).await? {
                Made::Full(until) => {
                    let wait = u64::try_from(until.since_ms(now())).unwrap_or(0);
                    return Ok(Some(Duration::from_millis(wait)));
                }
                Made::Again => return Ok(Some(Duration::from_secs(1))),
                Made::NotNow if now().since_ms(minute) < KEPT_MS => {
                    again = Some(Duration::from_millis(MENDED_MS.unsigned_abs()));
                }
                Made::Job(_) | Made::NotNow | Made::NeverHere => {}
            }
        }
        Ok(again)
    }

    /// Makes a rule's search as of `minute`.
    pub(crate) async fn search_for(&self, rule: &RuleConfig, minute: Timestamp) -> Result<Searched, Refusal> {
        let Trigger::Schedule { cron, time_zone, source, search } = &rule.trigger else {
            return Err(Refusal::invalid("This rule has no schedule."));
        };
        let record = self.node_record(source).await?;
        let query = question(source, search, &Schedule::parse(cron, time_zone)?, minute);
        let keys = keys(rule);
        let collected = self.collect_studies(&record, query, &keys).await?;
        let series = self.series_for(rule, &record, &collected.studies).await?;
        let mut taken = Vec::new();
        for (study, series) in collected.studies.iter().zip(&series) {
            if let Some(choice) = choose_found(rule, study, series) {
                let study_instance_uid = study.text(tags::STUDY_INSTANCE_UID);
                taken.push((Study { study_instance_uid, choice }, study.text(tags::STUDY_DATE)));
            }
        }
        Ok(Searched { looked_at: collected.studies.len(), taken, is_limited: collected.is_limited })
    }

    /// The series of the studies, if the rule needs to know them.
    async fn series_for(
        &self,
        rule: &RuleConfig,
        record: &NodeRecord,
        studies: &[Identifier],
    ) -> Result<Vec<Vec<Identifier>>, Refusal> {
        let keys = keys(rule);
        if studies.is_empty() || (rule.filter.modalities.is_empty() && keys.is_empty()) {
            return Ok(vec![Vec::new(); studies.len()]);
        }
        self.collect_series(record, &studies.iter().collect::<Vec<_>>(), &keys).await
    }
}

fn question(source: &NodeId, search: &SavedSearch, schedule: &Schedule, minute: Timestamp) -> StudyQuery {
    let day = |days: u32| schedule.day_before(minute, days).unwrap_or_default();
    StudyQuery {
        sources: vec![source.clone()],
        patient_id: search.patient_id.clone(),
        modalities: Some(search.modality.clone()).filter(|modality| !modality.is_empty()).into_iter().collect(),
        study_description: search.study_description.clone(),
        study_date_from: day(search.days_back),
        study_date_until: day(search.until_days_back),
        ..StudyQuery::default()
    }
}

/// What a rule takes of a study as a server describes it. Without series the study counts as one.
fn choose_found(rule: &RuleConfig, study: &Identifier, series: &[Identifier]) -> Option<Choice> {
    let number = |answer: &Identifier, tag| answer.text(tag).parse().unwrap_or(0);
    if series.is_empty() {
        let facts = of_answers(&[study], rule);
        let images = number(study, tags::NUMBER_OF_STUDY_RELATED_INSTANCES);
        let mut choice = choose(rule, &[Seen { series: "", facts: &facts, images }])?;
        let modalities = study.text(tags::MODALITIES_IN_STUDY).split('\\').map(|code| code.trim().to_owned()).collect();
        choice.label = super::facts::label(&modalities, &facts);
        choice.series.clear();
        choice.series_total = 0;
        return Some(choice);
    }
    let known: Vec<(String, Facts, u64)> = series
        .iter()
        .map(|answer| {
            let images = number(answer, tags::NUMBER_OF_SERIES_RELATED_INSTANCES);
            (answer.text(tags::SERIES_INSTANCE_UID), of_answers(&[study, answer], rule), images)
        })
        .filter(|(uid, ..)| !uid.is_empty())
        .collect();
    let seen: Vec<Seen<'_>> =
        known.iter().map(|(series, facts, images)| Seen { series, facts, images: *images }).collect();
    choose(rule, &seen)
}
