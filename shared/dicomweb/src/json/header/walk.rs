//! The walk over the elements of a data set, byte by byte, and what is kept of it: little endian, whatever came.

use adit_dimse::{Tag, dictionary};
use adit_domain::vr::word;

use super::InvalidHeader;

/// Values of binary attributes that are longer than this stay outside, in bytes.
const BULK_FROM: u32 = 16 * 1024;
/// Longest header that is held, in bytes.
const MAX_HEADER: usize = 64 << 20;
/// Levels of sequences in one another at most.
const MAX_DEPTH: usize = 32;
const UNDEFINED: u32 = u32::MAX;

/// How far the walk is.
pub(super) struct Walk {
    pub explicit: bool,
    /// Explicit elements are big endian; what is kept of them is turned round.
    pub big_endian: bool,
    /// What stays of the header.
    pub kept: Vec<u8>,
    /// The beginning of an element header whose rest has not come yet.
    held: Vec<u8>,
    /// Bytes of the present value that are still to come, and whether they are kept.
    rest: (u32, bool),
    /// Where the present value begins in what is kept, and how many bytes of it are one number that is to be turned round.
    value: (usize, usize),
    /// Bytes that have been taken.
    at: u64,
    /// Ends of the sequences and items of known length around the present place, where these are looked into.
    ends: Vec<u64>,
    /// Sequences and items of undefined length around the present place: whether what is in them is explicit.
    around: Vec<bool>,
    pub bulk: Vec<Tag>,
    /// The pixels have begun: nothing after them is wanted.
    is_past: bool,
    pub wrong: Option<InvalidHeader>,
}

impl Walk {
    pub fn new(explicit: bool) -> Self {
        Self {
            explicit,
            big_endian: false,
            kept: Vec::with_capacity(4096),
            held: Vec::new(),
            rest: (0, false),
            value: (0, 1),
            at: 0,
            ends: Vec::new(),
            around: Vec::new(),
            bulk: Vec::new(),
            is_past: false,
            wrong: None,
        }
    }

    pub fn is_done(&self) -> bool {
        self.is_past || self.wrong.is_some()
    }

    pub fn is_whole(&self) -> bool {
        let is_outside = self.around.is_empty() && self.ends.iter().all(|end| *end <= self.at);
        self.is_past || self.rest.0 == 0 && is_outside && self.held.iter().all(|b| *b == 0)
    }

    pub fn push(&mut self, mut chunk: &[u8]) {
        while !chunk.is_empty() && !self.is_done() {
            if self.rest.0 > 0 {
                let (value, after) = chunk.split_at(chunk.len().min(self.rest.0 as usize));
                self.rest.0 -= u32::try_from(value.len()).unwrap_or(self.rest.0);
                self.at += value.len() as u64;
                if self.rest.1 {
                    self.kept.extend_from_slice(value);
                    self.turn_round();
                }
                chunk = after;
                continue;
            }
            if self.held.is_empty() {
                while self.ends.last().is_some_and(|end| *end <= self.at) {
                    self.ends.pop();
                }
            }
            self.held.push(chunk[0]);
            self.at += 1;
            chunk = &chunk[1..];
            if let Some(element) = self.element() {
                self.begin(&element);
            }
            if self.kept.len() > MAX_HEADER {
                self.wrong = Some(InvalidHeader::TooLarge);
            }
        }
    }

    /// Turns the numbers of a value round that has come to its end.
    fn turn_round(&mut self) {
        let (from, word) = self.value;
        if self.rest.0 == 0 && word > 1 {
            self.kept[from..].chunks_exact_mut(word).for_each(<[u8]>::reverse);
        }
    }

    /// Whether the elements at the present place are explicit.
    fn is_explicit(&self) -> bool {
        self.around.last().copied().unwrap_or(self.explicit)
    }

    /// The element header in `held`, once it is whole.
    fn element(&self) -> Option<Element> {
        let (held, explicit) = (&self.held, self.is_explicit());
        let is_big = self.big_endian && explicit;
        let length2 = |at: usize| {
            let bytes: [u8; 2] = held.get(at..at + 2)?.try_into().ok()?;
            Some(if is_big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
        };
        let length4 = |at: usize| {
            let bytes: [u8; 4] = held.get(at..at + 4)?.try_into().ok()?;
            Some(if is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
        };
        let (group, element) = (length2(0)?, length2(2)?);
        if group == 0xFFFE || !explicit {
            return Some(Element {
                tag: Tag(group, element, dictionary::vr_of(group, element, false)),
                length: length4(4)?,
            });
        }
        let vr = [*held.get(4)?, *held.get(5)?];
        let is_long = matches!(
            &vr,
            b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV"
        );
        let length = if is_long { length4(8)? } else { u32::from(length2(6)?) };
        Some(Element { tag: Tag(group, element, vr), length })
    }

    fn begin(&mut self, Element { tag, length }: &Element) {
        let (tag, length) = (*tag, *length);
        let is_outermost = self.around.is_empty() && self.ends.is_empty();
        let is_binary = matches!(&tag.2, b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"UN");
        let is_pixels = tag.0 == 0x7FE0 && matches!(tag.1, 0x08..=0x10);
        let is_big = self.big_endian && self.is_explicit();
        let mut head = std::mem::take(&mut self.held);
        if is_big {
            turn_head_round(&mut head);
        }
        match (tag.0, tag.1) {
            _ if is_outermost && is_pixels => {
                self.bulk.push(tag);
                self.is_past = true;
            }
            (0xFFFE, 0xE00D | 0xE0DD) => {
                self.kept.extend_from_slice(&head);
                if self.around.pop().is_none() {
                    self.wrong = Some(InvalidHeader::Damaged);
                }
            }
            _ if length == UNDEFINED => {
                let explicit = self.is_explicit();
                // Inside an element of unknown VR everything is implicit (PS3.5 6.2.2 Note 5).
                let is_unknown = explicit && &tag.2 == b"UN" && tag.0 != 0xFFFE;
                self.around.push(explicit && !is_unknown);
                self.kept.extend_from_slice(&head);
                if self.around.len() > MAX_DEPTH {
                    self.wrong = Some(InvalidHeader::Damaged);
                }
            }
            _ if is_outermost && is_binary && length > BULK_FROM => {
                self.bulk.push(tag);
                self.rest = (length, false);
            }
            // What is in it has to be turned round, too.
            _ if is_big && (&tag.2 == b"SQ" || tag.0 == 0xFFFE) => {
                self.kept.extend_from_slice(&head);
                self.ends.push(self.at.saturating_add(u64::from(length)));
                if self.ends.len() > 2 * MAX_DEPTH {
                    self.wrong = Some(InvalidHeader::Damaged);
                }
            }
            _ => {
                self.kept.extend_from_slice(&head);
                self.value = (self.kept.len(), if is_big { word(tag.2) } else { 1 });
                self.rest = (length, true);
                if length as usize > MAX_HEADER {
                    self.wrong = Some(InvalidHeader::TooLarge);
                }
            }
        }
    }
}

/// Makes a big-endian element header a little-endian one.
fn turn_head_round(head: &mut [u8]) {
    let is_item = head.starts_with(&[0xFF, 0xFE]);
    for tag in head[..4].chunks_exact_mut(2) {
        tag.reverse();
    }
    match head {
        _ if is_item => head[4..].reverse(),
        [_, _, _, _, _, _, length @ ..] if length.len() == 2 => length.reverse(),
        [_, _, _, _, _, _, _, _, length @ ..] => length.reverse(),
        _ => {}
    }
}

struct Element {
    tag: Tag,
    length: u32,
}
