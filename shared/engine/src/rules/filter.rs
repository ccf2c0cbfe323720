//! What a rule takes of a study: the series of which an image fulfils all conditions.

use std::collections::{BTreeMap, BTreeSet};

use adit_domain::dicom::wildcard_matches;
use adit_domain::rule::{Comparison, Condition, Filter, PseudonymRule, RuleConfig};
use adit_domain::transfer::parse_pseudonym;

use super::facts::{Facts, first, label};

/// An image (or, in a search, a whole series) as a rule sees it.
pub(crate) struct Seen<'a> {
    pub series: &'a str,
    pub facts: &'a Facts,
    pub images: u64,
}

/// What a rule takes of a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Series that are taken.
    pub series: BTreeSet<String>,
    /// Series that there are.
    pub series_total: usize,
    /// Images of the series that are taken.
    pub images: u64,
    /// The study without names.
    pub label: String,
    pub patient_id: String,
    /// The pseudonym by the rule, empty for a derived one, or why there is none.
    pub pseudonym: Result<String, String>,
}

/// What a rule takes; none: nothing.
pub(crate) fn choose(rule: &RuleConfig, seen: &[Seen<'_>]) -> Option<Choice> {
    let all: BTreeSet<&str> = seen.iter().map(|one| one.series).collect();
    let series: BTreeSet<&str> =
        seen.iter().filter(|one| takes(&rule.filter, one.facts)).map(|one| one.series).collect();
    let taken: Vec<&Seen<'_>> = seen.iter().filter(|one| series.contains(one.series)).collect();
    let facts = taken.first()?.facts;
    let modalities = taken.iter().map(|one| first(one.facts, "Modality").to_owned());
    let modalities = modalities.filter(|modality| !modality.is_empty()).collect();
    Some(Choice {
        series_total: all.len(),
        images: taken.iter().map(|one| one.images).sum(),
        label: label(&modalities, facts),
        patient_id: first(facts, "PatientID").to_owned(),
        pseudonym: pseudonym(rule, &taken),
        series: series.into_iter().map(str::to_owned).collect(),
    })
}

/// Whether all conditions hold.
pub(crate) fn takes(filter: &Filter, facts: &Facts) -> bool {
    let modality = first(facts, "Modality").to_uppercase();
    (filter.modalities.is_empty() || filter.modalities.contains(&modality))
        && filter.conditions.iter().all(|condition| holds(condition, facts))
}

fn holds(condition: &Condition, facts: &Facts) -> bool {
    let values = facts.get(&condition.attribute);
    let matches = || {
        let pattern = condition.value.trim();
        values.is_some_and(|values| values.iter().any(|value| wildcard_matches(pattern, value)))
    };
    match condition.comparison {
        Comparison::Matches => matches(),
        Comparison::MatchesNot => !matches(),
        Comparison::Present => values.is_some(),
        Comparison::Absent => values.is_none(),
    }
}

/// The pseudonym that all taken images agree on. The sentences hold no values.
fn pseudonym(rule: &RuleConfig, taken: &[&Seen<'_>]) -> Result<String, String> {
    let PseudonymRule::Attribute { attribute } = &rule.pseudonym else { return Ok(String::new()) };
    let mut values: BTreeMap<&str, u64> = BTreeMap::new();
    for one in taken {
        *values.entry(first(one.facts, attribute)).or_default() += one.images;
    }
    let mut names = values.keys();
    match (names.next(), names.next()) {
        (Some(value), None) if !value.is_empty() => {
            parse_pseudonym(value).map_err(|_| format!("The value of {attribute} cannot be used as a pseudonym."))
        }
        (_, None) => Err(format!("{attribute}, which should hold the pseudonym, is empty.")),
        _ => Err(format!("The images do not agree on {attribute}, which should hold the pseudonym.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(pairs: &[(&str, &str)]) -> Facts {
        pairs.iter().map(|(keyword, value)| ((*keyword).to_owned(), vec![(*value).to_owned()])).collect()
    }

    fn rule(filter: serde_json::Value, pseudonym: serde_json::Value) -> RuleConfig {
        serde_json::from_value(serde_json::json!({
            "name": "R", "destination": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "filter": filter, "pseudonym": pseudonym,
            "options": {"identity": "pseudonymise"}, "trigger": {"kind": "inbox", "calling_ae_titles": ["CT1"]}
        }))
        .unwrap()
    }

    #[test]
    fn a_series_goes_as_a_whole_when_one_of_its_images_fits() {
        let (scout, axial, report) = (
            facts(&[("Modality", "CT"), ("ImageType", "LOCALIZER")]),
            facts(&[("Modality", "CT"), ("ImageType", "AXIAL"), ("StudyDate", "20240301")]),
            facts(&[("Modality", "SR")]),
        );
        let seen = [("1", &axial), ("1", &scout), ("2", &scout), ("3", &report)].map(|(series, facts)| Seen {
            series,
            facts,
            images: 1,
        });
        let filter = serde_json::json!({"modalities": ["CT"],
            "conditions": [{"attribute": "ImageType", "comparison": "matches_not", "value": "local*"}]});
        let choice = choose(&rule(filter, serde_json::json!({"kind": "derived"})), &seen).unwrap();
        assert_eq!((choice.series, choice.series_total, choice.images), (["1".to_owned()].into(), 3, 2));
        assert_eq!(choice.label, "CT, 2024-03-01");
        let nothing = serde_json::json!({"modalities": ["US"]});
        assert_eq!(choose(&rule(nothing, serde_json::json!({"kind": "derived"})), &seen), None);
    }

    #[test]
    fn absent_attributes_have_their_comparisons() {
        let one = facts(&[("StudyDescription", "Thorax")]);
        let holds = |attribute: &str, comparison, value: &str| {
            holds(&Condition { attribute: attribute.into(), comparison, value: value.into() }, &one)
        };
        assert!(holds("StudyDescription", Comparison::Matches, "tho?ax"));
        assert!(holds("StationName", Comparison::MatchesNot, "*"));
        assert!(!holds("StationName", Comparison::Matches, "*"));
        assert!(holds("StationName", Comparison::Absent, "") && holds("StudyDescription", Comparison::Present, ""));
    }

    #[test]
    fn a_pseudonym_is_agreed_on_or_refused_without_saying_it() {
        let by = |values: &[&str]| {
            let facts: Vec<Facts> = values.iter().map(|value| facts(&[("ClinicalTrialSubjectID", value)])).collect();
            let seen: Vec<Seen<'_>> = facts.iter().map(|facts| Seen { series: "1", facts, images: 1 }).collect();
            let attribute = serde_json::json!({"kind": "attribute", "attribute": "ClinicalTrialSubjectID"});
            choose(&rule(serde_json::json!({}), attribute), &seen).unwrap().pseudonym
        };
        assert_eq!(by(&["S-1", "S-1"]), Ok("S-1".to_owned()));
        for wrong in [&["S-1", "S-2"][..], &["S-1", ""], &["a^b"], &[""]] {
            let sentence = by(wrong).unwrap_err();
            assert!(!sentence.contains("S-1") && !sentence.contains("a^b"), "{sentence}");
        }
    }
}
