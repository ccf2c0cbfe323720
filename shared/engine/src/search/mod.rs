//! Searching servers for studies and series, with answers passed on while they arrive.

mod ask;
mod collect;
mod query;
pub(crate) mod series;

use std::collections::BTreeSet;

use adit_api::search::{SearchLine, StudyQuery};
use adit_domain::group::Direction;
use adit_domain::node::Server;
use adit_domain::{NodeId, Right};
use adit_store::repositories::NodeRecord;
use tokio::sync::mpsc;

use crate::transfer::Problem;
use crate::{Actor, Engine, Refusal, unnamed};

/// Lines waiting for a slow reader.
const WAITING: usize = 256;
/// Servers asked by one search at most.
const MAX_SOURCES: usize = 100;

/// Refuses a node that is no server or offers no search.
pub(crate) fn searchable(record: &NodeRecord) -> Result<(), Refusal> {
    if record.node.config.server().is_some_and(Server::can_find) {
        return Ok(());
    }
    let name = &record.node.config.name;
    Err(Refusal::invalid(format!("{name} cannot be searched: neither C-FIND nor QIDO-RS is ticked in its settings.")))
}

/// What a person is told when a server could not be asked.
pub(crate) fn not_asked(name: &str, problem: &Problem) -> String {
    match problem {
        Problem::Deferred(..) => format!("{name} could not be asked: it does not answer at present."),
        other => format!("{name} could not be asked. {}", other.sentence()),
    }
}

impl Engine {
    /// Asks all chosen servers at once; the actor's group must be allowed to search each of them. Lines come as the servers answer, one `Source` line per server at its end. Dropping
    /// the receiver ends the search at every server.
    pub async fn search(&self, actor: &Actor, query: StudyQuery) -> Result<mpsc::Receiver<SearchLine>, Refusal> {
        actor.demand(Right::Search)?;
        let unnamed = actor.is_told_no_names();
        if unnamed {
            unnamed::check_studies(&query)?;
        }
        let query = query::checked(query)?;
        let sources: BTreeSet<&NodeId> = query.sources.iter().collect();
        if sources.len() > MAX_SOURCES {
            return Err(Refusal::invalid(format!("Search {MAX_SOURCES} servers at most at once.")).at("sources"));
        }
        let mut records = Vec::new();
        for id in sources {
            self.permit(actor, id, Direction::Source).await.map_err(|error| error.at("sources"))?;
            let record = self.node_record(id).await.map_err(|error| error.at("sources"))?;
            searchable(&record).map_err(|error| error.at("sources"))?;
            records.push(record);
        }
        let (sender, receiver) = mpsc::channel(WAITING);
        for record in records {
            let (engine, query, sender) = (self.clone(), query.clone(), sender.clone());
            tokio::spawn(async move { engine.ask_one(record, query, unnamed, sender).await });
        }
        Ok(receiver)
    }
}
