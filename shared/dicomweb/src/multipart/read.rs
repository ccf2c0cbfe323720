//! The incremental parser: bytes in, events out. Each byte is looked at a bounded number of times, and the bytes of a part come out as
//! they went in.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem::{Finder, find};
use thiserror::Error;

use super::header::PartHeaders;

/// Blanks between a boundary and its line's end at most (RFC 2046 transport padding).
const MAX_PADDING: usize = 64;
/// Bytes of a boundary at most; the standard says 70, some programs make longer ones.
const MAX_BOUNDARY: usize = 200;
const LINE: &[u8] = b"\r\n";

/// What a body may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes before the first boundary.
    pub preamble: usize,
    /// Bytes of one part's headers.
    pub header: usize,
    /// Parts.
    pub parts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { preamble: 16 * 1024, header: 16 * 1024, parts: 100_000 }
    }
}

/// What has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A part begins.
    Part(PartHeaders),
    /// More bytes of the part, never empty.
    Data(Bytes),
    /// The part is whole.
    PartEnd,
    /// The body is whole; what follows is of no meaning.
    End,
}

/// A body that cannot be read. The part that is open is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MultipartError {
    /// The content type's boundary is missing or cannot be one.
    #[error("the content type names no usable boundary")]
    Boundary,
    /// There is no byte.
    #[error("the body is empty")]
    Empty,
    /// It ends before its closing boundary.
    #[error("the body ends in the middle")]
    Truncated,
    /// No boundary at its beginning.
    #[error("the body does not begin with the boundary of its content type")]
    NoBoundary,
    /// A line before a part's data is no header.
    #[error("the headers of a part cannot be read")]
    Header,
    /// See [`Limits::header`].
    #[error("the headers of a part are too long")]
    HeaderTooLong,
    /// See [`Limits::parts`].
    #[error("the body has too many parts")]
    TooManyParts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Preamble,
    Headers,
    /// Inside of a part. `skip`: the line end of its headers, which may be that of a boundary, too.
    Data {
        skip: usize,
    },
    /// A part has ended at a boundary whose line is still there.
    Ended,
    Closed,
    Failed(MultipartError),
}

/// How a line that begins with the boundary goes on.
enum Line {
    /// A part follows behind so many bytes.
    Opens(usize),
    /// The last one.
    Closes,
    /// It is no boundary, only data that looks like one.
    Data,
    Unknown,
}

/// Reads one body. Give it bytes with [`Reader::push`], take events with [`Reader::next`] until there is none, say with
/// [`Reader::finish`] that no more bytes come.
pub struct Reader {
    /// CRLF, two hyphens and the boundary.
    delimiter: Finder<'static>,
    limits: Limits,
    state: State,
    waiting: BytesMut,
    /// Bytes of `waiting` that need not be searched again.
    searched: usize,
    preamble: usize,
    parts: usize,
    is_empty: bool,
}

impl Reader {
    /// A reader of bodies with this boundary.
    pub fn new(boundary: &str, limits: Limits) -> Result<Self, MultipartError> {
        let fits = (1..=MAX_BOUNDARY).contains(&boundary.len())
            && boundary.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
            && !boundary.ends_with(' ');
        if !fits {
            return Err(MultipartError::Boundary);
        }
        let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
        Ok(Self {
            delimiter: Finder::new(&delimiter).into_owned(),
            limits,
            state: State::Preamble,
            // The first boundary may stand at the very beginning: as if a line had ended before it.
            waiting: BytesMut::from(LINE),
            searched: 0,
            preamble: 0,
            parts: 0,
            is_empty: true,
        })
    }

    /// Takes the next bytes of the body.
    pub fn push(&mut self, chunk: &[u8]) {
        self.is_empty &= chunk.is_empty();
        if !matches!(self.state, State::Closed | State::Failed(_)) {
            self.waiting.extend_from_slice(chunk);
        }
    }

    /// The next event; none: more bytes are needed, or nothing follows any more.
    #[expect(clippy::should_implement_trait, reason = "none is not the end")]
    pub fn next(&mut self) -> Result<Option<Event>, MultipartError> {
        let result = self.step();
        if let Err(error) = result {
            self.state = State::Failed(error);
            self.waiting = BytesMut::new();
        }
        result
    }

    /// Says that the body has ended; an error unless it ended as it should.
    pub fn finish(&self) -> Result<(), MultipartError> {
        match self.state {
            State::Closed => Ok(()),
            State::Failed(error) => Err(error),
            _ if self.is_empty => Err(MultipartError::Empty),
            State::Preamble => Err(MultipartError::NoBoundary),
            _ => Err(MultipartError::Truncated),
        }
    }

    fn step(&mut self) -> Result<Option<Event>, MultipartError> {
        loop {
            match self.state {
                State::Closed => return Ok(None),
                State::Failed(error) => return Err(error),
                State::Preamble => match self.boundary() {
                    Found::At(place) => {
                        self.pass_over(place)?;
                        self.state = State::Ended;
                    }
                    Found::NotBefore(place) => {
                        self.pass_over(place)?;
                        return Ok(None);
                    }
                },
                State::Ended => match self.line(0) {
                    Line::Opens(length) => {
                        // The line's end stays: with an empty line behind it there are no headers.
                        self.waiting.advance(length - LINE.len());
                        self.searched = 0;
                        self.state = State::Headers;
                    }
                    _ => {
                        self.state = State::Closed;
                        self.waiting = BytesMut::new();
                        return Ok(Some(Event::End));
                    }
                },
                State::Headers => return self.headers(),
                State::Data { skip } => return Ok(self.data(skip)),
            }
        }
    }

    fn headers(&mut self) -> Result<Option<Event>, MultipartError> {
        let from = self.searched.saturating_sub(3);
        let Some(end) = find(&self.waiting[from..], b"\r\n\r\n").map(|place| from + place) else {
            self.searched = self.waiting.len();
            // The last three bytes may be those of the end.
            return if self.searched > self.limits.header + 3 { Err(MultipartError::HeaderTooLong) } else { Ok(None) };
        };
        if end > self.limits.header {
            return Err(MultipartError::HeaderTooLong);
        }
        self.parts += 1;
        if self.parts > self.limits.parts {
            return Err(MultipartError::TooManyParts);
        }
        let headers = PartHeaders::parse(&self.waiting[..end]).ok_or(MultipartError::Header)?;
        self.waiting.advance(end + LINE.len());
        self.searched = 0;
        self.state = State::Data { skip: LINE.len() };
        Ok(Some(Event::Part(headers)))
    }

    fn data(&mut self, skip: usize) -> Option<Event> {
        match self.boundary() {
            Found::At(place) if place <= skip => {
                self.waiting.advance(place);
                self.searched = 0;
                self.state = State::Ended;
                Some(Event::PartEnd)
            }
            Found::At(place) => Some(self.give(skip, place)),
            Found::NotBefore(place) if place > skip => Some(self.give(skip, place)),
            Found::NotBefore(_) => None,
        }
    }

    fn give(&mut self, skip: usize, until: usize) -> Event {
        let mut data = self.waiting.split_to(until);
        data.advance(skip);
        self.searched = self.searched.saturating_sub(until);
        self.state = State::Data { skip: 0 };
        Event::Data(data.freeze())
    }

    /// Drops bytes of the preamble.
    fn pass_over(&mut self, count: usize) -> Result<(), MultipartError> {
        self.waiting.advance(count);
        self.searched = self.searched.saturating_sub(count);
        self.preamble += count;
        if self.preamble > self.limits.preamble { Err(MultipartError::NoBoundary) } else { Ok(()) }
    }

    /// The first boundary in what waits, or up to where there is none for sure.
    fn boundary(&mut self) -> Found {
        let length = self.delimiter.needle().len();
        loop {
            let Some(place) = self.delimiter.find(&self.waiting[self.searched..]).map(|at| self.searched + at) else {
                // A boundary may begin in the last bytes.
                let tail = self.waiting.len().saturating_sub(length - 1).max(self.searched);
                let begins = memchr::memchr(b'\r', &self.waiting[tail..]).map_or(self.waiting.len(), |at| tail + at);
                self.searched = begins;
                return Found::NotBefore(begins);
            };
            self.searched = place;
            match self.line(place) {
                Line::Opens(_) | Line::Closes => return Found::At(place),
                Line::Unknown => return Found::NotBefore(place),
                Line::Data => self.searched = place + LINE.len(),
            }
        }
    }

    /// How the line of the boundary that begins at `place` goes on.
    fn line(&self, place: usize) -> Line {
        let rest = &self.waiting[place + self.delimiter.needle().len()..];
        if rest.starts_with(b"--") {
            return Line::Closes;
        }
        let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).take(MAX_PADDING).count();
        match &rest[padding..] {
            [b'\r', b'\n', ..] => Line::Opens(self.delimiter.needle().len() + padding + LINE.len()),
            [] | [b'\r'] => Line::Unknown,
            [b'-'] if padding == 0 => Line::Unknown,
            _ => Line::Data,
        }
    }
}

/// Where a boundary is.
enum Found {
    /// Here.
    At(usize),
    /// Not before here.
    NotBefore(usize),
}

#[cfg(test)]
mod tests;
