//! QIDO-RS over C-FIND (PS3.18 10.6): all its resources, whatever the archive's model, with answers passed on while they arrive.

mod ask;
mod filter;
mod levels;
mod locate;
mod times;
mod walk;

use adit_dicomweb::query::Query;
use adit_dimse::{Identifier, tags};
use adit_domain::group::Direction;
use adit_domain::{Right, Uid};
use tokio::sync::mpsc;

pub use crate::peers::Remarks;
pub use levels::Level;

use crate::search::searchable;
use crate::{Actor, Engine, Refusal, unnamed};
use ask::Plan;

/// Answers waiting for a slow reader.
const WAITING: usize = 64;

/// What an address asks for.
#[derive(Debug, Clone)]
pub struct Search {
    /// Studies, series or instances.
    pub level: Level,
    /// Of this study.
    pub study: Option<Uid>,
    /// Of this series.
    pub series: Option<Uid>,
    /// Keys, fields, limit and offset.
    pub query: Query,
    /// Where the answers can be fetched: the address of the service, without a slash at its end.
    pub address: String,
}

/// What comes of a search.
pub struct Answers {
    /// Answers as they come, in UTF-8, with their Retrieve URL. After an error nothing comes. Dropping it ends the search at the server.
    pub found: mpsc::Receiver<Result<Identifier, Refusal>>,
    /// What the server has remarked on them so far.
    pub remarks: Remarks,
}

impl Engine {
    /// Searches the server of an AE title.
    ///
    /// # Errors
    /// The actor may not, there is no such server, or the search makes no sense. What the server itself says comes with the answers.
    pub async fn qido(&self, actor: &Actor, ae_title: &str, search: Search) -> Result<Answers, Refusal> {
        self.qido_as(actor, Right::Search, ae_title, search).await
    }

    /// The same for who needs another right to do something that begins with a search.
    pub(super) async fn qido_as(
        &self,
        actor: &Actor,
        right: Right,
        ae_title: &str,
        search: Search,
    ) -> Result<Answers, Refusal> {
        let record = self.gateway_to(actor, right, ae_title, Direction::Source).await?;
        searchable(&record)?;
        let Search { level, study, series, mut query, address } = search;
        for (tag, uid) in [(tags::STUDY_INSTANCE_UID, &study), (tags::SERIES_INSTANCE_UID, &series)] {
            if let Some(uid) = uid {
                query.fix(tag, uid.as_str()).map_err(|error| Refusal::invalid(error.0))?;
            }
        }
        // Who chooses images to fetch is told nothing.
        let unnamed = right == Right::Search && actor.is_told_no_names();
        if unnamed {
            unnamed::check(&query)?;
        }
        let (limit, offset) = (query.limit.unwrap_or(usize::MAX), query.offset);
        // Whose parents the address names need not be told them.
        let is_relational = match level {
            Level::Patient | Level::Study => false,
            Level::Series => study.is_none(),
            Level::Instance => series.is_none(),
        };
        let plan = Plan::new(query, level);
        let (sender, found) = mpsc::channel(WAITING);
        let answers = Answers { found, remarks: Remarks::default() };
        let (engine, remarks) = (self.clone(), answers.remarks.clone());
        tokio::spawn(async move {
            let out = walk::Out::new(sender.clone(), limit, offset, address, unnamed);
            let walking = engine.walk(&record, plan, is_relational, remarks, out);
            tokio::select! {
                ended = walking => if let Err(refusal) = ended {
                    let _ = sender.send(Err(refusal)).await;
                },
                // The reader has gone: dropping the association tells the server.
                () = sender.closed() => {}
            }
        });
        Ok(answers)
    }
}
