//! The series of one study.

use std::ops::ControlFlow;

use adit_api::search::{SeriesQuery, SeriesRow};
use adit_dimse::{Identifier, Model, Tag, tags};
use adit_domain::group::Direction;
use adit_domain::text::encode_for_query;
use adit_domain::transfer::TEXT_MODALITIES;
use adit_domain::{Right, Uid};
use tokio_util::sync::CancellationToken;

use crate::text::Answer;
use crate::transfer::Problem;
use crate::{Actor, Engine, Refusal, unnamed};

use super::{not_asked, searchable};

/// Series of a study that are shown.
const MAX_SERIES: usize = 2000;
/// What a series-level answer should hold.
const SERIES_KEYS: [Tag; 7] = [
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::SERIES_NUMBER,
    tags::SERIES_DESCRIPTION,
    tags::MODALITY,
    tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
    tags::INSTANCE_AVAILABILITY,
];

impl Engine {
    /// The series of a study, by number.
    pub async fn series(&self, actor: &Actor, query: SeriesQuery) -> Result<Vec<SeriesRow>, Refusal> {
        actor.demand(Right::Search)?;
        let study = Uid::parse(&query.study_instance_uid)?;
        if actor.is_told_no_names() {
            unnamed::check_number("patient_id", &query.patient_id)?;
        }
        self.permit(actor, &query.source, Direction::Source).await?;
        let record = self.node_record(&query.source).await?;
        let name = record.node.config.name.clone();
        searchable(&record)?;
        let end = self.end_of(&record);
        let _permit = end.state.permit().await;
        let cancel = CancellationToken::new();
        let failed = |problem: Problem| Refusal::peer(not_asked(&name, &problem));
        let mut finder = end.finder(self, &cancel).await.map_err(failed)?;
        let patient = (finder.model() == Model::PatientRoot).then_some(&query.patient_id);
        let identifier = series_level(study.as_str(), patient);
        let mut rows = Vec::new();
        let mut take = |answer: Identifier| {
            rows.push(row(&answer));
            if rows.len() < MAX_SERIES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let is_cut =
            finder.find(&end, &identifier, "the search for series", &mut take, &cancel).await.map_err(failed)?;
        if is_cut {
            finder.abort().await
        } else {
            finder.close().await
        }
        rows.sort_by_key(|row| (row.series_number.is_none(), row.series_number, row.series_instance_uid.clone()));
        if actor.is_told_no_names() {
            rows = rows.into_iter().map(unnamed::series).collect();
        }
        Ok(rows)
    }
}

/// The keys for all series of a study.
pub(crate) fn series_level(study_instance_uid: &str, patient_id: Option<&String>) -> Identifier {
    let mut identifier =
        Identifier::at_level("SERIES").with(tags::STUDY_INSTANCE_UID, study_instance_uid).asking(&SERIES_KEYS);
    if let Some(patient_id) = patient_id {
        identifier.set_raw(tags::PATIENT_ID, &encode_for_query(patient_id).0);
    }
    identifier
}

fn row(identifier: &Identifier) -> SeriesRow {
    let mut answer = Answer::new(identifier);
    let modality = answer.code(tags::MODALITY);
    SeriesRow {
        series_instance_uid: answer.code(tags::SERIES_INSTANCE_UID),
        series_number: answer.number(tags::SERIES_NUMBER),
        series_description: answer.text(tags::SERIES_DESCRIPTION),
        instance_count: answer.number(tags::NUMBER_OF_SERIES_RELATED_INSTANCES),
        availability: answer.code(tags::INSTANCE_AVAILABILITY),
        is_document: TEXT_MODALITIES.contains(&modality.as_str()),
        modality,
    }
}
