//! A dry run: what a rule would have done with what has arrived lately, or what its search finds now. Nothing is transferred.

use adit_api::rules::{DryRun, DryRunInput, DryRunMatch};
use adit_domain::group::Direction;
use adit_domain::rule::{Rule, Trigger, inbox};
use adit_domain::{NodeId, RuleId, Timestamp, UserId};
use adit_store::repositories::ArrivedObject;

use super::arrive::takes_from;
use super::filter::{Choice, Seen, choose};
use crate::{Actor, Engine, Refusal, now};

/// Arrivals that are looked at.
const LOOKED_AT: usize = 500;
/// Objects that are looked at in all.
const OBJECTS: usize = 100_000;
/// Matches in the answer.
const MATCHES: usize = 100;

impl Engine {
    /// Tries a rule, saved or not. The actor's group must be allowed to search the server of a schedule.
    pub async fn dry_run(&self, actor: &Actor, input: DryRunInput) -> Result<DryRun, Refusal> {
        let config = self.checked_rule(input.config, false).await?;
        let nobody = UserId::new(Timestamp::default(), 0);
        let id = input.id.clone().unwrap_or_else(|| RuleId::new(Timestamp::default(), 0));
        let rule = Rule {
            id,
            owner: nobody,
            owner_name: String::new(),
            group: None,
            config,
            created: Timestamp::default(),
            changed: Timestamp::default(),
        };
        let mut run = match &rule.config.trigger {
            Trigger::Schedule { source, .. } => {
                self.permit(actor, source, Direction::Source).await?;
                self.try_search(&rule).await?
            }
            Trigger::Inbox { .. } => self.try_past(&rule, &inbox()).await?,
            Trigger::Objects { source, .. } => self.try_past(&rule, source).await?,
        };
        if let Some(id) = &input.id {
            for found in &mut run.matches {
                found.fired = self.0.firings.fired(id, &found.study_instance_uid).await?.is_some();
            }
        }
        Ok(run)
    }

    async fn try_past(&self, rule: &Rule, source: &NodeId) -> Result<DryRun, Refusal> {
        let mut run = DryRun::default();
        let mut read = 0;
        for arrival in self.0.arrivals.newest(source, LOOKED_AT).await? {
            if read > OBJECTS {
                break;
            }
            let objects = self.0.arrivals.objects(source, &arrival.study_instance_uid).await?;
            read += objects.len();
            let mine: Vec<&ArrivedObject> = objects.iter().filter(|object| takes_from(rule, object)).collect();
            if mine.is_empty() {
                continue;
            }
            run.looked_at += 1;
            let facts = self.complete_facts(rule, &mine).await?;
            let known = |place: usize| facts.as_ref().map_or(&mine[place].facts, |facts| &facts[place]);
            let seen: Vec<Seen<'_>> = mine
                .iter()
                .enumerate()
                .map(|(place, object)| Seen { series: &object.series_instance_uid, facts: known(place), images: 1 })
                .collect();
            if let Some(choice) = choose(&rule.config, &seen) {
                add(&mut run, arrival.last, arrival.study_instance_uid, choice);
            }
        }
        Ok(run)
    }

    async fn try_search(&self, rule: &Rule) -> Result<DryRun, Refusal> {
        let mut searched = self.search_for(&rule.config, now()).await?;
        searched.taken.sort_by(|(_, one), (_, other)| other.cmp(one));
        let mut run = DryRun { looked_at: searched.looked_at as u64, ..DryRun::default() };
        for (study, date) in searched.taken {
            add(&mut run, day(&date), study.study_instance_uid, study.choice);
        }
        Ok(run)
    }
}

fn add(run: &mut DryRun, at: Timestamp, study_instance_uid: String, choice: Choice) {
    run.matched += 1;
    if run.matches.len() < MATCHES {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        run.matches.push(DryRunMatch {
            at,
            label: choice.label,
            study_instance_uid,
            images: choice.images,
            series: (count(choice.series.len()), count(choice.series_total)),
            fired: false,
        });
    }
}

/// The beginning (UTC) of a day as DICOM writes it.
fn day(date: &str) -> Timestamp {
    let number = |range| date.get(range).and_then(|text: &str| text.parse::<i16>().ok());
    let (year, month, day) = (number(0..4), number(4..6), number(6..8));
    let civil = year.zip(month).zip(day).and_then(|((year, month), day)| {
        jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    });
    let moment = civil.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
    Timestamp(moment.map_or(0, |moment| moment.timestamp().as_millisecond()))
}
