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
    /// Makes sure that `current` is the sink for this instance; false: nobody wants it.
    async fn choose(&mut self, head: &InstanceHead) -> bool {
        let reception = Arc::clone(&self.reception);
        // Who is no server of ours sends of its own accord. No transfer waits for it, whatever it says: an AE title proves nothing.
        if reception.knows(&self.caller).by_address && self.is_expected(&reception, head).await {
            return true;
        }
        for receiver in reception.others() {
            if let Some(sink) = receiver.sink_for(&self.caller, head).await {
                return self.go_to(sink);
            }
        }
        false
    }

    /// Whether a transfer waits for it. The C-MOVE that brought it decides, here or at a neighbour, before its SOP Instance UID does: two
    /// transfers may wait for the same instance.
    async fn is_expected(&mut self, reception: &Reception, head: &InstanceHead) -> bool {
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
        if let Some(neighbours) = neighbours
            && let Some(sink) = neighbours.by_instance(head).await
        {
            return self.go_to(sink);
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::{Known, Receiver};
    use super::*;

    /// Answers with its status what begins.
    struct Answering(Status);

    #[async_trait]
    impl InstanceSink for Answering {
        async fn begin(&mut self, _: &InstanceHead) -> Result<(), Status> {
            Err(self.0)
        }
        async fn write(&mut self, _: &[u8]) -> Result<(), Status> {
            Ok(())
        }
        async fn end(&mut self) -> Status {
            self.0
        }
        async fn abort(&mut self) {}
    }

    const OF_TRANSFER: Status = Status::OUT_OF_RESOURCES;
    const OF_INBOX: Status = Status::DOES_NOT_MATCH;

    /// Takes everything of everybody.
    struct Open;

    #[async_trait]
    impl Receiver for Open {
        fn admits(&self, _: &Caller) -> bool {
            true
        }
        async fn sink_for(&self, _: &Caller, _: &InstanceHead) -> Option<Box<dyn InstanceSink>> {
            Some(Box::new(Answering(OF_INBOX)))
        }
    }

    #[tokio::test]
    async fn who_is_no_server_by_its_address_reaches_no_transfer() {
        let reception = Arc::new(Reception::new("ADIT".into()));
        let known =
            Known { ae_title: "PACS".into(), host: "pacs".into(), addresses: vec!["10.0.0.1".parse().unwrap()] };
        reception.known.write().unwrap().push(known);
        reception.add_receiver(Arc::new(Open));
        let uids = Arc::new(HashSet::from(["1.2.3".to_owned()]));
        let _expecting = reception.expect("ADIT", 7, uids, Arc::new(|| Box::new(Answering(OF_TRANSFER))));
        let head = |move_originator| InstanceHead {
            sop_class_uid: "1.2".into(),
            sop_instance_uid: "1.2.3".into(),
            transfer_syntax_uid: "1.2.840.10008.1.2.1".into(),
            calling_ae_title: "PACS".into(),
            peer_addr: None,
            move_originator,
            message_id: 1,
        };
        for (addr, answer) in [("10.0.0.1:5", OF_TRANSFER), ("10.0.0.9:5", OF_INBOX)] {
            let caller =
                Caller { calling_ae_title: "PACS".into(), called_ae_title: "ADIT".into(), addr: addr.parse().unwrap() };
            for originator in [None, Some(("ADIT".to_owned(), 7))] {
                let mut sink = ReceptionDesk(Arc::clone(&reception)).sink(&caller);
                assert_eq!(sink.begin(&head(originator)).await, Err(answer), "{addr}");
            }
        }
    }
}
