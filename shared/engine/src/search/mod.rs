//! Searching servers for studies and series, with answers passed on while they arrive.

mod ask;
mod collect;
mod query;
pub(crate) mod series;

use std::collections::BTreeSet;

use adit_api::search::{SearchLine, StudyQuery};
use adit_domain::group::Direction;
use adit_domain::{NodeId, Right};
use tokio::sync::mpsc;

use crate::{Actor, Engine, Refusal};

/// Lines waiting for a slow reader.
const WAITING: usize = 256;
/// Servers asked by one search at most.
const MAX_SOURCES: usize = 100;

impl Engine {
    /// Asks all chosen servers at once; the actor's group must be allowed to search each of them. Lines come as the servers answer, one `Source` line per server at its end. Dropping
    /// the receiver ends the search at every server.
    pub async fn search(&self, actor: &Actor, query: StudyQuery) -> Result<mpsc::Receiver<SearchLine>, Refusal> {
        actor.demand(Right::Search)?;
        let query = query::checked(query)?;
        let sources: BTreeSet<&NodeId> = query.sources.iter().collect();
        if sources.len() > MAX_SOURCES {
            return Err(Refusal::invalid(format!("Search {MAX_SOURCES} servers at most at once.")).at("sources"));
        }
        let mut records = Vec::new();
        for id in sources {
            self.permit(actor, id, Direction::Source).await.map_err(|error| error.at("sources"))?;
            let record = self.node_record(id).await.map_err(|error| error.at("sources"))?;
            if record.node.config.server().is_none_or(|server| !server.services.can_find()) {
                return Err(Refusal::invalid(format!(
                    "{} cannot be searched: C-FIND is not ticked in its settings.",
                    record.node.config.name
                ))
                .at("sources"));
            }
            records.push(record);
        }
        let (sender, receiver) = mpsc::channel(WAITING);
        for record in records {
            let (engine, query, sender) = (self.clone(), query.clone(), sender.clone());
            tokio::spawn(async move { engine.ask_one(record, query, sender).await });
        }
        Ok(receiver)
    }
}
