//! What waits for its delivery, and how many work on it. Workers come with the work and go when there has been none for a while.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// A queue and the number of its workers. While something waits there is a worker.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    /// Something has come, or nothing more will.
    news: Notify,
    /// Workers at most.
    most: usize,
    /// What one worker takes at once.
    at_once: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    workers: usize,
    /// Workers that wait for more.
    idle: usize,
    is_closed: bool,
    is_stopped: bool,
}

/// What a queue needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Nothing,
    /// A worker: there is none.
    First,
    /// One more, if that costs nobody else anything.
    Another,
}

impl<T> Queue<T> {
    /// With so many workers at most, of which each takes so much at once.
    pub fn new(most: usize, at_once: usize) -> Self {
        let state = State { waiting: VecDeque::new(), workers: 0, idle: 0, is_closed: false, is_stopped: false };
        Self { state: Mutex::new(state), news: Notify::new(), most, at_once }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something at the end. What is needed now is asked with [`hire`](Self::hire).
    pub fn put(&self, one: T) {
        self.state().waiting.push_back(one);
        self.news.notify_one();
    }

    /// What is needed now. It counts as there when `may` says so, which is not asked for nothing.
    pub fn hire(&self, may: impl FnOnce(Need) -> bool) -> bool {
        let mut state = self.state();
        let need = match state.workers {
            _ if state.waiting.is_empty() || state.is_stopped => Need::Nothing,
            0 => Need::First,
            workers if workers < self.most && state.waiting.len() > state.idle * self.at_once => Need::Another,
            _ => Need::Nothing,
        };
        let is_hired = need != Need::Nothing && may(need);
        state.workers += usize::from(is_hired);
        is_hired
    }

    /// The next one, for which a worker waits so long. None: there is nothing to do, and the worker is not counted any more.
    pub async fn next(&self, patience: Duration) -> Option<T> {
        loop {
            if let Some(one) = self.within(Instant::now() + patience, |_| true).await {
                return Some(one);
            }
            // Something may have come in this very moment.
            if self.leaves() {
                return None;
            }
        }
    }

    /// The next one if it fits, for which a worker waits until then.
    pub async fn within(&self, until: Instant, fits: impl Fn(&T) -> bool) -> Option<T> {
        loop {
            let news = self.news.notified();
            {
                let mut state = self.state();
                if state.is_stopped {
                    return None;
                }
                if !state.waiting.is_empty() {
                    let next = state.waiting.pop_front_if(|one| fits(one));
                    if next.is_none() {
                        // Somebody else may take it.
                        self.news.notify_one();
                    }
                    return next;
                }
                if state.is_closed || Instant::now() >= until {
                    return None;
                }
                state.idle += 1;
            }
            let _ = timeout_at(until, news).await;
            self.state().idle -= 1;
        }
    }

    /// Held by one who was hired, so that a panic does not leave a worker on the list that is none. `call` is to hire another one.
    pub fn presence<'a>(&'a self, call: &'a (dyn Fn() + Send + Sync)) -> Presence<'a, T> {
        Presence { queue: self, call }
    }

    /// Ends the work of one who was hired, unless something waits.
    fn leaves(&self) -> bool {
        let mut state = self.state();
        let leaves = state.waiting.is_empty() || state.is_stopped;
        state.workers -= usize::from(leaves);
        leaves
    }

    /// Nothing more comes: who waits for more goes home.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.news.notify_waiters();
    }

    /// What waits is not done any more.
    pub fn stop(&self) {
        self.state().is_stopped = true;
        self.news.notify_waiters();
    }
}

/// A worker's place on the list.
pub(super) struct Presence<'a, T> {
    queue: &'a Queue<T>,
    call: &'a (dyn Fn() + Send + Sync),
}

impl<T> Drop for Presence<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("a delivery has broken; another one goes on behind what it was sending");
            self.queue.state().workers -= 1;
            (self.call)();
            self.queue.news.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const WHILE: Duration = Duration::from_secs(5);

    fn need(queue: &Queue<u8>) -> Need {
        let mut found = Need::Nothing;
        queue.hire(|need| {
            found = need;
            false
        });
        found
    }

    #[tokio::test(start_paused = true)]
    async fn workers_come_with_the_work_and_go_without_it() {
        let queue = Arc::new(Queue::new(2, 1));
        assert_eq!(need(&queue), Need::Nothing);
        queue.put(1);
        assert_eq!(need(&queue), Need::First);
        assert!(queue.hire(|_| true));
        assert_eq!(need(&queue), Need::Another);
        assert_eq!(queue.next(WHILE).await, Some(1));
        let begun = Instant::now();
        assert_eq!((queue.next(WHILE).await, begun.elapsed()), (None, WHILE));
        queue.put(2);
        assert_eq!(need(&queue), Need::First, "who has gone counts no more");
        assert!(queue.hire(|_| true) && queue.hire(|_| true) && !queue.hire(|_| true), "there are never more than two");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_what_comes_and_nobody_is_called() {
        let queue = Arc::new(Queue::new(4, 2));
        queue.put(1);
        assert!(queue.hire(|_| true));
        assert_eq!(queue.next(WHILE).await, Some(1));
        let waiting = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.next(WHILE).await }
        });
        tokio::time::sleep(WHILE / 2).await;
        queue.put(2);
        queue.put(3);
        assert_eq!(need(&queue), Need::Nothing, "it takes two at once");
        queue.put(4);
        assert_eq!(need(&queue), Need::Another);
        assert_eq!(waiting.await.unwrap(), Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn who_panics_is_replaced_and_who_goes_is_not() {
        let queue = Arc::new(Queue::new(1, 1));
        let worker = |does_panic: bool| {
            let queue = Arc::clone(&queue);
            assert!(queue.hire(|_| true));
            tokio::spawn(async move {
                let hires = std::sync::atomic::AtomicUsize::new(0);
                let call = || {
                    assert_eq!(need(&queue), Need::First);
                    hires.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                };
                let presence = queue.presence(&call);
                let taken = queue.next(WHILE).await;
                assert!(!does_panic, "as the test wants it");
                let left = queue.next(WHILE).await;
                drop(presence);
                (taken, left, hires.into_inner())
            })
        };
        queue.put(1);
        queue.put(2);
        assert!(worker(true).await.unwrap_err().is_panic());
        assert_eq!(need(&queue), Need::First, "the one behind waits for a worker");
        assert_eq!(worker(false).await.unwrap(), (Some(2), None, 0));
        queue.put(3);
        assert_eq!(need(&queue), Need::First, "nobody is counted twice");
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_cannot_take_another_one_gets() {
        let queue = Arc::new(Queue::new(2, 1));
        let (choosy, other) = (Arc::clone(&queue), Arc::clone(&queue));
        let choosy = tokio::spawn(async move { choosy.within(Instant::now() + WHILE, |one| *one < 7).await });
        tokio::task::yield_now().await;
        let other = tokio::spawn(async move { other.next(WHILE).await });
        tokio::task::yield_now().await;
        let begun = Instant::now();
        queue.put(7);
        assert_eq!((choosy.await.unwrap(), other.await.unwrap()), (None, Some(7)));
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_fit_stays_and_an_end_ends_the_waiting() {
        let queue = Arc::new(Queue::new(1, 1));
        queue.put(7);
        assert!(queue.hire(|_| true));
        assert_eq!(queue.within(Instant::now() + WHILE, |one| *one < 7).await, None);
        assert_eq!(queue.next(WHILE).await, Some(7));
        let begun = Instant::now();
        queue.close();
        assert_eq!((queue.next(WHILE).await, begun.elapsed()), (None, Duration::ZERO));
        queue.put(8);
        assert_eq!(need(&queue), Need::First, "what comes late is done all the same");
        assert!(queue.hire(|_| true));
        queue.stop();
        assert_eq!((queue.next(WHILE).await, need(&queue)), (None, Need::Nothing));
    }
}
