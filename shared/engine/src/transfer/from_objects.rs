//! Planning a transfer of what has arrived: the expected instances stand in the arrival's rows, one by one.

use std::collections::{BTreeMap, HashMap, HashSet};

use adit_dimse::Model;
use adit_domain::rule::PseudonymRule;
use adit_domain::task::LogLevel;
use adit_domain::transfer::parse_pseudonym;
use adit_store::repositories::ArrivedObject;

use super::Transfer;
use super::outside::{Outside, Person};
use super::plan::{Expected, Plan, Series};
use super::problem::Problem;
use crate::rules::{Place, first};

/// Why an image stays that came late.
const OTHER_PSEUDONYM: &str = "they have another pseudonym than the images for which the job was made";

impl Transfer {
    /// What is to be transferred of a study that has arrived in the inbox, a folder or a bucket.
    pub(super) async fn plan_objects(&self) -> Result<Plan, Problem> {
        let objects = self.of_one_pseudonym(self.arrived().await?).await?;
        let Some(sample) = objects.first() else {
            return Err(Problem::Permanent(format!(
                "Nothing is known of this study in {} (any more): what arrives is remembered for 30 days.",
                self.source.name()
            )));
        };
        let patients: HashSet<&str> = objects.iter().map(|object| first(&object.facts, "PatientID")).collect();
        if patients.len() > 1 {
            return Err(Problem::Permanent(format!(
                "Images of different patients arrived in {} under the same Study Instance UID; that has to be mended at their sender.",
                self.source.name()
            )));
        }
        let fact = |keyword: &str| first(&sample.facts, keyword).to_owned();
        let patient_id = fact("PatientID");
        let series = self.without_documents(series_of(&objects));
        let mut plan = Plan {
            patient_id: patient_id.clone().into_bytes(),
            patient_id_text: patient_id,
            person: self.person_of(&objects).await?,
            study_date: fact("StudyDate"),
            study_time: fact("StudyTime"),
            model: Model::StudyRoot,
            expected: expected(&series, &objects),
            series,
            exact: true,
            by_count: false,
            by_name: false,
            outside: Outside::default(),
        };
        self.without_document_classes(&mut plan.expected);
        let issuer = plan.person.as_ref().map_or("", |person| &person.issuer);
        self.identity.look_up(&self.engine, issuer, &plan.patient_id_text).await?;
        plan.outside = self.outside(&plan);
        Ok(plan)
    }

    /// The rows of the study, of the series that are wanted.
    pub(super) async fn arrived(&self) -> Result<Vec<ArrivedObject>, Problem> {
        let mut objects = self.engine.0.arrivals.objects(&self.source.id, &self.task.study_instance_uid).await?;
        let chosen: HashSet<&String> = self.task.series_instance_uids.iter().collect();
        objects.retain(|object| chosen.is_empty() || chosen.contains(&object.series_instance_uid));
        Ok(objects)
    }

    /// Without images that came after the rule had fired and bear another pseudonym than the job: they would go under the wrong one.
    async fn of_one_pseudonym(&self, objects: Vec<ArrivedObject>) -> Result<Vec<ArrivedObject>, Problem> {
        let Some(cause) = &self.job.cause else { return Ok(objects) };
        let rule = self.engine.0.rules.get(&cause.rule).await?.map(|rule| rule.value);
        // A rule that was changed since may ask for another attribute than the one the job's pseudonym came from.
        let Some(rule) = rule.filter(|rule| rule.changed <= self.job.created) else { return Ok(objects) };
        let PseudonymRule::Attribute { attribute } = &rule.config.pseudonym else { return Ok(objects) };
        let all: Vec<&ArrivedObject> = objects.iter().collect();
        let facts = self.engine.complete_facts(&rule, &all).await?;
        let facts = facts.ok_or_else(|| Problem::Transient("The images cannot be read just now.".to_owned()))?;
        let mut staying = Vec::new();
        for (object, facts) in objects.into_iter().zip(&facts) {
            let agrees = parse_pseudonym(first(facts, attribute)).is_ok_and(|value| value == self.task.pseudonym);
            if agrees || object.removed {
                staying.push(object);
            } else {
                self.ledger.hold_back(&object.sop_instance_uid, OTHER_PSEUDONYM);
            }
        }
        Ok(staying)
    }

    /// The place of the source.
    pub(super) async fn source_place(&self) -> Result<Place, Problem> {
        let place = self.engine.place(&self.source.id).await?;
        place.ok_or_else(|| Problem::Permanent(format!("This ADIT cannot read the files of {}.", self.source.name())))
    }

    /// Who the patient is, from the header of an image: the rows do not tell.
    async fn person_of(&self, objects: &[ArrivedObject]) -> Result<Option<Person>, Problem> {
        let place = self.source_place().await?;
        for object in objects.iter().filter(|object| !object.removed).take(3) {
            if let Ok(header) = place.header_of(object, &[]).await {
                let [issuer, name, birth_date] = header.person;
                let accession_number = first(&object.facts, "AccessionNumber").to_owned();
                return Ok(Some(Person { issuer, name, birth_date, accession_number }));
            }
        }
        self.ledger.note(
            LogLevel::Info,
            "No header",
            "No image could be opened to see whose it is; descriptions do not become names of folders.",
        );
        Ok(None)
    }
}

fn series_of(objects: &[ArrivedObject]) -> Vec<Series> {
    let mut all: BTreeMap<&str, Series> = BTreeMap::new();
    for object in objects {
        let series = all.entry(&object.series_instance_uid).or_insert_with(|| Series {
            uid: object.series_instance_uid.clone(),
            number: first(&object.facts, "SeriesNumber").parse().ok(),
            description: first(&object.facts, "SeriesDescription").to_owned(),
            modality: first(&object.facts, "Modality").to_owned(),
            count: Some(0),
        });
        series.count = series.count.map(|count| count + 1);
    }
    all.into_values().collect()
}

fn expected(series: &[Series], objects: &[ArrivedObject]) -> HashMap<String, Expected> {
    let places: HashMap<&str, usize> =
        series.iter().enumerate().map(|(place, series)| (series.uid.as_str(), place)).collect();
    let wanted = objects.iter().filter_map(|object| {
        let series = *places.get(object.series_instance_uid.as_str())?;
        let sop_class_uid = object.sop_class_uid.clone();
        Some((object.sop_instance_uid.clone(), Expected { series, sop_class_uid }))
    });
    wanted.collect()
}
