//! Asking one server for studies and their series as it describes them, for programs: rules compare what the answers say.

use std::collections::HashSet;
use std::ops::ControlFlow;

use adit_api::search::StudyQuery;
use adit_dimse::{Identifier, Model, Tag, tags};
use adit_store::repositories::NodeRecord;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::ask::row;
use super::query::{checked, fits};
use super::series::series_level;
use super::{not_asked, searchable};
use crate::peers::{End, Finder, Take};
use crate::{Engine, Refusal};

/// What a search has brought.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// The studies, each once.
    pub studies: Vec<Identifier>,
    /// There were more than the server's settings allow.
    pub is_limited: bool,
}

/// A way to search one server.
struct Line {
    finder: Finder,
    end: End,
    cancel: CancellationToken,
    /// The right to have one association open.
    _permit: OwnedSemaphorePermit,
}

impl Engine {
    /// Studies at a server; `keys` are asked for in addition.
    pub(crate) async fn collect_studies(
        &self,
        record: &NodeRecord,
        query: StudyQuery,
        keys: &[Tag],
    ) -> Result<Collected, Refusal> {
        let query = checked(query)?;
        let limit = record.node.config.server().map_or(200, |server| server.max_search_results as usize);
        let mut line = self.search_line(record).await?;
        let queries = self.queries(&mut line.finder, &line.end, &query, limit, &line.cancel).await;
        let queries = queries.map_err(Refusal::peer)?;
        let (mut collected, mut seen) = (Collected::default(), HashSet::new());
        for identifier in queries {
            let mut take = |answer: Identifier| {
                let row = row(&answer, "", "");
                if row.study_instance_uid.is_empty() || !fits(&query, &row) || seen.contains(&row.study_instance_uid) {
                    return ControlFlow::Continue(());
                }
                if seen.len() >= limit {
                    collected.is_limited = true;
                    return ControlFlow::Break(());
                }
                seen.insert(row.study_instance_uid);
                collected.studies.push(answer);
                ControlFlow::Continue(())
            };
            line.find(&identifier.asking(keys), &mut take).await?;
            if collected.is_limited {
                // The server may still be sending.
                line.finder.abort().await;
                return Ok(collected);
            }
        }
        line.finder.close().await;
        Ok(collected)
    }

    /// The series of each of these studies, in their order.
    pub(crate) async fn collect_series(
        &self,
        record: &NodeRecord,
        studies: &[&Identifier],
        keys: &[Tag],
    ) -> Result<Vec<Vec<Identifier>>, Refusal> {
        let mut line = self.search_line(record).await?;
        let mut all = Vec::new();
        for study in studies {
            let mut query = series_level(&study.text(tags::STUDY_INSTANCE_UID), None);
            if line.finder.model() == Model::PatientRoot {
                query.set_raw(tags::PATIENT_ID, study.raw(tags::PATIENT_ID).unwrap_or_default());
            }
            let mut series = Vec::new();
            let mut take = |answer: Identifier| {
                series.push(answer);
                ControlFlow::Continue(())
            };
            line.find(&query.asking(keys), &mut take).await?;
            all.push(series);
        }
        line.finder.close().await;
        Ok(all)
    }

    async fn search_line(&self, record: &NodeRecord) -> Result<Line, Refusal> {
        searchable(record)?;
        let (end, cancel) = (self.end_of(record), CancellationToken::new());
        let permit = end.state.permit().await;
        match end.finder(self, &cancel).await {
            Ok(finder) => Ok(Line { finder, end, cancel, _permit: permit }),
            Err(problem) => Err(Refusal::peer(not_asked(end.name(), &problem))),
        }
    }
}

impl Line {
    async fn find(&mut self, query: &Identifier, take: Take<'_>) -> Result<(), Refusal> {
        let found = self.finder.find(&self.end, query, "the search", take, &self.cancel).await;
        found.map(|_| ()).map_err(|problem| Refusal::peer(not_asked(self.end.name(), &problem)))
    }
}
