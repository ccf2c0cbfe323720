//! An object in an uncompressed little-endian transfer syntax, whatever it is stored in (PS3.5 Section 10, A.1, A.2): what is written anew,
//! and which bytes are taken from the object as they are. Values keep what they say; sequences get undefined lengths.

use std::collections::VecDeque;

use adit_domain::vr::word;
use adit_pixels::Geometry;
use thiserror::Error;

use super::walk::{Met, Visitor, Wish};
use crate::dictionary::vr_of_unsaid;
use crate::element::{ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, is_long, padding, put_header, put_padded};
use crate::scanner::PIXELS;
use crate::syntax::Syntax;

/// Values up to this length are written anew; longer ones are taken from the object when their turn comes.
const SHORT: u32 = 64 << 10;
/// Most bytes that are written anew.
pub const MAX_WRITTEN: usize = 64 << 20;
const PIXEL_REPRESENTATION: u32 = 0x0028_0103;
/// Offsets, lengths and total length of frames that are no longer encapsulated.
const OF_ENCAPSULATED: [u32; 3] = [0x7FE0_0001, 0x7FE0_0002, 0x7FE0_0003];

/// A piece of the object as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Bytes of the object.
    Copy {
        /// Where they begin.
        at: u64,
        /// How many.
        length: u64,
        /// Bytes of a word that have to be turned around to be little endian; 1: none.
        word: usize,
    },
    /// All frames, decoded.
    Frames,
}

/// Pixels that are decoded on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// Shape of a frame as it goes out.
    pub shape: Geometry,
    /// Color by plane: it is put so after decoding.
    pub by_plane: bool,
    /// Bytes of all frames.
    pub length: u32,
}

/// Why an object is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotPlain {
    /// Its pixels come in fragments, and nobody decodes them.
    #[error("the pixel data is encapsulated")]
    Encapsulated,
    /// Too much of it would have to be held.
    #[error("the header is too long")]
    TooLong,
}

/// Writes the data set of an object.
pub struct PlainWriter {
    to: Syntax,
    decoded: Option<Decoded>,
    /// Attributes of the outermost level that are replaced, in their order.
    mended: VecDeque<(u32, [u8; 2], Vec<u8>)>,
    pieces: Vec<Piece>,
    bytes: Vec<u8>,
    written: usize,
    open: Vec<Sequence>,
    /// Outermost pixels are two's complement.
    signed: bool,
    /// Whatever lies deeper is left out.
    left_out: Option<usize>,
    wrong: Option<NotPlain>,
}

/// A sequence that has begun.
struct Sequence {
    /// Number of pieces, and bytes behind them, before it.
    before: (usize, usize),
    has_item: bool,
    signed: bool,
}

impl PlainWriter {
    /// Writes in `transfer_syntax_uid`, Explicit or Implicit VR Little Endian; `decoded`: what becomes of encapsulated pixels.
    #[must_use]
    pub fn new(transfer_syntax_uid: &str, decoded: Option<Decoded>) -> Self {
        let mut mended = VecDeque::new();
        if let Some(Decoded { shape, by_plane, .. }) = &decoded {
            mended.push_back((0x0028_0004, *b"CS", shape.photometric.as_bytes().to_vec()));
            if shape.samples > 1 {
                mended.push_back((0x0028_0006, *b"US", u16::from(*by_plane).to_le_bytes().to_vec()));
            }
        }
        Self {
            to: Syntax::of(transfer_syntax_uid).0,
            decoded,
            mended,
            pieces: Vec::new(),
            bytes: Vec::new(),
            written: 0,
            open: Vec::new(),
            signed: false,
            left_out: None,
            wrong: None,
        }
    }

    /// The data set, once the walk is over.
    pub fn finish(mut self) -> Result<Vec<Piece>, NotPlain> {
        self.close(0);
        while let Some((tag, vr, value)) = self.mended.pop_front() {
            put_padded(&mut self.bytes, self.to, tag, vr, &value, padding(vr));
        }
        self.flush();
        self.wrong.map_or(Ok(self.pieces), Err)
    }

    fn flush(&mut self) {
        if !self.bytes.is_empty() {
            self.written += self.bytes.len();
            self.bytes.shrink_to_fit();
            self.pieces.push(Piece::Bytes(std::mem::take(&mut self.bytes)));
        }
    }

    /// Ends the sequences that are deeper than `depth`.
    fn close(&mut self, depth: usize) {
        while self.open.len() > depth {
            if self.open.pop().is_some_and(|sequence| sequence.has_item) {
                put_header(&mut self.bytes, self.to, ITEM_END, *b"  ", 0);
            }
            put_header(&mut self.bytes, self.to, SEQUENCE_END, *b"  ", 0);
        }
    }

    /// Whether nothing more is written: something is wrong, or it is too much.
    fn is_over(&mut self) -> bool {
        if self.bytes.len() + self.written > MAX_WRITTEN {
            self.wrong = Some(NotPlain::TooLong);
        }
        self.wrong.is_some()
    }

    /// Whether a place is within what is left out.
    fn is_left_out(&mut self, depth: usize) -> bool {
        self.left_out = self.left_out.filter(|kept| depth > *kept);
        self.left_out.is_some()
    }

    /// Leaves out the innermost sequence.
    fn leave_out(&mut self) {
        let Some(Sequence { before: (pieces, bytes), .. }) = self.open.pop() else { return };
        if self.pieces.len() > pieces {
            self.bytes = match self.pieces.swap_remove(pieces) {
                Piece::Bytes(whole) => whole,
                Piece::Copy { .. } | Piece::Frames => Vec::new(),
            };
            self.pieces.truncate(pieces);
        }
        self.bytes.truncate(bytes);
        self.left_out = Some(self.open.len());
    }

    fn signed(&mut self) -> &mut bool {
        self.open.last_mut().map_or(&mut self.signed, |sequence| &mut sequence.signed)
    }

    /// Writes the attributes that come before `tag`; true: this one, too.
    fn mend(&mut self, tag: u32) -> bool {
        while let Some((next, vr, value)) = self.mended.pop_front_if(|(next, ..)| *next <= tag) {
            put_padded(&mut self.bytes, self.to, next, vr, &value, padding(vr));
            if next == tag {
                return true;
            }
        }
        false
    }

    fn sequence(&mut self, tag: u32) -> Wish {
        let (before, signed) = ((self.pieces.len(), self.bytes.len()), *self.signed());
        put_header(&mut self.bytes, self.to, tag, *b"SQ", UNDEFINED);
        self.open.push(Sequence { before, has_item: false, signed });
        Wish::Enter
    }

    /// Pixels in fragments. Those of an icon are left out with the sequence that they stand in.
    fn pixels(&mut self, met: &Met) {
        if !self.open.is_empty() {
            return self.leave_out();
        }
        let Some(Decoded { shape, length, .. }) = &self.decoded else {
            self.wrong = Some(NotPlain::Encapsulated);
            return;
        };
        let (length, vr) = (*length, if shape.bits_allocated > 8 { *b"OW" } else { *b"OB" });
        put_header(&mut self.bytes, self.to, met.tag, vr, length.next_multiple_of(2));
        self.flush();
        self.pieces.push(Piece::Frames);
        self.bytes.resize(length as usize % 2, 0);
    }

    /// The VR that is written for a value: implicit syntaxes say none, and one with a short length cannot hold a long value (PS3.5 6.2.2).
    fn vr(&mut self, met: &Met, length: u32) -> [u8; 2] {
        let signed = *self.signed();
        let vr = if &met.vr == b"UN" && !met.big_endian { vr_of_unsaid(met.tag, signed) } else { met.vr };
        // A sequence that is written as UN stays so with all of its bytes.
        let vr = if &vr == b"SQ" { *b"UN" } else { vr };
        if self.to.explicit && !is_long(vr) && length > u32::from(u16::MAX - 1) { *b"UN" } else { vr }
    }
}

impl Visitor for PlainWriter {
    fn element(&mut self, path: &[(u32, u32)], met: &Met) -> Wish {
        if self.is_left_out(path.len()) {
            return Wish::Skip;
        }
        self.close(path.len());
        if self.is_over() {
            return Wish::Stop;
        }
        let is_gone = met.tag & 0xFFFF == 0 || OF_ENCAPSULATED.contains(&met.tag);
        if path.is_empty() && (self.mend(met.tag) || is_gone) || met.tag & 0xFFFF == 0 {
            // What lies in it is met nevertheless.
            self.left_out = met.length.is_none().then_some(path.len());
            return Wish::Skip;
        }
        let Some(length) = met.length else {
            if PIXELS.contains(&met.tag) && matches!(&met.vr, b"OB" | b"OW" | b"UN") {
                self.pixels(met);
                return if self.wrong.is_some() { Wish::Stop } else { Wish::Skip };
            }
            return self.sequence(met.tag);
        };
        if &met.vr == b"SQ" {
            return self.sequence(met.tag);
        }
        if length <= SHORT {
            return Wish::Take;
        }
        let even = length.next_multiple_of(2);
        let vr = self.vr(met, even);
        put_header(&mut self.bytes, self.to, met.tag, vr, even);
        self.flush();
        let word = if met.big_endian { word(met.vr) } else { 1 };
        self.pieces.push(Piece::Copy { at: met.at, length: u64::from(length), word });
        self.bytes.resize((even - length) as usize, padding(met.vr));
        Wish::Skip
    }

    fn item(&mut self, path: &[(u32, u32)]) -> Wish {
        if self.is_left_out(path.len()) {
            return Wish::Enter;
        }
        self.close(path.len());
        if self.is_over() {
            return Wish::Stop;
        }
        let signed = self.open.iter().rev().nth(1).map_or(self.signed, |around| around.signed);
        let Some(sequence) = self.open.last_mut() else { return Wish::Enter };
        if std::mem::replace(&mut sequence.has_item, true) {
            put_header(&mut self.bytes, self.to, ITEM_END, *b"  ", 0);
        }
        sequence.signed = signed;
        put_header(&mut self.bytes, self.to, ITEM, *b"  ", UNDEFINED);
        Wish::Enter
    }

    fn value(&mut self, _: &[(u32, u32)], met: &Met, mut value: Vec<u8>) {
        if met.big_endian && word(met.vr) > 1 {
            value.chunks_exact_mut(word(met.vr)).for_each(<[u8]>::reverse);
        }
        if met.tag == PIXEL_REPRESENTATION {
            *self.signed() = value.first() == Some(&1);
        }
        let vr = self.vr(met, u32::try_from(value.len().next_multiple_of(2)).unwrap_or(UNDEFINED));
        put_padded(&mut self.bytes, self.to, met.tag, vr, &value, padding(met.vr));
    }

    fn fragment(&mut self, _: u64, _: u64, _: u32, _: &[u8]) -> Wish {
        Wish::Skip
    }
}

#[cfg(test)]
mod tests;
