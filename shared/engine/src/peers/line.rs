//! Sending staged instances by C-STORE over an association that is used again and again.

use std::time::Duration;

use adit_dimse::{Association, DimseError, Proposal, Service, Status, StoreOutcome, StoreRequest};
use tokio_util::sync::CancellationToken;

use super::{Content, End};
use crate::Engine;
use crate::transfer::Problem;

/// Objects up to this size are read at once and sent in one write, in bytes.
const SMALL: u64 = 2 << 20;
/// How often an instance is sent again after the connection broke or the destination was out of resources.
const TRIES: u32 = 4;
/// The same where no association has come about and there is another way.
const TRIES_BESIDE: u32 = 2;

/// A staged instance as it is sent.
#[derive(Clone, Copy)]
pub(crate) struct Outgoing<'a> {
    pub content: &'a Content,
    /// Bytes of preamble and file meta information before the data set.
    pub offset: u64,
    pub sop_class_uid: &'a str,
    pub sop_instance_uid: &'a str,
    pub transfer_syntax_uid: &'a str,
}

/// What has become of an instance.
pub(crate) enum Sent {
    /// The destination has it, with or without a remark.
    Accepted(StoreOutcome),
    /// It has not and will not.
    Refused {
        reason: String,
        /// The destination's own word; none: it was not asked.
        status: Option<Status>,
        /// Another run may have more success.
        transient: bool,
    },
}

/// To whom is sent, and what ends it.
#[derive(Clone, Copy)]
pub(crate) struct Route<'a> {
    pub engine: &'a Engine,
    pub end: &'a End,
    pub stop: &'a CancellationToken,
    /// There is another way: who is not there is not waited for.
    pub has_another: bool,
}

/// One association to a destination with the kinds of objects it was opened for.
#[derive(Default)]
pub(crate) struct Line {
    association: Option<Association>,
    kinds: Vec<(String, String)>,
    has_stood: bool,
}

impl Line {
    /// Sends one instance, again if that may help. The error: nothing more can be sent. `again` hears why something is sent again.
    /// It may still arrive: as long as it does there is one try only, and who sends it knows when it is whole.
    pub async fn send(
        &mut self,
        route: Route<'_>,
        instance: Outgoing<'_>,
        again: &(dyn Fn(&str) + Sync),
    ) -> Result<Sent, Problem> {
        let mut tried = 0;
        loop {
            tried += 1;
            let sent = self.once(route, instance).await;
            let tries = match instance.content.size() {
                None => 1,
                Some(_) if route.has_another && !self.has_stood => TRIES_BESIDE,
                Some(_) => TRIES,
            };
            let sentence = match sent {
                Ok(outcome) if outcome.status.is_done() => return Ok(Sent::Accepted(outcome)),
                Ok(outcome) => {
                    let (status, transient) = (outcome.status, outcome.status.is_transient(Service::Store));
                    let reason = refusal(status, &outcome);
                    if tried >= tries || !transient {
                        return Ok(Sent::Refused { reason, status: Some(status), transient });
                    }
                    reason
                }
                Err(Problem::Permanent(reason)) => {
                    return Ok(Sent::Refused { reason, status: None, transient: false });
                }
                Err(Problem::Transient(sentence)) if tried < tries => {
                    self.association = None;
                    sentence
                }
                Err(problem) => return Err(problem),
            };
            again(&sentence);
            let wait = Duration::from_millis(300 * 3_u64.pow(tried));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = route.stop.cancelled() => return Err(Problem::Canceled),
            }
        }
    }

    /// Whether an association has ever come about.
    pub fn has_stood(&self) -> bool {
        self.has_stood
    }

    /// Closes the association.
    pub async fn close(self, in_order: bool) {
        match self.association {
            Some(association) if in_order => association.release().await,
            Some(association) => association.abort().await,
            None => {}
        }
    }

    async fn once(&mut self, route: Route<'_>, instance: Outgoing<'_>) -> Result<StoreOutcome, Problem> {
        let Route { end, stop, .. } = route;
        let association = self.opened(route, instance.sop_class_uid, instance.transfer_syntax_uid).await?;
        let request = StoreRequest {
            sop_class_uid: instance.sop_class_uid.to_owned(),
            sop_instance_uid: instance.sop_instance_uid.to_owned(),
            transfer_syntax_uid: instance.transfer_syntax_uid.to_owned(),
            move_originator: None,
        };
        if let Some(server) = end.server() {
            end.state.pace(server.limits.instances_per_second).await;
        }
        let (content, size) = (instance.content, instance.content.size());
        let sent = if size.is_some_and(|size| size <= SMALL) {
            let bytes = content.read_all(SMALL).await?;
            let data_set = bytes.get(usize::try_from(instance.offset).unwrap_or(usize::MAX)..).unwrap_or_default();
            end.measured("C-STORE", association.store_bytes(&request, data_set, stop)).await
        } else {
            let length = size.map(|size| size.saturating_sub(instance.offset));
            let mut source = content.open(instance.offset);
            end.measured("C-STORE", association.store(&request, length, &mut source, stop)).await
        };
        match sent {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                if let Some(broken) = self.association.take() {
                    broken.abort().await;
                }
                Err(Problem::of_peer(end.name(), "C-STORE", &error))
            }
        }
    }

    /// The open association if it takes this kind of object, else a new one that takes it too.
    async fn opened(&mut self, route: Route<'_>, class: &str, syntax: &str) -> Result<&mut Association, Problem> {
        let (kind, end) = ((class.to_owned(), syntax.to_owned()), route.end);
        let fits = self.association.as_ref().is_some_and(|association| association.accepts(class, syntax));
        if !fits {
            let known = self.kinds.contains(&kind);
            if known && self.association.is_some() {
                return Err(Problem::Permanent(not_taken(end, class, syntax)));
            }
            if !known {
                // The newest kinds stay when there are more than an association holds.
                self.kinds.insert(0, kind);
                self.kinds.truncate(adit_dimse::MAX_CONTEXTS);
            }
            if let Some(old) = self.association.take() {
                old.release().await;
            }
            let proposal = Proposal::new().store(&self.kinds);
            let opened = end.open(route.engine, "opening an association", &proposal, route.stop).await?;
            self.has_stood = true;
            let accepted = opened.accepts(class, syntax);
            self.association = Some(opened);
            if !accepted {
                return Err(Problem::Permanent(not_taken(end, class, syntax)));
            }
        }
        self.association.as_mut().ok_or_else(|| Problem::of_peer(end.name(), "C-STORE", &DimseError::Closed))
    }
}

fn not_taken(end: &End, class: &str, syntax: &str) -> String {
    format!("{} does not take this kind of image (SOP class {class} in transfer syntax {syntax})", end.name())
}

fn refusal(status: Status, outcome: &StoreOutcome) -> String {
    let comment =
        if outcome.error_comment.is_empty() { String::new() } else { format!(", it says: {}", outcome.error_comment) };
    format!("the destination refused it: {} (status {status}){comment}", status.sentence(Service::Store))
}
