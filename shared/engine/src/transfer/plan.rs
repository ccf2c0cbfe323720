//! Plan: find the study, its series and the expected instances at the source.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use adit_dimse::{Association, Identifier, Model, Proposal, Tag, tags};
use adit_domain::task::LogLevel;
use adit_domain::text::encode_for_query;

use super::Transfer;
use super::by_count::usual_classes;
use super::outside::{Outside, Person};
use super::problem::Problem;
use crate::peers::{End, Finder};
use crate::search::series::series_level;
use crate::text::Answer;

/// What is asked of a study.
const STUDY_KEYS: [Tag; 6] = [
    tags::PATIENT_ID,
    tags::STUDY_INSTANCE_UID,
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::MODALITIES_IN_STUDY,
    tags::INSTANCE_AVAILABILITY,
];
/// What is asked of the patient where the study root allows it.
const PERSON_KEYS: [Tag; 4] =
    [tags::ISSUER_OF_PATIENT_ID, tags::PATIENT_NAME, tags::PATIENT_BIRTH_DATE, tags::ACCESSION_NUMBER];
/// What is asked of an instance.
const IMAGE_KEYS: [Tag; 4] =
    [tags::STUDY_INSTANCE_UID, tags::SERIES_INSTANCE_UID, tags::SOP_INSTANCE_UID, tags::SOP_CLASS_UID];

/// A series that is to be transferred.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    pub uid: String,
    pub number: Option<i32>,
    pub description: String,
    pub modality: String,
    /// Instances by the source's count.
    pub count: Option<u64>,
}

/// An expected instance.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// Place of its series in [`Plan::series`].
    pub series: usize,
    pub sop_class_uid: String,
}

/// What is to be transferred.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Patient ID at the source, raw as the source writes it.
    pub patient_id: Vec<u8>,
    /// The same, decoded.
    pub patient_id_text: String,
    /// Known when the search could ask for it.
    pub person: Option<Person>,
    pub study_date: String,
    pub study_time: String,
    pub model: Model,
    pub series: Vec<Series>,
    /// By SOP Instance UID at the source; empty unless `exact`.
    pub expected: HashMap<String, Expected>,
    /// Whether the source listed its instances one by one.
    pub exact: bool,
    /// The source was not asked for a list: images are counted until some do not come.
    pub by_count: bool,
    /// Only some images of a series are wanted: they are always asked for by name.
    pub by_name: bool,
    /// What may stand in names of folders.
    pub outside: Outside,
}

impl Plan {
    /// Instances that are to arrive.
    pub fn expected_count(&self) -> u64 {
        if self.exact { self.expected.len() as u64 } else { self.series.iter().filter_map(|series| series.count).sum() }
    }

    /// Classes of the expected instances; empty: nobody knows.
    pub fn classes(&self) -> Vec<String> {
        if self.by_count {
            return usual_classes(&self.series);
        }
        let mut classes: Vec<String> =
            self.expected.values().map(|one| one.sop_class_uid.clone()).filter(|uid| !uid.is_empty()).collect();
        classes.sort();
        classes.dedup();
        if self.expected.values().any(|one| one.sop_class_uid.is_empty()) { Vec::new() } else { classes }
    }

    /// The keys that name study and, for the patient root, patient.
    pub fn keys(&self, level: &str, study_instance_uid: &str) -> Identifier {
        let mut identifier = Identifier::at_level(level).with(tags::STUDY_INSTANCE_UID, study_instance_uid);
        if self.model == Model::PatientRoot {
            identifier.set_raw(tags::PATIENT_ID, &self.patient_id);
        }
        identifier
    }
}

impl Transfer {
    /// Opens an association with one end; a server that is not there is remembered by its breaker and defers the task.
    pub(super) async fn open(&self, end: &End, what: &str, proposal: &Proposal) -> Result<Association, Problem> {
        end.open(&self.engine, what, proposal, &self.stop).await
    }

    /// Finds out what is to be transferred.
    pub(super) async fn plan(&self) -> Result<Plan, Problem> {
        self.plan_as_far_as(|_| false).await
    }

    /// The same; images are counted and not listed where `is_enough` says so of the series.
    pub(super) async fn plan_as_far_as(&self, is_enough: impl FnOnce(&Plan) -> bool) -> Result<Plan, Problem> {
        if self.source.server().is_none() {
            return self.plan_objects().await;
        }
        let mut finder = self.source.finder(&self.engine, &self.stop).await?;
        finder.echo(&self.source, &self.stop).await?;
        let mut plan = self.find_study(&mut finder).await?;
        plan.series = self.find_series(&mut finder, &plan).await?;
        plan.by_count = is_enough(&plan);
        if !plan.by_count {
            self.find_instances(&mut finder, &mut plan).await?;
        }
        finder.close().await;
        let issuer = plan.person.as_ref().map_or("", |person| &person.issuer);
        self.identity.look_up(&self.engine, issuer, &plan.patient_id_text).await?;
        plan.outside = self.outside(&plan);
        Ok(plan)
    }

    /// Lists the images of a plan that was made without.
    pub(super) async fn list_images(&self, plan: &mut Plan) -> Result<(), Problem> {
        plan.by_count = false;
        let mut finder = self.source.finder(&self.engine, &self.stop).await?;
        self.find_instances(&mut finder, plan).await?;
        finder.close().await;
        Ok(())
    }

    async fn find(&self, finder: &mut Finder, query: &Identifier, what: &str) -> Result<Vec<Identifier>, Problem> {
        let mut found = Vec::new();
        let mut take = |answer| {
            found.push(answer);
            ControlFlow::Continue(())
        };
        let result = finder.find(&self.source, query, what, &mut take, &self.stop).await;
        self.note_remarks(finder, LogLevel::Warning);
        result.map(|_| found)
    }

    async fn find_study(&self, finder: &mut Finder) -> Result<Plan, Problem> {
        let model = finder.model();
        let query = |with_patient: bool| {
            let mut query = Identifier::at_level("STUDY").with(tags::STUDY_INSTANCE_UID, &self.task.study_instance_uid);
            if with_patient && !self.task.patient_id.is_empty() {
                let (value, charset) = encode_for_query(&self.task.patient_id);
                query.set_raw(tags::PATIENT_ID, &value);
                if !charset.is_empty() {
                    query.set_raw(tags::SPECIFIC_CHARACTER_SET, charset.as_bytes());
                }
            }
            let query = query.asking(&STUDY_KEYS);
            if model == Model::StudyRoot { query.asking(&PERSON_KEYS) } else { query }
        };
        let mut found = self.find(finder, &query(true), "the search for the study").await?;
        if found.is_empty() && model == Model::StudyRoot && !self.task.patient_id.is_empty() {
            found = self.find(finder, &query(false), "the search for the study").await?;
            if !found.is_empty() {
                self.ledger.note(
                    LogLevel::Warning,
                    "Different Patient ID",
                    "The source holds the study under another Patient ID than the one that was chosen.",
                );
            }
        }
        found.retain(|answer| {
            answer.text(tags::STUDY_INSTANCE_UID) == self.task.study_instance_uid
                || answer.raw(tags::STUDY_INSTANCE_UID).is_none()
        });
        let Some(study) = found.first() else {
            return Err(Problem::Absent(format!("{} does not hold the study (any more).", self.source.name())));
        };
        let patients: HashSet<&[u8]> =
            found.iter().map(|answer| answer.raw(tags::PATIENT_ID).unwrap_or_default()).collect();
        if patients.len() > 1 {
            return Err(Problem::Permanent(format!(
                "{} holds several studies of different patients under the same Study Instance UID; it has to be mended there first.",
                self.source.name()
            )));
        }
        if found.len() > 1 {
            self.ledger.note(
                LogLevel::Warning,
                "Several answers",
                "The source answered several times for the same study; all of it is transferred.",
            );
        }
        let mut answer = Answer::new(study);
        let availability = answer.code(tags::INSTANCE_AVAILABILITY);
        if matches!(availability.as_str(), "OFFLINE" | "NEARLINE") {
            self.ledger.note(
                LogLevel::Info,
                "Not online",
                &format!("The source says that the study is {availability}; the first image may take a while."),
            );
        }
        Ok(Plan {
            patient_id: study.raw(tags::PATIENT_ID).unwrap_or_default().to_vec(),
            patient_id_text: answer.text(tags::PATIENT_ID),
            person: (model == Model::StudyRoot).then(|| Person {
                issuer: answer.text(tags::ISSUER_OF_PATIENT_ID),
                name: answer.text(tags::PATIENT_NAME),
                birth_date: answer.code(tags::PATIENT_BIRTH_DATE),
                accession_number: answer.text(tags::ACCESSION_NUMBER),
            }),
            study_date: answer.code(tags::STUDY_DATE),
            study_time: answer.code(tags::STUDY_TIME),
            model,
            series: Vec::new(),
            expected: HashMap::new(),
            exact: false,
            by_count: false,
            by_name: false,
            outside: Outside::default(),
        })
    }

    async fn find_series(&self, finder: &mut Finder, plan: &Plan) -> Result<Vec<Series>, Problem> {
        let query = series_level(
            &self.task.study_instance_uid,
            (plan.model == Model::PatientRoot).then_some(&plan.patient_id_text),
        );
        let found = self.find(finder, &query, "the search for series").await?;
        let mut series = Vec::new();
        let mut seen = HashSet::new();
        for identifier in &found {
            let mut answer = Answer::new(identifier);
            let uid = answer.code(tags::SERIES_INSTANCE_UID);
            if uid.is_empty() || !seen.insert(uid.clone()) {
                continue;
            }
            let one = Series {
                number: answer.number(tags::SERIES_NUMBER),
                description: answer.text(tags::SERIES_DESCRIPTION),
                modality: answer.code(tags::MODALITY),
                count: answer.number(tags::NUMBER_OF_SERIES_RELATED_INSTANCES),
                uid,
            };
            series.push(one);
        }
        let chosen = &self.task.series_instance_uids;
        // A reader may know a series by the name that it got with the pseudonym.
        let is_chosen = |uid: &String| chosen.contains(uid) || chosen.contains(&self.identity.uid(uid));
        let found: HashSet<String> = seen.iter().map(|uid| self.identity.uid(uid)).collect();
        for uid in chosen.iter().filter(|uid| !seen.contains(*uid) && !found.contains(*uid)) {
            self.ledger.note(
                LogLevel::Warning,
                "Series missing",
                &format!("The source does not hold the chosen series {uid} (any more)."),
            );
        }
        series.retain(|one| chosen.is_empty() || is_chosen(&one.uid));
        if series.is_empty() {
            return Err(Problem::Absent(format!(
                "{} names no series of this study that was chosen.",
                self.source.name()
            )));
        }
        Ok(self.without_documents(series))
    }

    /// Lists the instances of every series. A source that cannot list them gives counts at least.
    async fn find_instances(&self, finder: &mut Finder, plan: &mut Plan) -> Result<(), Problem> {
        let mut expected = HashMap::new();
        for (place, series) in plan.series.iter().enumerate() {
            let query = plan
                .keys("IMAGE", &self.task.study_instance_uid)
                .with(tags::SERIES_INSTANCE_UID, &series.uid)
                .asking(&IMAGE_KEYS);
            let found = match self.find(finder, &query, "the search for images").await {
                Ok(found) => found,
                Err(Problem::Permanent(sentence)) => {
                    self.ledger.note(
                        LogLevel::Info,
                        "No list of images",
                        &format!("The source cannot list single images ({sentence}); they are counted only."),
                    );
                    return Ok(());
                }
                Err(problem) => return Err(problem),
            };
            let before = expected.len();
            for answer in &found {
                let uid = answer.text(tags::SOP_INSTANCE_UID);
                if !uid.is_empty() {
                    expected.insert(uid, Expected { series: place, sop_class_uid: answer.text(tags::SOP_CLASS_UID) });
                }
            }
            if expected.len() == before && series.count != Some(0) {
                self.ledger.note(
                    LogLevel::Info,
                    "No list of images",
                    "The source does not list the images of a series; they are counted only.",
                );
                return Ok(());
            }
        }
        self.without_document_classes(&mut expected);
        plan.expected = expected;
        plan.exact = true;
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A plan without series of a source that lists no images.
    pub fn unlisted() -> Plan {
        Plan {
            patient_id: Vec::new(),
            patient_id_text: String::new(),
            person: None,
            study_date: String::new(),
            study_time: String::new(),
            model: Model::StudyRoot,
            series: Vec::new(),
            expected: HashMap::new(),
            exact: false,
            by_count: false,
            by_name: false,
            outside: Outside::default(),
        }
    }
}
