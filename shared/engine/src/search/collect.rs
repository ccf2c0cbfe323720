//! Asking one server for studies and their series as it describes them, for programs: rules compare what the answers say.

use std::collections::HashSet;
use std::ops::ControlFlow;

use adit_api::search::StudyQuery;
use adit_dimse::{Association, Identifier, Model, Proposal, Service, StatusClass, Tag, tags};
use adit_store::repositories::NodeRecord;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::ask::row;
use super::query::{checked, fits};
use super::series::series_level;
use crate::{Engine, Refusal, now, peers};

/// What a search has brought.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// The studies, each once.
    pub studies: Vec<Identifier>,
    /// There were more than the server's settings allow.
    pub is_limited: bool,
}

/// An association for searching.
struct Line {
    association: Association,
    model: Model,
    name: String,
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
        let (model, cancel) = (line.model, line.cancel.clone());
        let queries = self.queries(Some(&mut line.association), model, &query, limit, &cancel).await;
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
                line.association.abort().await;
                return Ok(collected);
            }
        }
        line.association.release().await;
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
            if line.model == Model::PatientRoot {
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
        line.association.release().await;
        Ok(all)
    }

    async fn search_line(&self, record: &NodeRecord) -> Result<Line, Refusal> {
        let name = record.node.config.name.clone();
        let server = record.node.config.server().filter(|server| server.services.can_find());
        let server = server.ok_or_else(|| {
            Refusal::invalid(format!("{name} cannot be searched: C-FIND is not ticked in its settings."))
        })?;
        let model = if server.services.study_root_find { Model::StudyRoot } else { Model::PatientRoot };
        let state = self.0.peers.state(record);
        let permit = state.permit().await;
        let cancel = CancellationToken::new();
        let failed = |error: adit_dimse::DimseError| Refusal::peer(format!("{name} could not be asked: {error}."));
        let peer = peers::peer(server, &record.secrets, self.ae_title()).map_err(failed)?;
        match Association::connect(&peer, &Proposal::new().find(model), &cancel).await {
            Ok(association) => {
                state.answered();
                Ok(Line { association, model, name, cancel, _permit: permit })
            }
            Err(error) => {
                if error.is_unreachable() {
                    state.failed(now(), error.to_string());
                }
                Err(failed(error))
            }
        }
    }
}

impl Line {
    async fn find(
        &mut self,
        query: &Identifier,
        take: &mut (dyn FnMut(Identifier) -> ControlFlow<()> + Send),
    ) -> Result<(), Refusal> {
        let outcome = self.association.find(self.model, query, take, &self.cancel).await;
        let outcome = outcome.map_err(|error| Refusal::peer(format!("{} broke off: {error}.", self.name)))?;
        if outcome.status.class() == StatusClass::Failure && !outcome.limited {
            let sentence = outcome.status.sentence(Service::Find);
            return Err(Refusal::peer(format!("{}: {sentence} (status {}).", self.name, outcome.status)));
        }
        Ok(())
    }
}
