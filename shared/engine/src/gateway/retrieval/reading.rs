//! One retrieval as its readers see it: what is known, what has come so far, how it ended, and who has read how much.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adit_api::downloads::DownloadProgress;
use adit_domain::JobId;
use adit_store::staging::StagedKey;
use tokio::sync::watch;
use tokio::time::Instant;

use super::reader::Known;
use crate::Refusal;
use crate::transfer::StagedInstance;

/// One retrieval.
pub(crate) struct Reading {
    pub id: JobId,
    book: Mutex<Book>,
    /// Changes whenever the book does.
    signal: watch::Sender<()>,
}

struct Book {
    known: Option<Known>,
    /// What has come in its order, without what has gone.
    staged: VecDeque<Came>,
    /// How many of the first have gone: nobody can begin to read any more.
    gone: usize,
    end: Option<Result<(), Refusal>>,
    /// How many instances the reader had begun who had begun the most of those who have gone.
    begun: usize,
    /// Series of which nobody knows whether all of their images have come.
    doubtful: HashSet<String>,
    /// How many instances each reader has finished.
    readers: BTreeMap<u64, usize>,
    next_reader: u64,
    /// Since when nobody has read.
    idle_since: Option<Instant>,
}

impl Book {
    fn is_open(&self) -> bool {
        self.gone == 0 && !matches!(self.end, Some(Err(_)))
    }
}

/// An instance that has come.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub instance: StagedInstance,
    /// Where it stands among all that comes: patient, study, series, file.
    pub place: String,
}

/// The next thing for a reader.
pub(crate) enum Next {
    Instance(Box<Came>),
    End(Result<(), Refusal>),
    /// Nothing yet.
    Wait,
}

impl Reading {
    pub fn new(id: JobId) -> Self {
        let book = Book {
            known: None,
            staged: VecDeque::new(),
            gone: 0,
            end: None,
            begun: 0,
            doubtful: HashSet::new(),
            readers: BTreeMap::new(),
            next_reader: 0,
            idle_since: Some(Instant::now()),
        };
        Self { id, book: Mutex::new(book), signal: watch::Sender::new(()) }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of every change from now on.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.signal.subscribe()
    }

    fn changed(&self) {
        self.signal.send_modify(|()| {});
    }

    /// Takes a reader in; none: its beginning has gone, or it has failed and is to be tried again.
    pub fn enter(&self) -> Option<u64> {
        let mut book = self.book();
        if !book.is_open() {
            return None;
        }
        let id = book.next_reader;
        book.next_reader += 1;
        book.readers.insert(id, 0);
        book.idle_since = None;
        drop(book);
        self.changed();
        Some(id)
    }

    /// Whether a reader can begin.
    pub fn is_open(&self) -> bool {
        self.book().is_open()
    }

    /// Lets a reader go that has `begun` so many instances.
    pub fn leave(&self, reader: u64, begun: usize) {
        let mut book = self.book();
        book.readers.remove(&reader);
        book.begun = book.begun.max(begun);
        if book.readers.is_empty() {
            book.idle_since = Some(Instant::now());
        }
        drop(book);
        self.changed();
    }

    /// Since when nobody reads; none: somebody does.
    pub fn idle_since(&self) -> Option<Instant> {
        self.book().idle_since
    }

    /// Whether somebody has read it as far as the last of its instances, and it has ended well.
    pub fn is_served(&self) -> bool {
        let book = self.book();
        matches!(book.end, Some(Ok(()))) && book.begun >= book.gone + book.staged.len()
    }

    /// Whether it holds an instance of this kind.
    pub fn has_staged(&self, is_meant: impl Fn(&StagedKey) -> bool) -> bool {
        self.book().staged.iter().any(|came| is_meant(&came.instance.key))
    }

    /// What the plan says. The first thing that a reader gets.
    pub fn learn(&self, known: Known) {
        self.book().known = Some(known);
        self.changed();
    }

    /// What is known, or how it ended before anything was; none: nothing yet.
    pub fn known(&self) -> Option<Result<Known, Refusal>> {
        let book = self.book();
        match (&book.known, &book.end) {
            (Some(known), _) => Some(Ok(known.clone())),
            (None, Some(Err(refusal))) => Some(Err(refusal.clone())),
            (None, _) => None,
        }
    }

    pub fn add(&self, came: Came) {
        self.book().staged.push_back(came);
        self.changed();
    }

    /// Series, by their UIDs at the server, of which nobody knows whether all of their images have come. Told before the end.
    pub fn doubt(&self, series: HashSet<String>) {
        self.book().doubtful = series;
    }

    pub fn doubtful(&self) -> HashSet<String> {
        self.book().doubtful.clone()
    }

    pub fn end(&self, result: Result<(), Refusal>) {
        self.book().end = Some(result);
        self.changed();
    }

    /// What comes after the first `finished` instances.
    pub fn next(&self, reader: u64, finished: usize) -> Next {
        let mut book = self.book();
        let is_progress = book.readers.insert(reader, finished).is_none_or(|before| before != finished);
        let place = finished.checked_sub(book.gone);
        let next = match (place.and_then(|place| book.staged.get(place)), &book.end) {
            (Some(came), _) => Next::Instance(Box::new(came.clone())),
            (None, Some(end)) => Next::End(end.clone()),
            (None, None) => Next::Wait,
        };
        drop(book);
        if is_progress {
            self.changed();
        }
        next
    }

    /// Bytes that wait for the slowest reader.
    pub fn ahead(&self) -> u64 {
        let book = self.book();
        let slowest = book.readers.values().min().copied().unwrap_or(0).max(book.gone);
        book.staged.iter().skip(slowest - book.gone).map(|came| came.instance.size).sum()
    }

    /// How far it is, for who waits for it.
    pub fn progress(&self) -> DownloadProgress {
        let book = self.book();
        DownloadProgress {
            images: book.known.as_ref().map_or(0, |known| known.expected),
            fetched: (book.gone + book.staged.len()) as u64,
            ended: book.end.is_some(),
            failed: matches!(book.end, Some(Err(_))),
        }
    }

    /// Takes the first instances away while more than `most` bytes are here and all readers have finished them.
    pub fn drop_read(&self, most: u64) -> Vec<StagedKey> {
        let mut book = self.book();
        let Some(slowest) = book.readers.values().min().copied() else { return Vec::new() };
        let mut bytes: u64 = book.staged.iter().map(|came| came.instance.size).sum();
        let mut dropped = Vec::new();
        while bytes > most && book.gone < slowest {
            let Some(came) = book.staged.pop_front() else { break };
            bytes -= came.instance.size;
            book.gone += 1;
            dropped.push(came.instance.key);
        }
        dropped
    }

    /// Takes everything away.
    pub fn drop_all(&self) -> Vec<StagedKey> {
        let mut book = self.book();
        book.gone += book.staged.len();
        book.staged.drain(..).map(|came| came.instance.key).collect()
    }
}

#[cfg(test)]
mod tests {
    use adit_domain::Timestamp;

    use super::*;
    use crate::transfer::StagedInstance;

    fn came(number: usize) -> Came {
        Came { instance: instance(number), place: format!("P/S/1/{number}.dcm") }
    }

    fn instance(number: usize) -> StagedInstance {
        let note = serde_json::json!({ "sop_class_uid": "", "transfer_syntax_uid": "", "original": number.to_string(),
            "delivered_as": "", "series": "", "offset": 0 });
        let key = StagedKey::new("t", "s", &number.to_string());
        StagedInstance { key, size: 100, note: serde_json::from_value(note).unwrap() }
    }

    fn read(reading: &Reading, reader: u64, finished: usize) -> Option<String> {
        match reading.next(reader, finished) {
            Next::Instance(came) => Some(came.instance.note.original),
            _ => None,
        }
    }

    #[test]
    fn readers_go_at_their_own_pace_and_what_all_have_read_may_go() {
        let reading = Reading::new(JobId::new(Timestamp(0), 1));
        let (slow, fast) = (reading.enter().unwrap(), reading.enter().unwrap());
        for number in 0..5 {
            reading.add(came(number));
        }
        assert_eq!(read(&reading, fast, 4).as_deref(), Some("4"));
        assert_eq!((reading.ahead(), reading.drop_read(100).len()), (500, 0), "the slow one has read nothing");
        assert_eq!(read(&reading, slow, 2).as_deref(), Some("2"));
        assert_eq!(reading.ahead(), 300);
        assert_eq!(reading.drop_read(400).len(), 1, "only as many as are too many");
        assert_eq!(read(&reading, slow, 2).as_deref(), Some("2"));
        assert!(reading.enter().is_none(), "its beginning has gone");
        reading.leave(slow, 3);
        assert_eq!((reading.ahead(), reading.idle_since()), (100, None));
        reading.end(Ok(()));
        assert!(matches!(reading.next(fast, 5), Next::End(Ok(()))));
        assert!(!reading.is_served(), "its last reader had come to the third");
        reading.leave(fast, 5);
        assert!(reading.idle_since().is_some() && reading.is_served());
        assert_eq!(reading.drop_all().len(), 4);
    }

    #[test]
    fn what_came_before_a_failure_is_given_and_nobody_joins_it() {
        let reading = Reading::new(JobId::new(Timestamp(0), 1));
        let reader = reading.enter().unwrap();
        reading.add(came(0));
        reading.end(Err(Refusal::peer("gone")));
        assert_eq!(read(&reading, reader, 0).as_deref(), Some("0"));
        assert!(matches!(reading.next(reader, 1), Next::End(Err(_))));
        assert!(matches!(reading.known(), Some(Err(_))));
        assert!(reading.enter().is_none());
    }
}
