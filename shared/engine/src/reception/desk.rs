//! The desk at which senders arrive: who is admitted, and which sink an instance goes to.

use std::sync::Arc;

use adit_dimse::{Admission, Caller, InstanceHead, InstanceSink, Provider, Status};
use async_trait::async_trait;

use super::{Found, Reception};

/// The provider that a DIMSE server serves.
pub struct ReceptionDesk(pub Arc<Reception>);

#[async_trait]
impl Provider for ReceptionDesk {
    /// A caller is admitted by its AE title together with its address. A server that sends under another AE title than it answers to is
    /// admitted by its address while something is expected, here or perhaps at a neighbour.
    fn admit(&self, caller: &Caller) -> Admission {
        let reception = &self.0;
        let known = reception.knows(caller);
        let expecting = reception.expects_something() || reception.neighbours().is_some();
        if known.by_title || (expecting && known.by_address) {
            return Admission::Accept;
        }
        let admitted = reception.others().iter().any(|receiver| receiver.admits(caller));
        if admitted { Admission::Accept } else { Admission::UnknownCaller }
    }

    fn sink(&self, caller: &Caller) -> Box<dyn InstanceSink> {
        Box::new(Desk { reception: Arc::clone(&self.0), caller: caller.clone(), current: None })
    }
}

/// One association at the desk.
struct Desk {
    reception: Arc<Reception>,
    caller: Caller,
    /// The sink that the last instance went to. That of an expectation (with its id) is used again for its neighbours.
    current: Option<(Option<u64>, Box<dyn InstanceSink>)>,
}

impl Desk {
    /// Makes sure that `current` is the sink for this instance; false: nobody wants it. The C-MOVE that brought it decides, here or
    /// at a neighbour, before its SOP Instance UID does: two transfers may wait for the same instance.
    async fn choose(&mut self, head: &InstanceHead) -> bool {
        let reception = Arc::clone(&self.reception);
        if let Some(found) = reception.by_move(head) {
            return self.stay_with(found);
        }
        let neighbours = reception.neighbours();
        if let (Some(neighbours), Some(_)) = (&neighbours, &head.move_originator)
            && let Some(sink) = neighbours.by_move(head).await
        {
            return self.go_to(sink);
        }
        if let Some(found) = reception.by_instance(head) {
            return self.stay_with(found);
        }
        // Who is no server of ours sends of its own accord: no neighbour waits for it.
        if let Some(neighbours) = neighbours.filter(|_| reception.knows(&self.caller).by_address)
            && let Some(sink) = neighbours.by_instance(head).await
        {
            return self.go_to(sink);
        }
        for receiver in reception.others() {
            if let Some(sink) = receiver.sink_for(&self.caller, head).await {
                return self.go_to(sink);
            }
        }
        false
    }

    fn stay_with(&mut self, found: Found) -> bool {
        if self.current.as_ref().is_none_or(|(of, _)| *of != Some(found.id)) {
            self.current = Some((Some(found.id), found.sink));
        }
        true
    }

    fn go_to(&mut self, sink: Box<dyn InstanceSink>) -> bool {
        self.current = Some((None, sink));
        true
    }
}

#[async_trait]
impl InstanceSink for Desk {
    async fn begin(&mut self, head: &InstanceHead) -> Result<(), Status> {
        if !self.choose(head).await {
            tracing::warn!(sender = %head.calling_ae_title, "an instance that nobody asked for was refused");
            return Err(Status::NOT_AUTHORIZED);
        }
        match &mut self.current {
            Some((_, sink)) => sink.begin(head).await,
            None => Err(Status::PROCESSING_FAILURE),
        }
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Status> {
        match &mut self.current {
            Some((_, sink)) => sink.write(chunk).await,
            None => Err(Status::PROCESSING_FAILURE),
        }
    }

    async fn end(&mut self) -> Status {
        match &mut self.current {
            Some((_, sink)) => sink.end().await,
            None => Status::PROCESSING_FAILURE,
        }
    }

    async fn abort(&mut self) {
        if let Some((_, sink)) = &mut self.current {
            sink.abort().await;
        }
    }
}
