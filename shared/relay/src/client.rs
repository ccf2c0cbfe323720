//! The side where an instance arrived: finds the bridge that waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adit_dimse::{InstanceHead, InstanceSink, Status};
use adit_engine::reception::Neighbours;
use adit_store::items::StoreError;
use adit_store::repositories::{Bridges, MoveKey, Moves};
use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::connections::{Neighbour, Offered, Unreachable};
use crate::outbound::Refusing;
use crate::token::Token;

/// How long the list of living bridges is taken for true.
const FRESH: Duration = Duration::from_secs(2);
/// C-MOVEs whose bridge is remembered at a time.
const REMEMBERED: usize = 1000;

/// The other bridges, as the reception asks them.
pub struct RelayClient {
    own_name: String,
    moves: Moves,
    bridges: Bridges,
    token: Token,
    living: tokio::sync::Mutex<Living>,
    /// Which bridge took what a C-MOVE brought, or (without originator) what this calling AE title sent. Only a first guess.
    last: Mutex<HashMap<Trail, String>>,
}

/// What instances that belong together have in common.
#[derive(PartialEq, Eq, Hash, Clone)]
enum Trail {
    Move(MoveKey),
    Caller(String),
}

#[derive(Default)]
struct Living {
    neighbours: HashMap<String, Arc<Neighbour>>,
    read: Option<Instant>,
}

type Sink = Box<dyn InstanceSink>;

impl RelayClient {
    /// For the bridge `own_name`, which is never asked.
    #[must_use]
    pub fn new(own_name: &str, moves: Moves, bridges: Bridges, token: Token) -> Self {
        let (living, last) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { own_name: own_name.to_owned(), moves, bridges, token, living, last }
    }

    /// All other bridges that live.
    async fn neighbours(&self) -> Result<HashMap<String, Arc<Neighbour>>, StoreError> {
        let mut living = self.living.lock().await;
        if living.read.is_none_or(|read| read.elapsed() > FRESH) {
            let mut now = HashMap::new();
            for bridge in self.bridges.living().await?.into_iter().filter(|bridge| bridge.name != self.own_name) {
                let known = living.neighbours.get(&bridge.name).filter(|known| known.is(&bridge)).cloned();
                let name = bridge.name.clone();
                if known.is_none() && !self.token.has_sealed(&bridge) {
                    tracing::error!(bridge = name, "a bridge's row is not of this installation and is left out");
                    continue;
                }
                match known.map_or_else(|| Neighbour::new(bridge).map(Arc::new), Ok) {
                    Ok(neighbour) => drop(now.insert(name, neighbour)),
                    Err(error) => tracing::error!(bridge = name, error = %error, "a bridge's row cannot be used"),
                }
            }
            *living = Living { neighbours: now, read: Some(Instant::now()) };
        }
        Ok(living.neighbours.clone())
    }

    fn guess(&self, trail: &Trail) -> Option<String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).get(trail).cloned()
    }

    fn remember(&self, trail: &Trail, bridge: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= REMEMBERED {
            last.clear();
        }
        last.insert(trail.clone(), bridge.to_owned());
    }

    fn forget(&self, trail: &Trail) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).remove(trail);
    }

    /// Offers the instance to one bridge; none: it does not wait for it.
    async fn offer(&self, to: &Arc<Neighbour>, head: &InstanceHead, trail: &Trail) -> Option<Sink> {
        match to.offer(&self.token, head).await {
            Ok(Offered::Taken(sink)) => {
                tracing::debug!(bridge = to.bridge.name, "an instance is passed on to the bridge that waits for it");
                self.remember(trail, &to.bridge.name);
                Some(sink)
            }
            Ok(Offered::Refused(status)) => Some(Box::new(Refusing(status))),
            Ok(Offered::NotWanted) => {
                self.forget(trail);
                None
            }
            Err(error) => Some(unreachable(to, &error)),
        }
    }

    async fn waiting_by_move(&self, of: MoveKey, head: &InstanceHead) -> Result<Option<Sink>, StoreError> {
        let neighbours = self.neighbours().await?;
        let trail = Trail::Move(of);
        if let Some(to) = self.guess(&trail).and_then(|name| neighbours.get(&name))
            && let Some(sink) = self.offer(to, head, &trail).await
        {
            return Ok(Some(sink));
        }
        let Trail::Move(of) = &trail else { return Ok(None) };
        let Some(name) = self.moves.bridge_of(of).await?.filter(|name| *name != self.own_name) else { return Ok(None) };
        match neighbours.get(&name) {
            Some(to) => Ok(self.offer(to, head, &trail).await),
            // A bridge that is gone, or one so new that the list does not have it yet.
            None => Ok(Some(Box::new(Refusing(Status::OUT_OF_RESOURCES)))),
        }
    }

    async fn waiting_by_instance(&self, head: &InstanceHead) -> Result<Option<Sink>, StoreError> {
        let neighbours = self.neighbours().await?;
        let trail = Trail::Caller(head.calling_ae_title.clone());
        if let Some(to) = self.guess(&trail).and_then(|name| neighbours.get(&name))
            && let Some(sink) = self.offer(to, head, &trail).await
        {
            return Ok(Some(sink));
        }
        let mut asking = JoinSet::new();
        for to in neighbours.into_values() {
            let (token, uid) = (self.token.clone(), head.sop_instance_uid.clone());
            asking.spawn(async move {
                let answer = to.wants(&token, &uid).await;
                (to, answer)
            });
        }
        let mut unsure = None;
        while let Some(asked) = asking.join_next().await {
            match asked {
                Ok((to, Ok(true))) => {
                    if let Some(sink) = self.offer(&to, head, &trail).await {
                        return Ok(Some(sink));
                    }
                }
                Ok((to, Err(error))) => unsure = Some(unreachable(&to, &error)),
                Ok((_, Ok(false))) | Err(_) => {}
            }
        }
        Ok(unsure)
    }
}

/// Nobody knows whether this bridge waits: the sender may try again.
fn unreachable(bridge: &Neighbour, error: &Unreachable) -> Sink {
    tracing::warn!(bridge = bridge.bridge.name, error = %error, "another bridge cannot be reached");
    Box::new(Refusing(Status::OUT_OF_RESOURCES))
}

fn or_refuse(found: Result<Option<Sink>, StoreError>) -> Option<Sink> {
    found.unwrap_or_else(|error| {
        tracing::error!(error = %error, "the rows of the other bridges cannot be read");
        Some(Box::new(Refusing(Status::OUT_OF_RESOURCES)))
    })
}

#[async_trait]
impl Neighbours for RelayClient {
    async fn by_move(&self, head: &InstanceHead) -> Option<Sink> {
        let (ae_title, message_id) = head.move_originator.as_ref()?;
        let of = MoveKey { calling_ae_title: ae_title.trim().to_owned(), message_id: *message_id };
        or_refuse(self.waiting_by_move(of, head).await)
    }

    async fn by_instance(&self, head: &InstanceHead) -> Option<Sink> {
        or_refuse(self.waiting_by_instance(head).await)
    }
}
