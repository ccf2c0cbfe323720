//! A peer that follows a script: an archive over a folder that misbehaves where the script says so.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use adit_archive::FolderArchive;
use adit_dimse::{
    Admission, Archive, Caller, Identifier, InstanceHead, InstanceSink, Model, ObjectRef, Peer, Provider, Server,
    ServerConfig, Status, Tag, tags,
};
use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::ANY;

/// What goes wrong. Everything else works.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// Callers are turned away for good.
    pub reject: bool,
    /// Callers are turned away for the moment this many times.
    pub busy_times: usize,
    /// Every retrieval ends with this status at once.
    pub retrieve_status: Option<u16>,
    /// Retrievals end with Success without sending anything.
    pub send_nothing: bool,
    /// The n-th object of a retrieval cannot be sent (the first time, or always).
    pub fail_nth: Option<usize>,
    /// Failing goes on for all retrievals.
    pub fail_always: bool,
    /// Objects of another study are sent too.
    pub send_uninvited: bool,
    /// C-MOVE sub-operations come from this calling AE title.
    pub move_calling: Option<String>,
    /// C-STORE of the n-th object is answered with this status, this many times.
    pub store_status: Option<(usize, u16, usize)>,
    /// Objects are acknowledged but not kept.
    pub forget_stored: bool,
    /// Each match of a search comes this much later than the one before.
    pub find_delay: Duration,
    /// Every retrieval begins this much later.
    pub retrieve_delay: Duration,
    /// Searches end with this status at once.
    pub find_status: Option<u16>,
    /// Searches for images end with this status at once.
    pub image_find_status: Option<u16>,
    /// What it says of the number of images of each series.
    pub counts: Option<u64>,
    /// Attributes that its answers to searches lack.
    pub hides: Vec<Tag>,
    /// Keys that it passes over when it searches.
    pub ignores: Vec<Tag>,
    /// Searches below the level of studies need the unique keys of all levels above.
    pub is_hierarchical: bool,
    /// The image of this UID is never sent, and not spoken of.
    pub loses: Option<String>,
    /// The image of this UID cannot be sent.
    pub cannot_send: Option<String>,
}

/// The running peer.
pub struct Scripted {
    pub addr: SocketAddr,
    pub archive: Arc<FolderArchive>,
    counters: Arc<Counters>,
    stop: CancellationToken,
}

#[derive(Default)]
struct Counters {
    admitted: AtomicUsize,
    stored: AtomicUsize,
    retrievals: AtomicUsize,
    refusals: AtomicUsize,
    found: AtomicUsize,
    /// The object that cannot be sent.
    failing: tokio::sync::Mutex<Option<String>>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Scripted {
    /// C-STORE requests seen.
    pub fn stored(&self) -> usize {
        self.counters.stored.load(Ordering::SeqCst)
    }

    /// Matches sent to searches.
    pub fn found(&self) -> usize {
        self.counters.found.load(Ordering::SeqCst)
    }

    /// Retrievals that were asked for.
    pub fn retrievals(&self) -> usize {
        self.counters.retrievals.load(Ordering::SeqCst)
    }

    /// SOP Instance UIDs that it holds.
    pub fn instances(&self) -> HashSet<String> {
        self.archive.instances().into_iter().collect()
    }
}

/// Starts a peer over a folder.
pub async fn start(root: &Path, script: Script) -> Scripted {
    let archive = Arc::new(FolderArchive::open(root).await.expect("the folder can be read"));
    let counters = Arc::new(Counters::default());
    let provider = Arc::new(Actor { archive: Arc::clone(&archive), script, counters: Arc::clone(&counters) });
    let server = Server::bind(ANY, ServerConfig::default(), provider).await.expect("a port can be had");
    let (addr, stop) = (server.local_addr().expect("an address"), CancellationToken::new());
    tokio::spawn(server.run(stop.clone()));
    Scripted { addr, archive, counters, stop }
}

struct Actor {
    archive: Arc<FolderArchive>,
    script: Script,
    counters: Arc<Counters>,
}

impl Provider for Actor {
    fn admit(&self, _: &Caller) -> Admission {
        let before = self.counters.admitted.fetch_add(1, Ordering::SeqCst);
        match (self.script.reject, before < self.script.busy_times) {
            (true, _) => Admission::UnknownCaller,
            (_, true) => Admission::Busy,
            _ => Admission::Accept,
        }
    }

    fn sink(&self, caller: &Caller) -> Box<dyn InstanceSink> {
        let inner = self.archive.sink(caller);
        Box::new(Sink {
            inner: tokio::sync::Mutex::new(inner),
            script: self.script.clone(),
            counters: Arc::clone(&self.counters),
            refuse: None,
        })
    }

    fn archive(&self) -> Option<&dyn Archive> {
        Some(self)
    }
}

#[async_trait]
impl Archive for Actor {
    async fn find(&self, model: Model, query: Identifier, matches: mpsc::Sender<Identifier>) -> Status {
        if let Some(status) = self.script.find_status {
            return Status(status);
        }
        if let Some(status) = self.script.image_find_status
            && query.text(tags::QUERY_RETRIEVE_LEVEL) == "IMAGE"
        {
            return Status(status);
        }
        if self.script.is_hierarchical && lacks_upper_keys(&query) {
            return Status(0xA900);
        }
        let mut query = query;
        for tag in self.script.ignores.iter().filter(|tag| query.contains(**tag)).copied().collect::<Vec<_>>() {
            query.set_raw(tag, b"");
        }
        let (sender, mut all) = mpsc::channel(1);
        let finding = self.archive.find(model, query, sender);
        let passing = async {
            while let Some(mut found) = all.recv().await {
                if let Some(count) = self.script.counts {
                    let tag = tags::NUMBER_OF_SERIES_RELATED_INSTANCES;
                    if found.raw(tag).is_some() {
                        found.set_raw(tag, count.to_string().as_bytes());
                    }
                }
                self.script.hides.iter().for_each(|tag| found.remove(*tag));
                // Even a sleep of nothing lasts until the next tick of the timer.
                if !self.script.find_delay.is_zero() {
                    tokio::time::sleep(self.script.find_delay).await;
                }
                if matches.send(found).await.is_err() {
                    return;
                }
                self.counters.found.fetch_add(1, Ordering::SeqCst);
            }
        };
        let (status, ()) = tokio::join!(finding, passing);
        status
    }

    async fn select(&self, model: Model, query: Identifier) -> Result<Vec<ObjectRef>, Status> {
        let round = self.counters.retrievals.fetch_add(1, Ordering::SeqCst);
        if !self.script.retrieve_delay.is_zero() {
            tokio::time::sleep(self.script.retrieve_delay).await;
        }
        if let Some(status) = self.script.retrieve_status {
            return Err(Status(status));
        }
        if self.script.send_nothing {
            return Ok(Vec::new());
        }
        let mut objects = self.archive.select(model, query).await?;
        objects.retain(|object| Some(&object.sop_instance_uid) != self.script.loses.as_ref());
        let cannot_send = |object: &&mut ObjectRef| Some(&object.sop_instance_uid) == self.script.cannot_send.as_ref();
        objects.iter_mut().filter(cannot_send).for_each(|object| object.path = PathBuf::from("/nonexistent"));
        let mut failing = self.counters.failing.lock().await;
        if failing.is_none() {
            *failing =
                self.script.fail_nth.and_then(|nth| objects.get(nth)).map(|object| object.sop_instance_uid.clone());
        }
        if round == 0 || self.script.fail_always {
            for object in objects.iter_mut().filter(|object| failing.as_ref() == Some(&object.sop_instance_uid)) {
                object.path = PathBuf::from("/nonexistent");
            }
        }
        if self.script.send_uninvited {
            let everything = Identifier::at_level("STUDY");
            let known: HashSet<String> = objects.iter().map(|object| object.sop_instance_uid.clone()).collect();
            let others = self.archive.select(model, everything).await?;
            objects.extend(others.into_iter().filter(|object| !known.contains(&object.sop_instance_uid)));
        }
        Ok(objects)
    }

    fn destination(&self, ae_title: &str) -> Option<Peer> {
        let mut peer = self.archive.destination(ae_title)?;
        if let Some(calling) = &self.script.move_calling {
            peer.calling_ae_title.clone_from(calling);
        }
        Some(peer)
    }
}

fn lacks_upper_keys(query: &Identifier) -> bool {
    let upper: &[Tag] = match query.text(tags::QUERY_RETRIEVE_LEVEL).as_str() {
        "SERIES" => &[tags::STUDY_INSTANCE_UID],
        "IMAGE" => &[tags::STUDY_INSTANCE_UID, tags::SERIES_INSTANCE_UID],
        _ => &[],
    };
    upper.iter().any(|tag| query.text(*tag).is_empty())
}

struct Sink {
    inner: tokio::sync::Mutex<Box<dyn InstanceSink>>,
    script: Script,
    counters: Arc<Counters>,
    refuse: Option<Status>,
}

#[async_trait]
impl InstanceSink for Sink {
    async fn begin(&mut self, head: &InstanceHead) -> Result<(), Status> {
        let number = self.counters.stored.fetch_add(1, Ordering::SeqCst);
        self.refuse = self
            .script
            .store_status
            .filter(|(nth, _, times)| number >= *nth && self.counters.refusals.load(Ordering::SeqCst) < *times)
            .map(|(_, status, _)| Status(status));
        if self.refuse.is_some() {
            self.counters.refusals.fetch_add(1, Ordering::SeqCst);
        }
        self.inner.get_mut().begin(head).await
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Status> {
        self.inner.get_mut().write(chunk).await
    }

    async fn end(&mut self) -> Status {
        match self.refuse.take() {
            Some(status) if status.is_done() => {
                let _ = self.inner.get_mut().end().await;
                status
            }
            Some(status) => {
                self.inner.get_mut().abort().await;
                status
            }
            None if self.script.forget_stored => {
                self.inner.get_mut().abort().await;
                Status::SUCCESS
            }
            None => self.inner.get_mut().end().await,
        }
    }

    async fn abort(&mut self) {
        self.inner.get_mut().abort().await;
    }
}
