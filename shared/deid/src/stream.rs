//! The streaming side: collect the header, rewrite it once, pass the pixels, rewrite what comes behind them.

use std::sync::Arc;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::element::{ITEM, SEQUENCE_END, UNDEFINED, header};
use crate::facts::Facts;
use crate::rewrite::{Limits, Rewrite, RewriteError, Tally, put_inserted};
use crate::rules::{Inserted, RuleSet};
use crate::scanner::element;
use crate::syntax::Syntax;

/// Deflated bytes inflated at once.
const INFLATED_AT_ONCE: usize = 16 * 1024;
/// Group of the pixel data elements: (7FE0,0008), (7FE0,0009), (7FE0,0010).
const PIXELS: u32 = 0x7FE0;

/// What was found and done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What the header said.
    pub facts: Facts,
    /// Elements removed, at any depth.
    pub removed: u32,
    /// Elements emptied, replaced or inserted over.
    pub changed: u32,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Collecting; the header is known up to `at`, and it is not worth looking again below `retry` bytes.
    Header { at: usize, retry: usize },
    /// Passing a value of known length.
    Pixels { left: u64 },
    /// Passing fragments: between them, with a header of 8 bytes to come.
    Fragments,
    /// Passing one fragment.
    Fragment { left: u64 },
    /// Collecting what comes behind the pixels.
    Tail,
}

/// Rewrites one data set as it streams by.
pub struct Rewriter {
    inner: Inner,
    deflate: Option<Box<Deflate>>,
}

struct Inner {
    rules: Arc<dyn RuleSet>,
    limits: Limits,
    syntax: Syntax,
    state: State,
    held: Vec<u8>,
    facts: Option<Facts>,
    inserted: Vec<Inserted>,
    tally: Tally,
}

struct Deflate {
    inflate: Decompress,
    deflate: Compress,
    ended: bool,
}

impl Rewriter {
    /// A rewriter for a data set in this transfer syntax.
    #[must_use]
    pub fn new(transfer_syntax_uid: &str, rules: Arc<dyn RuleSet>, limits: Limits) -> Self {
        let (syntax, deflated) = Syntax::of(transfer_syntax_uid);
        let deflate = deflated.then(|| {
            Box::new(Deflate {
                inflate: Decompress::new(false),
                deflate: Compress::new(Compression::default(), false),
                ended: false,
            })
        });
        let state = State::Header { at: 0, retry: 0 };
        let inner = Inner {
            rules,
            limits,
            syntax,
            state,
            held: Vec::new(),
            facts: None,
            inserted: Vec::new(),
            tally: Tally::default(),
        };
        Self { inner, deflate }
    }

    /// Takes more bytes of the data set and appends what can be passed on to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), RewriteError> {
        let Some(deflate) = &mut self.deflate else { return self.inner.push(chunk, out) };
        // A few bytes may inflate to a thousand times as many: small pieces keep what is held small.
        for piece in chunk.chunks(INFLATED_AT_ONCE) {
            let mut plain = Vec::new();
            deflate.open(piece, &mut plain, &mut self.inner)?;
            deflate.close(&plain, FlushCompress::None, out)?;
        }
        Ok(())
    }

    /// If all of `chunk` is pixel bytes, counts it and answers true: the caller passes it on itself, without a copy.
    #[must_use]
    pub fn passes(&mut self, chunk: &[u8]) -> bool {
        let length = chunk.len() as u64;
        match &mut self.inner.state {
            State::Pixels { left } | State::Fragment { left } if self.deflate.is_none() && *left >= length => {
                *left -= length;
                true
            }
            _ => false,
        }
    }

    /// The data set has ended: appends what is left to `out`. A data set that ends in the middle is an error.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<Report, RewriteError> {
        match &mut self.deflate {
            None => self.inner.finish(out)?,
            Some(deflate) => {
                if !deflate.ended {
                    return Err(RewriteError::Truncated);
                }
                let mut plain = Vec::new();
                self.inner.finish(&mut plain)?;
                deflate.close(&plain, FlushCompress::Finish, out)?;
            }
        }
        let Inner { facts, tally, .. } = self.inner;
        Ok(Report { facts: facts.unwrap_or_default(), removed: tally.removed, changed: tally.changed })
    }
}

impl Deflate {
    fn open(&mut self, mut chunk: &[u8], plain: &mut Vec<u8>, inner: &mut Inner) -> Result<(), RewriteError> {
        let mut piece = Vec::with_capacity(64 * 1024);
        while !self.ended {
            piece.clear();
            let before = self.inflate.total_in();
            let status = self
                .inflate
                .decompress_vec(chunk, &mut piece, FlushDecompress::None)
                .map_err(|_| RewriteError::Deflate)?;
            let taken = usize::try_from(self.inflate.total_in() - before).unwrap_or(0);
            chunk = &chunk[taken..];
            inner.push(&piece, plain)?;
            self.ended = status == Status::StreamEnd;
            if taken == 0 && piece.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn close(&mut self, mut plain: &[u8], flush: FlushCompress, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        loop {
            out.reserve(plain.len() / 2 + 4096);
            let before = self.deflate.total_in();
            let status = self.deflate.compress_vec(plain, out, flush).map_err(|_| RewriteError::Deflate)?;
            plain = &plain[usize::try_from(self.deflate.total_in() - before).unwrap_or(0)..];
            let finished = matches!(flush, FlushCompress::Finish);
            if status == Status::StreamEnd || (!finished && plain.is_empty()) {
                break;
            }
        }
        // A deflated data set has an even length (PS3.5 A.5).
        if matches!(flush, FlushCompress::Finish) && self.deflate.total_out() % 2 == 1 {
            out.push(0);
        }
        Ok(())
    }
}

impl Inner {
    fn push(&mut self, mut chunk: &[u8], out: &mut Vec<u8>) -> Result<(), RewriteError> {
        while !chunk.is_empty() {
            match self.state {
                State::Header { .. } | State::Fragments | State::Tail => {
                    self.held.extend_from_slice(chunk);
                    chunk = &[];
                    self.work(out)?;
                }
                State::Pixels { ref mut left } | State::Fragment { ref mut left } => {
                    let take = usize::try_from(*left).unwrap_or(usize::MAX).min(chunk.len());
                    *left -= take as u64;
                    out.extend_from_slice(&chunk[..take]);
                    chunk = &chunk[take..];
                    if *left == 0 {
                        self.after_value();
                    }
                }
            }
        }
        Ok(())
    }

    fn after_value(&mut self) {
        self.state = if matches!(self.state, State::Fragment { .. }) { State::Fragments } else { State::Tail };
    }

    /// Makes what progress the held bytes allow.
    fn work(&mut self, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        loop {
            match self.state {
                State::Header { at, retry } => {
                    if self.held.len() < retry {
                        return Ok(());
                    }
                    if !self.scan_header(at, out)? {
                        return Ok(());
                    }
                }
                State::Fragments => {
                    let Some(head) = header(&self.held, self.syntax) else { return Ok(()) };
                    out.extend_from_slice(&self.held[..head.size]);
                    self.held.drain(..head.size);
                    self.state = match head.tag {
                        ITEM if head.length != UNDEFINED => State::Fragment { left: u64::from(head.length) },
                        SEQUENCE_END => State::Tail,
                        _ => {
                            return Err(RewriteError::Malformed(
                                "something else than a fragment in encapsulated pixel data",
                            ));
                        }
                    };
                }
                State::Pixels { ref mut left } | State::Fragment { ref mut left } => {
                    let take = usize::try_from(*left).unwrap_or(usize::MAX).min(self.held.len());
                    *left -= take as u64;
                    let done = *left == 0;
                    out.extend(self.held.drain(..take));
                    if !done {
                        return Ok(());
                    }
                    self.after_value();
                }
                State::Tail => {
                    return if self.held.len() > self.limits.header {
                        Err(RewriteError::TooLarge(self.limits.header))
                    } else {
                        Ok(())
                    };
                }
            }
        }
    }

    /// Walks the top level; true when the pixels were reached and the header was written.
    fn scan_header(&mut self, mut at: usize, out: &mut Vec<u8>) -> Result<bool, RewriteError> {
        while let Some(head) = header(&self.held[at..], self.syntax) {
            if head.tag >> 16 == PIXELS && head.tag & 0xFFFF != 0 {
                self.write_header(at, out)?;
                let syntax = self.syntax;
                // Further pixel elements before the pixels themselves do not occur; all of the group passes.
                crate::element::put_header(out, syntax, head.tag, head.vr, head.length);
                self.held.drain(..at + head.size);
                self.state = if head.length == UNDEFINED {
                    State::Fragments
                } else {
                    State::Pixels { left: u64::from(head.length) }
                };
                return Ok(true);
            }
            if head.length != UNDEFINED && head.length as usize > self.limits.header {
                return Err(RewriteError::TooLarge(self.limits.header));
            }
            match element(&self.held[at..], self.syntax, self.limits.depth)? {
                Some(found) => at += found.whole.len(),
                None => break,
            }
        }
        if self.held.len() > self.limits.header {
            return Err(RewriteError::TooLarge(self.limits.header));
        }
        // An open sequence is not measured again for every small piece: only after it has grown by half.
        self.state = State::Header { at, retry: self.held.len() + (self.held.len() - at) / 2 };
        Ok(false)
    }

    fn write_header(&mut self, end: usize, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        let facts = Facts::of(&self.held[..end], self.syntax, self.limits.depth)?;
        self.inserted = self.rules.inserted(&facts);
        self.inserted.sort_by_key(|element| element.tag);
        let mut rewrite =
            Rewrite { rules: &*self.rules, facts: &facts, max_depth: self.limits.depth, tally: self.tally };
        rewrite.top(&self.held[..end], self.syntax, &mut self.inserted, out)?;
        self.tally = rewrite.tally;
        // Everything that is inserted belongs before the pixels.
        for element in std::mem::take(&mut self.inserted) {
            put_inserted(out, self.syntax, &element);
        }
        self.facts = Some(facts);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        match self.state {
            State::Header { at, .. } => {
                if self.scan_header(at, out)? {
                    self.work(out)?;
                    return self.finish(out);
                }
                let end = self.held.len();
                self.write_header(end, out)
            }
            State::Tail | State::Pixels { left: 0 } => {
                let facts = self.facts.clone().unwrap_or_default();
                let tail = std::mem::take(&mut self.held);
                let mut rewrite =
                    Rewrite { rules: &*self.rules, facts: &facts, max_depth: self.limits.depth, tally: self.tally };
                rewrite.top(&tail, self.syntax, &mut Vec::new(), out)?;
                self.tally = rewrite.tally;
                Ok(())
            }
            _ => Err(RewriteError::Truncated),
        }
    }
}
