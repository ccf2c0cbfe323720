//! What a rule does, in a sentence or two for people.

use std::collections::HashMap;

use adit_domain::NodeId;
use adit_domain::rule::{Comparison, Complete, Condition, Filter, PseudonymRule, RuleConfig, SavedSearch, Trigger};

/// Names of nodes.
pub(crate) type Names = HashMap<NodeId, String>;

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The summary of a rule.
pub(crate) fn summary(config: &RuleConfig, names: &Names) -> String {
    let when = when(&config.trigger, names);
    let what = what(&config.filter);
    let (to, how) = (name(names, &config.destination), how(config));
    let limit = match config.jobs_per_hour {
        0 => String::new(),
        1 => " One job per hour at most.".to_owned(),
        n => format!(" {n} jobs per hour at most."),
    };
    let urgent = if config.urgent { ", before other jobs" } else { "" };
    format!("{when}: {what} to {to}, {how}{urgent}.{limit}")
}

fn when(trigger: &Trigger, names: &Names) -> String {
    match trigger {
        Trigger::Inbox { calling_ae_titles, complete } => {
            format!("When {} has sent a study and it is {}", list(calling_ae_titles, "or"), completed(*complete))
        }
        Trigger::Objects { source, prefix, complete, .. } => {
            let below = if prefix.is_empty() { String::new() } else { format!(" under {prefix}") };
            format!(
                "When files of a study have come to {}{below} and it is {}",
                name(names, source),
                completed(*complete)
            )
        }
        Trigger::Schedule { cron, time_zone, source, search } => {
            format!("{} ({time_zone}), for {} that {} finds", time(cron), found(search), name(names, source))
        }
    }
}

fn completed(complete: Complete) -> String {
    let quiet = format!("complete (no new image for {})", duration(complete.quiet_seconds));
    match complete.count {
        0 => quiet,
        count => format!("{quiet} or has {count} images"),
    }
}

fn duration(seconds: u32) -> String {
    match (seconds, seconds % 3600, seconds % 60) {
        (3600, ..) => "one hour".to_owned(),
        (seconds, 0, _) if seconds > 0 => format!("{} hours", seconds / 3600),
        (60, ..) => "one minute".to_owned(),
        (seconds, _, 0) => format!("{} minutes", seconds / 60),
        (seconds, ..) => format!("{seconds} seconds"),
    }
}

/// The usual schedules in words, the others as they are written.
fn time(cron: &str) -> String {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let number = |text: &str| text.parse::<usize>().ok();
    let [minute, hour, "*", "*", weekdays] = fields.as_slice() else { return format!("At the times {cron}") };
    match (number(minute), number(hour), *weekdays) {
        (Some(minute), Some(hour), "*") => format!("Every day at {hour:02}:{minute:02}"),
        (Some(minute), Some(hour), "1-5") => format!("From Monday to Friday at {hour:02}:{minute:02}"),
        (Some(minute), Some(hour), day) => match number(day).and_then(|day| DAYS.get(day % 7)) {
            Some(day) => format!("Every {day} at {hour:02}:{minute:02}"),
            None => format!("At the times {cron}"),
        },
        (Some(minute), None, "*") if *hour == "*" => format!("Every hour at minute {minute}"),
        _ => format!("At the times {cron}"),
    }
}

fn found(search: &SavedSearch) -> String {
    let modality = if search.modality.is_empty() { String::new() } else { format!("{} ", search.modality) };
    let mut text = format!("{modality}studies {}", days(search.days_back, search.until_days_back));
    if !search.study_description.is_empty() {
        text.push_str(&format!(" described as {}", search.study_description));
    }
    if !search.patient_id.is_empty() {
        text.push_str(&format!(" of patients {}", search.patient_id));
    }
    text
}

fn days(from: u32, until: u32) -> String {
    match (from, until) {
        (0, 0) => "of the day itself".to_owned(),
        (1, 1) => "of the day before".to_owned(),
        (from, 0) => format!("of the last {from} days and the day itself"),
        (from, 1) => format!("of the {from} days before"),
        (from, until) if from == until => format!("of {from} days before"),
        (from, until) => format!("of {from} to {until} days before"),
    }
}

fn what(filter: &Filter) -> String {
    if *filter == Filter::default() {
        return "the study goes".to_owned();
    }
    let modalities =
        if filter.modalities.is_empty() { "the" } else { &format!("its {}", list(&filter.modalities, "and")) };
    let conditions: Vec<String> = filter.conditions.iter().map(condition).collect();
    let conditions =
        if conditions.is_empty() { String::new() } else { format!(" whose {}", conditions.join(" and whose ")) };
    format!("{modalities} series{conditions} go")
}

fn condition(condition: &Condition) -> String {
    let Condition { attribute, comparison, value } = condition;
    match comparison {
        Comparison::Matches => format!("{attribute} is {value}"),
        Comparison::MatchesNot => format!("{attribute} is not {value}"),
        Comparison::Present => format!("{attribute} has a value"),
        Comparison::Absent => format!("{attribute} has no value"),
    }
}

fn how(config: &RuleConfig) -> String {
    if !config.options.pseudonymises() {
        let whole = config.filter == Filter::default();
        return if whole { "as it is" } else { "as they are" }.to_owned();
    }
    let project = match config.options.project.as_str() {
        "" => String::new(),
        project => format!(" by the rules of {project}"),
    };
    match &config.pseudonym {
        PseudonymRule::Derived => format!("pseudonymised{project}"),
        PseudonymRule::Attribute { attribute } => format!("pseudonymised{project} with the pseudonym in {attribute}"),
    }
}

fn name<'a>(names: &'a Names, id: &NodeId) -> &'a str {
    names.get(id).map_or("a deleted server or folder", String::as_str)
}

/// "A, B or C".
pub(crate) fn list(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn said(trigger: serde_json::Value, more: serde_json::Value) -> String {
        let mut config = serde_json::json!({"name": "R", "destination": ID, "trigger": trigger});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let config: RuleConfig = serde_json::from_value(config).unwrap();
        summary(&config, &Names::from([(ID.parse().unwrap(), "Research".to_owned())]))
    }

    #[test]
    fn rules_read_like_sentences() {
        let inbox = serde_json::json!({"kind": "inbox", "calling_ae_titles": ["CT1", "CT2"]});
        assert_eq!(
            said(inbox.clone(), serde_json::json!({})),
            "When CT1 or CT2 has sent a study and it is complete (no new image for one minute): the study goes to Research, as it is."
        );
        let filtered = serde_json::json!({"filter": {"modalities": ["CT"], "conditions": [
            {"attribute": "StudyDescription", "comparison": "matches", "value": "*thorax*"}]},
            "options": {"identity": "pseudonymise", "project": "Liver"}, "jobs_per_hour": 20, "urgent": true});
        assert_eq!(
            said(inbox, filtered),
            "When CT1 or CT2 has sent a study and it is complete (no new image for one minute): its CT series whose StudyDescription is *thorax* go to Research, pseudonymised by the rules of Liver, before other jobs. 20 jobs per hour at most."
        );
        let schedule = serde_json::json!({"kind": "schedule", "cron": "30 6 * * 1-5", "time_zone": "Europe/Berlin",
            "source": ID, "search": {"modality": "CT", "days_back": 1, "until_days_back": 1}});
        assert_eq!(
            said(schedule, serde_json::json!({})),
            "From Monday to Friday at 06:30 (Europe/Berlin), for CT studies of the day before that Research finds: the study goes to Research, as it is."
        );
    }

    #[test]
    fn times_that_have_no_words_are_shown_as_written() {
        for (cron, words) in [
            ("0 0 * * 7", "Every Sunday at 00:00"),
            ("15 * * * *", "Every hour at minute 15"),
            ("*/5 8-18 1 * *", "At the times */5 8-18 1 * *"),
        ] {
            assert_eq!(time(cron), words);
        }
        assert_eq!(
            (duration(90), duration(7200), duration(120)),
            ("90 seconds".into(), "2 hours".into(), "2 minutes".into())
        );
    }
}
