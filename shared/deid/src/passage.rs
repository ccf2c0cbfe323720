//! A data set on its way: the header is collected and rewritten once, the pixels pass, what comes behind them is rewritten.

use std::sync::Arc;

use crate::deidentifier::Instructions;
use crate::element::{ITEM, SEQUENCE_END, UNDEFINED, header, put_header};
use crate::error::{Limits, RewriteError};
use crate::header::{Header, Produced};
use crate::part10::file_meta;
use crate::report::Report;
use crate::scanner::{PIXELS, element};
use crate::syntax::Syntax;

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

/// One data set, not deflated.
pub(crate) struct Passage {
    instructions: Arc<Instructions>,
    limits: Limits,
    transfer_syntax_uid: String,
    syntax: Syntax,
    /// Implementation class UID and version name, if the file's beginning is to be written too.
    meta_by: Option<(String, String)>,
    /// The file's beginning stands outside of the deflated bytes: it waits here for [`Inner::take_meta`].
    is_deflated: bool,
    meta: Vec<u8>,
    state: State,
    held: Vec<u8>,
    produced: Option<Produced>,
}

impl Passage {
    pub fn new(
        transfer_syntax_uid: &str,
        syntax: Syntax,
        is_deflated: bool,
        instructions: Arc<Instructions>,
        limits: Limits,
    ) -> Self {
        Self {
            instructions,
            limits,
            transfer_syntax_uid: transfer_syntax_uid.to_owned(),
            syntax,
            meta_by: None,
            is_deflated,
            meta: Vec::new(),
            state: State::Header { at: 0, retry: 0 },
            held: Vec::new(),
            produced: None,
        }
    }

    /// The file's beginning is to be written too, by this implementation.
    pub fn write_meta_by(&mut self, class_uid: &str, version_name: &str) {
        self.meta_by = Some((class_uid.to_owned(), version_name.to_owned()));
    }

    /// If all of `chunk` is pixel bytes that pass unchanged, looks at it and answers true.
    pub fn passes(&mut self, chunk: &[u8]) -> bool {
        let length = chunk.len() as u64;
        let (State::Pixels { left } | State::Fragment { left }) = &mut self.state else { return false };
        let Some(produced) = self.produced.as_mut().filter(|_| *left >= length) else { return false };
        if !produced.stage.passes(length) {
            return false;
        }
        produced.scan_pixels(chunk);
        *left -= length;
        if *left == 0 {
            self.after_value();
        }
        true
    }

    /// The report, unless an identifier was found in what was produced.
    pub fn into_report(self) -> Result<Report, RewriteError> {
        self.produced.ok_or(RewriteError::Truncated)?.into_report()
    }

    pub fn push(&mut self, mut chunk: &[u8], out: &mut Vec<u8>) -> Result<(), RewriteError> {
        while !chunk.is_empty() {
            match self.state {
                State::Header { .. } | State::Fragments | State::Tail => {
                    self.held.extend_from_slice(chunk);
                    chunk = &[];
                    self.work(out)?;
                }
                State::Pixels { .. } | State::Fragment { .. } => {
                    let taken = self.pixels(chunk, out)?;
                    chunk = &chunk[taken..];
                }
            }
        }
        Ok(())
    }

    /// The beginning of the file, once.
    pub fn take_meta(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.meta)
    }

    /// Passes pixel bytes through their stage; answers how many were taken.
    fn pixels(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, RewriteError> {
        let (State::Pixels { left } | State::Fragment { left }) = &mut self.state else { return Ok(0) };
        let take = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        *left -= take as u64;
        let ends = *left == 0;
        if let Some(produced) = &mut self.produced {
            let start = out.len();
            produced.stage.bytes(&bytes[..take], out)?;
            produced.scan_pixels(&out[start..]);
        }
        if ends {
            self.after_value();
        }
        Ok(take)
    }

    fn after_value(&mut self) {
        self.state = if matches!(self.state, State::Fragment { .. }) { State::Fragments } else { State::Tail };
    }

    /// Makes what progress the held bytes allow.
    fn work(&mut self, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        loop {
            match self.state {
                State::Header { at, retry } => {
                    if self.held.len() < retry || !self.scan_header(at, out)? {
                        return Ok(());
                    }
                }
                State::Fragments => {
                    if !self.fragment(out)? {
                        return Ok(());
                    }
                }
                State::Pixels { left } | State::Fragment { left } => {
                    if self.held.is_empty() && left > 0 {
                        return Ok(());
                    }
                    let held = std::mem::take(&mut self.held);
                    let taken = self.pixels(&held, out)?;
                    self.held = held[taken..].to_vec();
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

    /// The header of the next fragment; false: more bytes are needed.
    fn fragment(&mut self, out: &mut Vec<u8>) -> Result<bool, RewriteError> {
        let Some(head) = header(&self.held, self.syntax) else { return Ok(false) };
        let Some(produced) = &mut self.produced else { return Ok(false) };
        self.held.drain(..head.size);
        self.state = match head.tag {
            ITEM if head.length != UNDEFINED => {
                produced.stage.fragment(head.length, self.syntax, out)?;
                State::Fragment { left: u64::from(head.length) }
            }
            SEQUENCE_END => {
                let start = out.len();
                produced.stage.end(out)?;
                produced.scan_pixels(&out[start..]);
                put_header(out, self.syntax, SEQUENCE_END, *b"  ", 0);
                State::Tail
            }
            _ => return Err(RewriteError::Malformed("something else than a fragment in encapsulated pixel data")),
        };
        Ok(true)
    }

    /// Walks the top level; true when the pixels were reached and the header was written.
    fn scan_header(&mut self, mut at: usize, out: &mut Vec<u8>) -> Result<bool, RewriteError> {
        while let Some(head) = header(&self.held[at..], self.syntax) {
            if PIXELS.contains(&head.tag) {
                self.write_header(at, Some(head.vr), out)?;
                let Some(produced) = &mut self.produced else { return Err(RewriteError::Truncated) };
                produced.begin_pixels(&head, self.syntax, out)?;
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

    fn write_header(&mut self, end: usize, pixel_vr: Option<[u8; 2]>, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        let header = Header {
            bytes: &self.held[..end],
            syntax: self.syntax,
            transfer_syntax_uid: &self.transfer_syntax_uid,
            pixel_vr,
            limits: self.limits,
        };
        let mut rewritten = Vec::with_capacity(end + end / 2 + 512);
        let mut produced = header.rewrite(&self.instructions, &mut rewritten)?;
        if let Some((class_uid, version)) = &self.meta_by {
            let report = &produced.report;
            self.meta = file_meta(
                &report.facts.sop_class_uid,
                &report.sop_instance_uid,
                &report.transfer_syntax_uid,
                class_uid,
                version,
            );
            produced.report.data_set_offset = self.meta.len() as u64;
        }
        self.produced = Some(produced);
        if !self.is_deflated {
            out.append(&mut self.meta);
        }
        out.append(&mut rewritten);
        Ok(())
    }

    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        match self.state {
            State::Header { at, .. } => {
                if self.scan_header(at, out)? {
                    self.work(out)?;
                    return self.finish(out);
                }
                let end = self.held.len();
                self.write_header(end, None, out)
            }
            State::Pixels { left: 0 } => {
                self.after_value();
                self.finish(out)
            }
            State::Tail => {
                let tail = std::mem::take(&mut self.held);
                let produced = self.produced.as_mut().ok_or(RewriteError::Truncated)?;
                produced.tail(&tail, self.syntax, self.limits, out)
            }
            _ => Err(RewriteError::Truncated),
        }
    }
}
