//! What has been chosen: studies, or single series of them.

use std::collections::{BTreeMap, BTreeSet};

use adit_api::jobs::StudySelection;
use adit_api::search::StudyRow;
use leptos::prelude::*;

/// A chosen study; no series means all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    pub row: StudyRow,
    pub series: BTreeSet<String>,
}

/// All chosen studies by source and study.
#[derive(Clone, Copy)]
pub struct Selection(pub RwSignal<BTreeMap<String, Chosen>>);

/// The key of a study in one server.
pub fn key(row: &StudyRow) -> String {
    format!("{}/{}", row.source, row.study_instance_uid)
}

impl Selection {
    pub fn new() -> Self {
        Self(RwSignal::new(BTreeMap::new()))
    }

    pub fn contains(self, row: &StudyRow) -> bool {
        self.0.with(|all| all.contains_key(&key(row)))
    }

    /// Chooses the whole study, or nothing of it.
    pub fn set_study(self, row: &StudyRow, on: bool) {
        self.0.update(|all| {
            if on {
                all.insert(key(row), Chosen { row: row.clone(), series: BTreeSet::new() });
            } else {
                all.remove(&key(row));
            }
        });
    }

    /// Whether a series goes: by itself, or with the whole study.
    pub fn has_series(self, row: &StudyRow, uid: &str) -> bool {
        self.0.with(|all| {
            all.get(&key(row)).is_some_and(|chosen| chosen.series.is_empty() || chosen.series.contains(uid))
        })
    }

    /// Chooses a series or drops it; `all_series` are those of the study.
    pub fn set_series(self, row: &StudyRow, uid: &str, on: bool, all_series: &[String]) {
        self.0.update(|all| {
            let chosen = all.get(&key(row)).map(|chosen| chosen.series.clone());
            let mut series = match chosen {
                None => BTreeSet::new(),
                Some(series) if series.is_empty() => all_series.iter().cloned().collect(),
                Some(series) => series,
            };
            if on {
                series.insert(uid.to_owned());
            } else {
                series.remove(uid);
            }
            if series.is_empty() {
                all.remove(&key(row));
            } else {
                if series.len() == all_series.len() {
                    series.clear();
                }
                all.insert(key(row), Chosen { row: row.clone(), series });
            }
        });
    }

    /// The wish for a job.
    pub fn studies(self) -> Vec<StudySelection> {
        self.0.with_untracked(|all| all.values().filter_map(wish).collect())
    }

    /// Modalities of everything that is chosen.
    pub fn modalities(self) -> Vec<String> {
        self.0.with(|all| all.values().flat_map(|chosen| chosen.row.modalities.clone()).collect())
    }
}

fn wish(chosen: &Chosen) -> Option<StudySelection> {
    let row = &chosen.row;
    let description =
        if row.study_description.is_empty() { row.modalities.join(", ") } else { row.study_description.clone() };
    let date = if row.study_date.is_empty() { "no date" } else { &row.study_date };
    let part = if chosen.series.is_empty() { String::new() } else { format!(", {} series", chosen.series.len()) };
    Some(StudySelection {
        source: row.source.parse().ok()?,
        patient_id: row.patient_id.clone(),
        study_instance_uid: row.study_instance_uid.clone(),
        series_instance_uids: chosen.series.iter().cloned().collect(),
        pseudonym: String::new(),
        label: format!("{description}, {date}{part}"),
        images: row.instance_count.filter(|_| chosen.series.is_empty()),
    })
}
