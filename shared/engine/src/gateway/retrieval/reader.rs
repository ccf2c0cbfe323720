//! What a reader has in hand: instances one after the other, each as a stream.

use std::collections::HashSet;
use std::io::Cursor;
use std::sync::Arc;

use adit_dicomweb::accept::Syntaxes;
use adit_domain::JobId;
use adit_store::staging::{Staging, Stream};
use bytes::Bytes;
use tokio::sync::watch;

use super::super::pixels::{Object, Plain};
use super::reading::{Came, Next, Reading};
use crate::Refusal;
use crate::transfer::StagedNote;

/// Bytes of an instance that is read as a whole.
const AT_ONCE: u64 = 1 << 20;

/// What is known before the first instance has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Instances that will come, by the server's word.
    pub expected: u64,
    /// Instances that stay behind, as far as that is known.
    pub held_back: u64,
    /// Patient ID at the server, for the record.
    pub patient_id: String,
}

/// One instance.
pub struct Part {
    /// Its bytes: a DICOM file, or an object of the DICOM JSON model.
    pub content: Content,
    /// How many.
    pub size: u64,
    /// Transfer syntax of the file.
    pub transfer_syntax_uid: String,
    /// What it is.
    pub sop_class_uid: String,
    /// Series Instance UID at the server; not for who gets pseudonyms.
    pub series: String,
    /// Where it stands among all that is read: patient, study, series, file, with `/` between them.
    pub place: String,
}

impl Part {
    fn of(content: Content, size: u64, note: StagedNote, place: String) -> Self {
        Self {
            content,
            size,
            transfer_syntax_uid: note.transfer_syntax_uid,
            sop_class_uid: note.sop_class_uid,
            series: note.series,
            place,
        }
    }
}

/// The bytes of an instance.
pub enum Content {
    /// What is small is here.
    Whole(Bytes),
    /// What is large comes in pieces.
    Pieces(Stream),
}

impl Content {
    /// The bytes one piece after the other, however they lie.
    #[must_use]
    pub fn stream(self) -> Stream {
        match self {
            Self::Whole(bytes) => Box::new(Cursor::new(bytes)),
            Self::Pieces(stream) => stream,
        }
    }
}

/// Where an instance stands at the server.
pub struct Place {
    /// Series Instance UID.
    pub series: String,
    /// SOP Instance UID.
    pub instance: String,
}

/// A reader. Dropping it leaves the others alone; when the last one has gone the retrieval is stopped after a while.
pub struct Reader {
    reading: Arc<Reading>,
    staging: Arc<dyn Staging>,
    id: u64,
    finished: usize,
    /// An instance was given out: with the next request it counts as finished.
    has_part: bool,
    changes: watch::Receiver<()>,
}

impl Reader {
    /// A further reader; none: nobody can begin to read this any more.
    pub(super) fn of(reading: &Arc<Reading>, staging: &Arc<dyn Staging>) -> Option<Self> {
        Some(Self {
            id: reading.enter()?,
            changes: reading.changes(),
            reading: Arc::clone(reading),
            staging: Arc::clone(staging),
            finished: 0,
            has_part: false,
        })
    }

    /// The first reader of a retrieval that has just been made.
    pub(super) fn first(reading: &Arc<Reading>, staging: &Arc<dyn Staging>) -> Self {
        Self::of(reading, staging).expect("a new retrieval has its beginning and no end")
    }

    pub(super) fn reading(&self) -> Arc<Reading> {
        Arc::clone(&self.reading)
    }

    /// Identifies the retrieval, for the record.
    #[must_use]
    pub fn retrieval(&self) -> &JobId {
        &self.reading.id
    }

    /// Waits until it is known what will come.
    ///
    /// # Errors
    /// The server does not hold it, or could not be asked.
    pub async fn known(&mut self) -> Result<Known, Refusal> {
        loop {
            self.changes.borrow_and_update();
            if let Some(known) = self.reading.known() {
                return known;
            }
            if self.changes.changed().await.is_err() {
                return Err(lost());
            }
        }
    }

    /// Waits until something has come, or nothing will.
    ///
    /// # Errors
    /// The retrieval has failed before anything came.
    pub async fn ready(&mut self) -> Result<Option<String>, Refusal> {
        loop {
            self.changes.borrow_and_update();
            match self.reading.next(self.id, self.finished) {
                Next::Instance(came) => return Ok(Some(came.instance.note.transfer_syntax_uid)),
                Next::End(Ok(())) => return Ok(None),
                Next::End(Err(refusal)) => return Err(refusal),
                Next::Wait => {}
            }
            if self.changes.changed().await.is_err() {
                return Err(lost());
            }
        }
    }

    /// The next instance; none: that was all. The one before counts as read to its end.
    ///
    /// # Errors
    /// The retrieval has failed: what came is not everything.
    pub async fn next(&mut self) -> Result<Option<Part>, Refusal> {
        let Some(came) = self.go_on().await? else { return Ok(None) };
        self.as_it_is(&came).await.map(Some)
    }

    /// The same in a transfer syntax that is taken, see [`Syntaxes::forms`].
    ///
    /// # Errors
    /// The retrieval has failed, or the instance cannot be given so.
    pub async fn next_in(&mut self, taken: &Syntaxes) -> Result<Option<Part>, Refusal> {
        Ok(self.next_in_one_of(&[taken]).await?.map(|(_, part)| part))
    }

    /// The same in the first of several ways that is possible, with the number of that, counted from 0.
    ///
    /// # Errors
    /// The retrieval has failed, or the instance cannot be given in any.
    pub async fn next_in_one_of(&mut self, ways: &[&Syntaxes]) -> Result<Option<(usize, Part)>, Refusal> {
        let Some(came) = self.go_on().await? else { return Ok(None) };
        let mut why = None;
        for (number, taken) in ways.iter().enumerate() {
            match self.given(&came, taken).await {
                Ok(part) => return Ok(Some((number, part))),
                Err(refusal) => why = why.or(Some(refusal)),
            }
        }
        Err(why.unwrap_or_else(|| Refusal::not_acceptable("Nothing is taken.")))
    }

    async fn given(&self, came: &Came, taken: &Syntaxes) -> Result<Part, Refusal> {
        let stored = &came.instance.note.transfer_syntax_uid;
        let forms = taken.forms(stored).map_err(|refused| Refusal::not_acceptable(refused.0))?;
        let best = forms.first().filter(|form| *form != stored);
        let Some(best) = best else { return self.as_it_is(came).await };
        match self.plain(came, best).await {
            // Nothing of it has been sent: what cannot be decoded goes as it is to who takes that, too.
            Err(_) if forms.contains(&stored.as_str()) => self.as_it_is(came).await,
            part => part,
        }
    }

    async fn plain(&self, Came { instance, place }: &Came, transfer_syntax_uid: &str) -> Result<Part, Refusal> {
        let object = Object::new(None, Arc::clone(&self.staging), instance.key.clone(), instance.size).await?;
        let Plain { stream, size } = object.in_plain(transfer_syntax_uid).await?;
        let part = Part::of(Content::Pieces(stream), size, instance.note.clone(), place.clone());
        Ok(Part { transfer_syntax_uid: transfer_syntax_uid.to_owned(), ..part })
    }

    async fn as_it_is(&self, Came { instance, place }: &Came) -> Result<Part, Refusal> {
        // What is small is read at once: a reader who asks piece by piece would wait for the disk each time.
        let content = if instance.size <= AT_ONCE {
            Content::Whole(self.staging.read_all(&instance.key, AT_ONCE).await?)
        } else {
            Content::Pieces(self.staging.open(&instance.key, None).await?)
        };
        Ok(Part::of(content, instance.size, instance.note.clone(), place.clone()))
    }

    /// Series, by their UIDs at the server, of which nobody knows whether all of their images have come; known when there is no next
    /// instance.
    #[must_use]
    pub fn doubtful(&self) -> HashSet<String> {
        self.reading.doubtful()
    }

    /// The first instance, to be read in pieces; none: nothing came.
    ///
    /// # Errors
    /// The retrieval has failed, or what came is no DICOM file.
    pub async fn object(mut self) -> Result<Option<Object>, Refusal> {
        if self.ready().await?.is_none() {
            return Ok(None);
        }
        let Next::Instance(came) = self.reading.next(self.id, self.finished) else { return Err(lost()) };
        self.has_part = true;
        let (instance, staging) = (came.instance, Arc::clone(&self.staging));
        Ok(Some(Object::new(Some(self), staging, instance.key, instance.size).await?))
    }

    /// The next instance, to be read in pieces until the one after it is asked for, with its SOP Instance UID at the server and that of its
    /// series; none: that was all.
    ///
    /// # Errors
    /// The retrieval has failed, or what came is no DICOM file.
    pub async fn next_object(&mut self) -> Result<Option<(Object, Place)>, Refusal> {
        let Some(Came { instance, .. }) = self.go_on().await? else { return Ok(None) };
        let place = Place { series: instance.note.series, instance: instance.note.original };
        let object = Object::new(None, Arc::clone(&self.staging), instance.key, instance.size).await?;
        Ok(Some((object, place)))
    }

    /// Leaves the instance before, and waits for the next.
    async fn go_on(&mut self) -> Result<Option<Came>, Refusal> {
        if std::mem::take(&mut self.has_part) {
            self.finished += 1;
        }
        if self.ready().await?.is_none() {
            return Ok(None);
        }
        let Next::Instance(came) = self.reading.next(self.id, self.finished) else { return Err(lost()) };
        self.has_part = true;
        Ok(Some(*came))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.reading.leave(self.id, self.finished + usize::from(self.has_part));
    }
}

fn lost() -> Refusal {
    Refusal::unavailable("The retrieval was given up. Try again.")
}
