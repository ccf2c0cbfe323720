//! One conversion as its readers see it: what is known, which files are ready, how it ended, how many read.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use adit_domain::JobId;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::Refusal;
use crate::gateway::retrieval::Known;
use crate::nifti::Output;

/// One conversion. Its folder goes with it.
pub(super) struct Conversion {
    pub id: JobId,
    folder: OnceLock<TempDir>,
    book: Mutex<Book>,
    /// Changes whenever the book does.
    signal: watch::Sender<()>,
}

struct Book {
    known: Option<Known>,
    files: Vec<Output>,
    end: Option<Result<(), Refusal>>,
    readers: usize,
    /// Since when nobody has read.
    idle_since: Option<Instant>,
}

/// The next thing for a reader.
pub(super) enum Next {
    File(Output),
    End(Result<(), Refusal>),
    /// Nothing yet.
    Wait,
}

impl Conversion {
    pub fn new(id: JobId) -> Self {
        let book = Book { known: None, files: Vec::new(), end: None, readers: 0, idle_since: Some(Instant::now()) };
        Self { id, folder: OnceLock::new(), book: Mutex::new(book), signal: watch::Sender::new(()) }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the book and tells of it.
    fn note<T>(&self, change: impl FnOnce(&mut Book) -> T) -> T {
        let result = change(&mut self.book());
        self.signal.send_modify(|()| {});
        result
    }

    /// Tells of every change from now on.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.signal.subscribe()
    }

    /// Keeps the folder of its files as long as the conversion is known to anybody.
    pub fn keep(&self, folder: TempDir) {
        let _ = self.folder.set(folder);
    }

    /// The folder of its files, if there is one yet.
    pub fn folder(&self) -> Option<&TempDir> {
        self.folder.get()
    }

    /// Takes a reader in; false: it has failed and is to be tried again.
    pub fn enter(&self) -> bool {
        self.note(|book| {
            let is_open = !matches!(book.end, Some(Err(_)));
            if is_open {
                book.readers += 1;
                book.idle_since = None;
            }
            is_open
        })
    }

    pub fn leave(&self) {
        self.note(|book| {
            book.readers = book.readers.saturating_sub(1);
            if book.readers == 0 {
                book.idle_since = Some(Instant::now());
            }
        });
    }

    /// Since when nobody reads; none: somebody does.
    pub fn idle_since(&self) -> Option<Instant> {
        self.book().idle_since
    }

    /// What the retrieval's plan says.
    pub fn learn(&self, known: Known) {
        self.note(|book| book.known = Some(known));
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

    /// More files are ready.
    pub fn add(&self, files: Vec<Output>) {
        self.note(|book| book.files.extend(files));
    }

    pub fn end(&self, result: Result<(), Refusal>) {
        self.note(|book| book.end = Some(result));
    }

    /// What comes after the first `finished` files.
    pub fn next(&self, finished: usize) -> Next {
        let book = self.book();
        match (book.files.get(finished), &book.end) {
            (Some(file), _) => Next::File(file.clone()),
            (None, Some(end)) => Next::End(end.clone()),
            (None, None) => Next::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use adit_domain::Timestamp;

    use super::*;

    fn file(name: &str) -> Output {
        Output { name: name.into(), path: name.into(), size: 1 }
    }

    #[test]
    fn readers_get_all_files_and_a_failure_takes_nobody_in() {
        let conversion = Conversion::new(JobId::new(Timestamp(0), 1));
        assert!(conversion.enter() && conversion.enter());
        assert!(matches!(conversion.next(0), Next::Wait));
        conversion.add(vec![file("a"), file("b")]);
        assert!(matches!(conversion.next(1), Next::File(file) if file.name == "b"));
        conversion.leave();
        assert_eq!(conversion.idle_since(), None, "one still reads");
        conversion.end(Err(Refusal::peer("gone")));
        assert!(matches!(conversion.next(2), Next::End(Err(_))));
        assert!(!conversion.enter());
        conversion.leave();
        assert!(conversion.idle_since().is_some());
    }
}
