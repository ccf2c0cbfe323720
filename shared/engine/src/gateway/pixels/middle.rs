//! Which instance stands for a series or a study: the middle one.

use adit_dicomweb::paths::Resource;
use adit_dicomweb::query::Query;
use adit_dimse::{Identifier, tags};
use adit_domain::{Right, Uid};

use super::super::query::{Level, Search};
use crate::{Actor, Engine, Refusal};

/// Modalities of objects that are no images.
const WITHOUT_IMAGES: [&str; 16] = [
    "AU", "DOC", "ECG", "EPS", "FID", "HD", "KO", "M3D", "PLAN", "PR", "REG", "RTPLAN", "RTRECORD", "RTSTRUCT", "SR",
    "STAIN",
];

impl Engine {
    /// The middle instance of the middle series with images, by their numbers.
    ///
    /// # Errors
    /// The actor may not, or there is nothing.
    pub async fn middle_of(&self, actor: &Actor, ae_title: &str, resource: &Resource) -> Result<Resource, Refusal> {
        let mut chosen = resource.clone();
        if chosen.instance.is_some() {
            return Ok(chosen);
        }
        let series = match &chosen.series {
            Some(series) => series.clone(),
            None => self.middle_one(actor, ae_title, &chosen, Level::Series).await?,
        };
        chosen.series = Some(series);
        chosen.instance = Some(self.middle_one(actor, ae_title, &chosen, Level::Instance).await?);
        Ok(chosen)
    }

    async fn middle_one(&self, actor: &Actor, ae_title: &str, of: &Resource, level: Level) -> Result<Uid, Refusal> {
        let (number, uid) = match level {
            Level::Series => (tags::SERIES_NUMBER, tags::SERIES_INSTANCE_UID),
            _ => (tags::INSTANCE_NUMBER, tags::SOP_INSTANCE_UID),
        };
        let search = Search {
            level,
            study: Some(of.study.clone()),
            series: of.series.clone(),
            query: Query::default(),
            address: String::new(),
        };
        let mut answers = self.qido_as(actor, Right::Retrieve, ae_title, search).await?;
        let mut found: Vec<(i64, String)> = Vec::new();
        while let Some(answer) = answers.found.recv().await {
            let answer: Identifier = answer?;
            if level != Level::Series || !WITHOUT_IMAGES.contains(&answer.text(tags::MODALITY).as_str()) {
                found.push((answer.text(number).trim().parse().unwrap_or(0), answer.text(uid)));
            }
        }
        found.sort();
        let middle = found.get(found.len() / 2).ok_or_else(|| Refusal::absent("There are no images to be shown."))?;
        Ok(Uid::parse(&middle.1)?)
    }
}
