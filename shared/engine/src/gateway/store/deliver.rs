//! From the spool to the server, over connections that are used again and again while there is something to send. A program that pauses
//! keeps nobody else from the server: connections and permits go back meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adit_dicomweb::store::reason;
use adit_dimse::StatusClass;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::part::Spooled;
use super::queue::{Need, Queue};
use super::way::Way;
use super::{FateEnd, pieces};
use crate::Engine;
use crate::peers::{BATCH, BATCH_MOMENT, End, Line, Outgoing, Route, Sent, Stowed, Taking, Verdict, Verdicts};
use crate::transfer::Problem;

/// Connections to the server at most, whatever it allows: others want to be served, too.
const LINES: usize = 4;
/// How long a connection and its permit are kept with nothing to send.
const IDLE: Duration = Duration::from_secs(5);
/// Who has had a permit so long does not wait with it any more: what comes later gets one in its turn.
const TURN: Duration = Duration::from_secs(20);
/// How long one that was sent in vain while it arrived waits at least before it is sent again.
const AGAIN: Duration = Duration::from_millis(900);

/// The running delivery of one store.
pub(super) struct Delivery(Arc<Shared>);

struct Shared {
    engine: Engine,
    end: Arc<End>,
    stop: CancellationToken,
    queue: Queue<Spooled>,
    tasks: TaskTracker,
    ends: Mutex<Vec<(usize, FateEnd)>>,
    way: Way,
    /// Nothing more gets through, so that the rest need not try as long as one has.
    is_over: AtomicBool,
    /// What the server takes of it by STOW-RS.
    taking: Taking,
}

impl Delivery {
    pub fn new(engine: &Engine, end: &Arc<End>, stop: &CancellationToken) -> Self {
        let most = end.server().map_or(1, |server| usize::from(server.limits.associations)).min(LINES);
        let way = Way::to(end);
        let at_once = if way.is_by_web() { BATCH } else { 1 };
        Self(Arc::new(Shared {
            engine: engine.clone(),
            end: Arc::clone(end),
            stop: stop.clone(),
            queue: Queue::new(most, at_once),
            tasks: TaskTracker::new(),
            ends: Mutex::default(),
            way,
            is_over: AtomicBool::new(false),
            taking: Taking::default(),
        }))
    }

    pub fn send(&self, spooled: Spooled) {
        self.0.send(spooled);
    }

    /// Waits until everything has its end.
    pub async fn finish(self) -> Vec<(usize, FateEnd)> {
        self.0.queue.close();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        std::mem::take(&mut *self.0.ends.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.0.queue.close();
    }
}

impl Shared {
    fn send(self: &Arc<Self>, spooled: Spooled) {
        self.queue.put(spooled);
        self.call();
    }

    /// Calls a worker if one is needed. The first waits for its turn at the server, the others help while there is room.
    fn call(self: &Arc<Self>) {
        let mut permit = None;
        let is_hired = self.queue.hire(|need| {
            permit = self.end.state.try_permit();
            permit.is_some() || need == Need::First
        });
        if is_hired {
            self.spawn(Arc::clone(self).work(permit));
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task.in_current_span());
    }

    async fn work(self: Arc<Self>, permit: Option<OwnedSemaphorePermit>) {
        let call = || self.call();
        let _presence = self.queue.presence(&call);
        let _permit = match permit {
            Some(permit) => permit,
            None => tokio::select! {
                permit = self.end.state.permit() => permit,
                () = self.stop.cancelled() => return self.queue.stop(),
            },
        };
        let (mut line, mut patience, begun) = (Line::default(), IDLE, Instant::now());
        while let Some(spooled) = self.queue.next(patience).await {
            if self.stop.is_cancelled() {
                self.queue.stop();
                break;
            }
            patience = IDLE;
            if self.is_over.load(Ordering::Relaxed) {
                self.ended(spooled, FateEnd::Failed(reason::OUT_OF_RESOURCES)).await;
            } else if self.way.is_by_web() && spooled.content.size().is_none() {
                self.later(spooled);
            } else if self.way.is_by_web() {
                let batch = self.gather(spooled).await;
                self.call();
                self.send_batch(batch).await;
            } else {
                self.call();
                if !self.send_one(&mut line, spooled).await {
                    patience = Duration::ZERO;
                }
            }
            if begun.elapsed() > TURN {
                patience = Duration::ZERO;
            }
        }
        line.close(!self.is_over.load(Ordering::Relaxed) && !self.stop.is_cancelled()).await;
    }

    /// Sends one; false: who sends it to us does not get on.
    async fn send_one(self: &Arc<Self>, line: &mut Line, spooled: Spooled) -> bool {
        let is_arriving = spooled.content.size().is_none();
        let has_another = self.way.has_another(&self.end);
        let route = Route { engine: &self.engine, end: &self.end, stop: &self.stop, has_another };
        let outgoing = Outgoing {
            content: &spooled.content,
            offset: spooled.offset,
            sop_class_uid: &spooled.sop_class_uid,
            sop_instance_uid: &spooled.sop_instance_uid,
            transfer_syntax_uid: &spooled.transfer_syntax_uid,
        };
        let node = &self.end.id;
        // Once it was whole, it has had all its tries.
        let was_whole = AtomicBool::new(!is_arriving);
        let again = |sentence: &str| {
            was_whole.store(true, Ordering::Relaxed);
            tracing::info!(%node, problem = sentence, "an instance is sent again");
        };
        let sent = line.send(route, outgoing, &again).await;
        if spooled.content.is_given_up() {
            // The store itself knows why.
            return false;
        }
        let end = match sent {
            Ok(Sent::Accepted(outcome)) => {
                self.way.answered();
                moved(spooled.content.size());
                let remark = outcome.status.class() == StatusClass::Warning;
                FateEnd::Stored { warning: remark.then_some(outcome.status.0) }
            }
            Ok(Sent::Refused { transient: true, .. }) | Err(Problem::Transient(_))
                if !was_whole.load(Ordering::Relaxed) =>
            {
                self.later(spooled);
                return false;
            }
            Ok(Sent::Refused { status: Some(status), .. }) => {
                self.way.answered();
                FateEnd::Failed(status.0)
            }
            Ok(Sent::Refused { reason, .. })
                if !line.has_stood() && self.way.change(&self.end, &Problem::Permanent(reason.clone())) =>
            {
                self.once_more(spooled);
                return true;
            }
            Ok(Sent::Refused { .. }) => FateEnd::Failed(reason::CLASS_NOT_SUPPORTED),
            Err(problem) if self.way.change(&self.end, &problem) => {
                self.once_more(spooled);
                return true;
            }
            Err(problem) => self.over(&problem),
        };
        self.ended(spooled, end).await;
        true
    }

    /// It goes the other way.
    fn once_more(self: &Arc<Self>, spooled: Spooled) {
        match spooled.content.size() {
            Some(_) => self.send(spooled),
            None => self.later(spooled),
        }
    }

    /// Its first try has broken while it arrived. It is sent again once it is whole, but not at once, and holds nothing meanwhile.
    fn later(self: &Arc<Self>, spooled: Spooled) {
        let shared = Arc::clone(self);
        self.spawn(async move {
            let whole = async {
                tokio::time::sleep(AGAIN).await;
                spooled.content.whole().await
            };
            tokio::select! {
                whole = whole => if whole.is_ok() { shared.send(spooled) },
                () = shared.stop.cancelled() => {}
            }
        });
    }

    /// What goes into one request with this one, of what comes within a moment. No two of one name, so that the answer says which is meant.
    async fn gather(&self, first: Spooled) -> Vec<Spooled> {
        let size = |one: &Spooled| one.content.size().unwrap_or(0);
        let (until, mut bytes, mut batch) = (Instant::now() + BATCH_MOMENT, size(&first), vec![first]);
        while batch.len() < BATCH {
            let fits = |next: &Spooled| {
                let is_other = batch.iter().all(|one: &Spooled| one.sop_instance_uid != next.sop_instance_uid);
                next.content.size().is_some() && is_other && bytes + size(next) <= self.taking.most()
            };
            let Some(next) = self.queue.within(until, fits).await else { break };
            bytes += size(&next);
            batch.push(next);
        }
        batch
    }

    /// Sends instances in one request, in halves what the server does not take as a whole: one that it refuses is to fail alone.
    async fn send_batch(self: &Arc<Self>, batch: Vec<Spooled>) {
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            let contents = part.iter().map(|one| one.content.clone()).collect();
            let is_over = self.is_over.load(Ordering::Relaxed);
            let stowed = match is_over {
                true => Err(Problem::Canceled),
                false => self.end.stow(contents, &self.taking, &self.stop).await,
            };
            let ends: Vec<FateEnd> = match stowed {
                Ok(Stowed::InParts) => {
                    let second = part.split_off(part.len() / 2);
                    parts.extend([second, part]);
                    continue;
                }
                Ok(Stowed::Answered(outcome)) => {
                    let verdicts = Verdicts::of(outcome);
                    part.iter().map(|one| judged(one, &verdicts)).collect()
                }
                Ok(Stowed::Refused { sentence, .. }) => {
                    tracing::warn!(node = %self.end.id, problem = %sentence, "instances were refused");
                    vec![FateEnd::Failed(reason::PROCESSING_FAILURE); part.len()]
                }
                Err(problem) => vec![self.over(&problem); part.len()],
            };
            for (one, end) in part.into_iter().zip(ends) {
                self.ended(one, end).await;
            }
        }
    }

    fn over(&self, problem: &Problem) -> FateEnd {
        let was_over = self.is_over.swap(true, Ordering::Relaxed);
        if let (false, Problem::Permanent(sentence) | Problem::Transient(sentence) | Problem::Deferred(_, sentence)) =
            (was_over, problem)
        {
            tracing::warn!(node = %self.end.id, problem = %sentence, "a store goes no further");
        }
        FateEnd::Failed(reason::OUT_OF_RESOURCES)
    }

    /// Takes an end into the books and lets go of what lies in the spool. What still arrives cannot be removed before it is there.
    async fn ended(self: &Arc<Self>, spooled: Spooled, end: FateEnd) {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).push((spooled.number, end));
        if spooled.content.size().is_some() {
            pieces::remove(&self.engine.0.ports.staging, &spooled.content).await;
            return;
        }
        let shared = Arc::clone(self);
        self.spawn(async move {
            if spooled.content.whole().await.is_ok() {
                pieces::remove(&shared.engine.0.ports.staging, &spooled.content).await;
            }
        });
    }
}

fn judged(spooled: &Spooled, verdicts: &Verdicts) -> FateEnd {
    match verdicts.on(&spooled.sop_instance_uid) {
        Verdict::Stored { warning } => {
            moved(spooled.content.size());
            FateEnd::Stored { warning }
        }
        Verdict::Failed(reason) => FateEnd::Failed(reason),
    }
}

fn moved(bytes: Option<u64>) {
    metrics::counter!("instances_moved").increment(1);
    metrics::counter!("bytes_moved").increment(bytes.unwrap_or(0));
}
