//! A walk through a data set that reads as little as possible: it says which bytes it needs, and jumps over the values that nobody wants.

use crate::element::{ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, header};
use crate::scanner::PIXELS;
use crate::syntax::Syntax;

/// Levels of sequences in one another at most.
const MAX_DEPTH: usize = 64;
/// Longest value that is taken, in bytes.
const MAX_VALUE: u32 = 64 << 20;

/// An element as the walk meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    /// Group and element.
    pub tag: u32,
    /// As written, or the dictionary's.
    pub vr: [u8; 2],
    /// Where its value begins, from the beginning of the object.
    pub at: u64,
    /// Bytes of its value; none: undefined.
    pub length: Option<u32>,
    /// Numbers in it have their most significant byte first.
    pub big_endian: bool,
}

/// What is done with an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Nothing; what lies in it is met nevertheless when its length is undefined.
    Skip,
    /// Its value is wanted.
    Take,
    /// It is a sequence, and what lies in it is wanted.
    Enter,
    /// Nothing behind this is wanted.
    Stop,
}

/// Who is looking for something.
pub trait Visitor {
    /// An element; `path` are the sequences around it with the number of the item, counted from 1.
    fn element(&mut self, path: &[(u32, u32)], met: &Met) -> Wish;
    /// An item begins; the last of `path` says which one of its sequence. It is entered, or nothing behind this is wanted.
    fn item(&mut self, _path: &[(u32, u32)]) -> Wish {
        Wish::Enter
    }
    /// A value that was wanted.
    fn value(&mut self, path: &[(u32, u32)], met: &Met, value: Vec<u8>);
    /// A fragment of encapsulated pixel data of the outermost level, counted from 0, which is the Basic Offset Table. `at` is where its
    /// item begins, `first` are its first bytes, 4 at most. Taken ones come as the value of an item.
    fn fragment(&mut self, number: u64, at: u64, length: u32, first: &[u8]) -> Wish;
}

/// An object that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the data set is damaged or ends in the middle")]
pub struct Damaged;

/// The walk.
pub struct Walk<V> {
    visitor: V,
    at: u64,
    least: usize,
    path: Vec<(u32, u32)>,
    around: Vec<Level>,
    mode: Mode,
    syntax: Syntax,
    end: Option<Result<(), Damaged>>,
}

enum Mode {
    Element,
    Value(Met, Vec<u8>),
    /// Before the last byte of a value that nobody wants: it has to be there.
    Skipped,
    Fragments(u64),
}

struct Level {
    is_item: bool,
    end: Option<u64>,
    syntax: Syntax,
}

impl<V: Visitor> Walk<V> {
    /// A walk through the data set that begins at byte `at` of its object. Deflated data sets are walked when they have been inflated.
    #[must_use]
    pub fn new(transfer_syntax_uid: &str, at: u64, visitor: V) -> Self {
        let (syntax, _) = Syntax::of(transfer_syntax_uid);
        let (path, around) = (Vec::new(), Vec::new());
        Self { visitor, at, least: 8, path, around, mode: Mode::Element, syntax, end: None }
    }

    /// Where the next bytes have to come from, and how many at least; none: no more are needed.
    #[must_use]
    pub fn needs(&self) -> Option<(u64, usize)> {
        self.end.is_none().then_some((self.at, self.least))
    }

    /// Takes the bytes from the place that [`Walk::needs`] named; fewer than it named: the object ends there.
    pub fn give(&mut self, bytes: &[u8]) {
        let (base, least) = (self.at, self.least);
        while self.end.is_none() {
            let Some(rest) = usize::try_from(self.at - base).ok().and_then(|from| bytes.get(from..)) else { return };
            if !self.step(rest) {
                break;
            }
        }
        if self.at == base && self.end.is_none() && bytes.len() < least {
            // Some writers fill their files up with zeros.
            let is_whole =
                self.around.is_empty() && matches!(self.mode, Mode::Element) && bytes.iter().all(|byte| *byte == 0);
            self.end = Some(if is_whole { Ok(()) } else { Err(Damaged) });
        }
    }

    /// The visitor with what it has found.
    pub fn finish(self) -> Result<V, Damaged> {
        self.end.unwrap_or(Err(Damaged)).map(|()| self.visitor)
    }

    /// One step on; false: more bytes are needed.
    fn step(&mut self, bytes: &[u8]) -> bool {
        match &mut self.mode {
            Mode::Value(met, value) => {
                let left = met.length.unwrap_or(0) as usize - value.len();
                let taken = left.min(bytes.len());
                value.extend_from_slice(&bytes[..taken]);
                self.at += taken as u64;
                if taken < left {
                    self.least = 1;
                    return taken > 0;
                }
                let (met, value) = (*met, std::mem::take(value));
                self.visitor.value(&self.path, &met, value);
                self.mode = if met.tag == ITEM { Mode::Fragments(1) } else { Mode::Element };
                self.least = 8;
                true
            }
            Mode::Fragments(number) => {
                let number = *number;
                self.fragment(number, bytes)
            }
            Mode::Skipped if bytes.is_empty() => false,
            Mode::Skipped => {
                (self.at, self.least, self.mode) = (self.at + 1, 8, Mode::Element);
                true
            }
            Mode::Element => self.element(bytes),
        }
    }

    fn element(&mut self, bytes: &[u8]) -> bool {
        if self.leave() {
            return true;
        }
        let syntax = self.around.last().map_or(self.syntax, |level| level.syntax);
        let Some(head) = header(bytes, syntax) else {
            self.least = if bytes.len() < 8 { 8 } else { 12 };
            return false;
        };
        self.least = 8;
        self.at += head.size as u64;
        let length = (head.length != UNDEFINED).then_some(head.length);
        match (head.tag, self.around.last().map(|level| level.is_item)) {
            (ITEM_END, Some(true)) => drop(self.around.pop()),
            (SEQUENCE_END, Some(false)) => {
                self.around.pop();
                self.path.pop();
            }
            (ITEM, Some(false)) => {
                if let Some(place) = self.path.last_mut() {
                    place.1 += 1;
                }
                if self.visitor.item(&self.path) == Wish::Stop {
                    self.end = Some(Ok(()));
                    return true;
                }
                self.deeper(true, length, syntax);
            }
            (_, Some(false)) => self.end = Some(Err(Damaged)),
            (tag, _) if tag >> 16 == 0xFFFE => self.end = Some(Err(Damaged)),
            _ => {
                let met = Met { tag: head.tag, vr: head.vr, at: self.at, length, big_endian: syntax.big_endian };
                self.meet(met, syntax);
            }
        }
        true
    }

    fn meet(&mut self, met: Met, syntax: Syntax) {
        let wish = self.visitor.element(&self.path, &met);
        match (wish, met.length) {
            (Wish::Stop, _) => self.end = Some(Ok(())),
            (_, None) if PIXELS.contains(&met.tag) && matches!(&met.vr, b"OB" | b"OW" | b"UN") => {
                self.mode = Mode::Fragments(0);
            }
            (Wish::Take, Some(length)) if length <= MAX_VALUE => self.mode = Mode::Value(met, Vec::new()),
            (Wish::Take, Some(_)) => self.end = Some(Err(Damaged)),
            (Wish::Enter, _) | (_, None) => {
                // UN of undefined length is implicit little endian inside (CP-246).
                let inside = if met.vr == *b"UN" && syntax.explicit { Syntax::IMPLICIT } else { syntax };
                self.path.push((met.tag, 0));
                self.deeper(false, met.length, inside);
            }
            (Wish::Skip, Some(0)) => {}
            (Wish::Skip, Some(length)) => {
                (self.at, self.least, self.mode) = (self.at + u64::from(length) - 1, 1, Mode::Skipped);
            }
        }
    }

    fn deeper(&mut self, is_item: bool, length: Option<u32>, syntax: Syntax) {
        if self.around.len() >= MAX_DEPTH {
            self.end = Some(Err(Damaged));
        }
        self.around.push(Level { is_item, end: length.map(|length| self.at + u64::from(length)), syntax });
    }

    /// Leaves a sequence or item of known length at its end.
    fn leave(&mut self) -> bool {
        match self.around.last() {
            Some(Level { end: Some(end), .. }) if *end < self.at => {
                self.end = Some(Err(Damaged));
                true
            }
            Some(Level { end: Some(end), is_item, .. }) if *end == self.at => {
                if !*is_item {
                    self.path.pop();
                }
                self.around.pop();
                true
            }
            _ => false,
        }
    }

    fn fragment(&mut self, number: u64, bytes: &[u8]) -> bool {
        let Some(head) = header(bytes, self.syntax) else {
            // No item, but what may have a long header: asked for less than it needs, nobody would get on.
            self.least = if bytes.len() < 8 { 8 } else { 12 };
            return false;
        };
        if head.tag == SEQUENCE_END {
            (self.at, self.mode, self.least) = (self.at + 8, Mode::Element, 8);
            return true;
        }
        if head.tag != ITEM || head.length == UNDEFINED {
            self.end = Some(Err(Damaged));
            return true;
        }
        let sample = head.length.min(4) as usize;
        let Some(first) = bytes.get(8..8 + sample) else {
            self.least = 8 + sample;
            return false;
        };
        let is_outermost = self.around.is_empty();
        let wish = if is_outermost { self.visitor.fragment(number, self.at, head.length, first) } else { Wish::Skip };
        let met = Met { tag: ITEM, vr: *b"OB", at: self.at + 8, length: Some(head.length), big_endian: false };
        (self.at, self.least, self.mode) = (self.at + 8, 8, Mode::Fragments(number + 1));
        match wish {
            Wish::Stop => self.end = Some(Ok(())),
            Wish::Take if head.length <= MAX_VALUE => self.mode = Mode::Value(met, Vec::new()),
            Wish::Take => self.end = Some(Err(Damaged)),
            Wish::Skip | Wish::Enter => self.at += u64::from(head.length),
        }
        true
    }
}

/// Walks through a data set that is in memory; `at` is where it begins in `object`.
pub fn walk<V: Visitor>(object: &[u8], transfer_syntax_uid: &str, at: u64, visitor: V) -> Result<V, Damaged> {
    let mut walk = Walk::new(transfer_syntax_uid, at, visitor);
    while let Some((at, _)) = walk.needs() {
        walk.give(usize::try_from(at).ok().and_then(|at| object.get(at..)).unwrap_or(&[]));
    }
    walk.finish()
}
