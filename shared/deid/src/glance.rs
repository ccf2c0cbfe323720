//! A glance at a data set as it streams by: a few values of its outermost level, and whether it ends where an element ends. Holds
//! no more than those values and one element header, however large or deeply nested the data set is.

use std::collections::BTreeMap;

use dicom_core::Tag;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use flate2::{Decompress, FlushDecompress, Status};

use crate::element::{Header, ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, header};
use crate::scanner::PIXELS;
use crate::syntax::Syntax;

/// Longest value that is kept, in bytes; longer ones count as absent.
const MAX_VALUE: u32 = 4096;
/// Levels of sequences in one another at most.
const MAX_DEPTH: usize = 64;
/// Bytes that are inflated at once.
const PIECE: usize = 64 * 1024;

/// Looks at one data set. Give it the bytes with [`Glance::push`].
pub struct Glance {
    syntax: Syntax,
    /// Sorted.
    wanted: Vec<u32>,
    found: BTreeMap<u32, Vec<u8>>,
    /// Sequences and items of undefined length around the present place.
    around: Vec<Level>,
    state: State,
    /// The beginning of an element header whose rest has not come yet.
    held: Vec<u8>,
    inflate: Option<Inflate>,
    /// The next element is past everything that is wanted.
    past: bool,
    broken: bool,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    is_item: bool,
    syntax: Syntax,
}

enum State {
    /// The next element, item or delimiter.
    Header,
    /// The rest of a value that nobody wants.
    Skip(u32),
    /// The rest of a wanted value.
    Take(u32, u32),
}

struct Inflate {
    engine: Decompress,
    ended: bool,
}

/// The tag and the value representation of a keyword (PS3.6); none for what the standard does not know.
#[must_use]
pub fn tag_of(keyword: &str) -> Option<(u32, [u8; 2])> {
    let entry = StandardDataDictionary.by_name(keyword)?;
    let Tag(group, element) = entry.tag();
    let tag = u32::from(group) << 16 | u32::from(element);
    Some((tag, crate::dictionary::dictionary_vr(tag)))
}

impl Glance {
    /// Looks for the values of these tags.
    #[must_use]
    pub fn new(transfer_syntax_uid: &str, mut wanted: Vec<u32>) -> Self {
        wanted.sort_unstable();
        let (syntax, is_deflated) = Syntax::of(transfer_syntax_uid);
        let inflate = is_deflated.then(|| Inflate { engine: Decompress::new(false), ended: false });
        Self {
            syntax,
            past: wanted.is_empty(),
            wanted,
            found: BTreeMap::new(),
            around: Vec::new(),
            state: State::Header,
            held: Vec::new(),
            inflate,
            broken: false,
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, chunk: &[u8]) {
        match self.inflate.take() {
            None => self.walk(chunk),
            Some(mut inflate) => {
                self.open(&mut inflate, chunk);
                self.inflate = Some(inflate);
            }
        }
    }

    /// Whether more bytes can bring more values.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.past || self.broken
    }

    /// Whether all bytes so far are a whole number of elements.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let at_border = matches!(self.state, State::Header) && self.around.is_empty();
        let inflated = self.inflate.as_ref().is_none_or(|inflate| inflate.ended);
        // Some writers fill their files up with zeros.
        !self.broken && at_border && inflated && self.held.iter().all(|byte| *byte == 0)
    }

    /// The raw value of a wanted tag without padding; none: it was not there (yet).
    #[must_use]
    pub fn raw(&self, tag: u32) -> Option<&[u8]> {
        self.found.get(&tag).map(|value| {
            let end = value.iter().rposition(|byte| *byte != 0 && *byte != b' ').map_or(0, |last| last + 1);
            &value[..end]
        })
    }

    /// The value as plain text, trimmed; empty if it is absent. For codes, UIDs and dates.
    #[must_use]
    pub fn text(&self, tag: u32) -> String {
        self.raw(tag).map(|value| String::from_utf8_lossy(value).trim().to_owned()).unwrap_or_default()
    }

    fn open(&mut self, inflate: &mut Inflate, mut chunk: &[u8]) {
        let mut piece = Vec::with_capacity(PIECE);
        while !inflate.ended && !self.broken {
            piece.clear();
            let before = inflate.engine.total_in();
            let Ok(status) = inflate.engine.decompress_vec(chunk, &mut piece, FlushDecompress::None) else {
                self.broken = true;
                return;
            };
            let taken = usize::try_from(inflate.engine.total_in() - before).unwrap_or(0);
            chunk = &chunk[taken..];
            self.walk(&piece);
            inflate.ended = status == Status::StreamEnd;
            if taken == 0 && piece.is_empty() {
                return;
            }
        }
    }

    fn walk(&mut self, mut chunk: &[u8]) {
        while !chunk.is_empty() && !self.broken {
            match self.state {
                State::Skip(left) => {
                    let taken = part_of(chunk, left);
                    chunk = &chunk[taken..];
                    self.advance(left, taken, State::Skip);
                }
                State::Take(tag, left) => {
                    let taken = part_of(chunk, left);
                    self.found.entry(tag).or_default().extend_from_slice(&chunk[..taken]);
                    chunk = &chunk[taken..];
                    self.advance(left, taken, |left| State::Take(tag, left));
                }
                State::Header => chunk = self.collect(chunk),
            }
        }
    }

    fn advance(&mut self, left: u32, taken: usize, more: impl Fn(u32) -> State) {
        let left = left - u32::try_from(taken).unwrap_or(left);
        self.state = if left == 0 { State::Header } else { more(left) };
    }

    /// Takes bytes until a header is complete; answers with the rest.
    fn collect<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let syntax = self.around.last().map_or(self.syntax, |level| level.syntax);
        for (place, byte) in chunk.iter().enumerate() {
            self.held.push(*byte);
            if let Some(found) = (self.held.len() >= 8).then(|| header(&self.held, syntax)).flatten() {
                self.held.clear();
                self.enter(found, syntax);
                return &chunk[place + 1..];
            }
        }
        &[]
    }

    fn enter(&mut self, found: Header, syntax: Syntax) {
        let in_item = self.around.last().map(|level| level.is_item);
        match (found.tag, in_item) {
            (ITEM_END, Some(true)) | (SEQUENCE_END, Some(false)) => {
                self.around.pop();
            }
            (ITEM, Some(false)) if found.length == UNDEFINED => self.deeper(true, syntax),
            (ITEM, Some(false)) => self.skip(found.length),
            (_, Some(false)) => self.broken = true,
            (tag, _) if tag >> 16 == 0xFFFE => self.broken = true,
            (tag, around) => self.element(tag, found, syntax, around.is_none()),
        }
    }

    fn element(&mut self, tag: u32, found: Header, syntax: Syntax, is_outermost: bool) {
        if is_outermost && (PIXELS.contains(&tag) || self.wanted.last().is_none_or(|last| tag > *last)) {
            self.past = true;
        }
        if found.length == UNDEFINED {
            // UN of undefined length is implicit little endian inside (CP-246).
            let inside = if found.vr == *b"UN" && syntax.explicit { Syntax::IMPLICIT } else { syntax };
            self.deeper(false, inside);
        } else if is_outermost && found.length <= MAX_VALUE && self.wanted.binary_search(&tag).is_ok() {
            self.found.insert(tag, Vec::new());
            if found.length > 0 {
                self.state = State::Take(tag, found.length);
            }
        } else {
            self.skip(found.length);
        }
    }

    fn skip(&mut self, length: u32) {
        if length > 0 {
            self.state = State::Skip(length);
        }
    }

    fn deeper(&mut self, is_item: bool, syntax: Syntax) {
        self.broken = self.around.len() >= MAX_DEPTH;
        self.around.push(Level { is_item, syntax });
    }
}

fn part_of(chunk: &[u8], left: u32) -> usize {
    chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};

    use super::*;
    use crate::element::{put_header, put_value};

    const DESCRIPTION: u32 = 0x0008_1030;
    const STUDY: u32 = 0x0020_000D;

    /// A sequence of undefined length, a study, and fragments.
    fn data_set(syntax: Syntax) -> Vec<u8> {
        let mut out = Vec::new();
        put_value(&mut out, syntax, DESCRIPTION, *b"LO", b"Thorax");
        put_header(&mut out, syntax, 0x0008_1140, *b"SQ", UNDEFINED);
        put_header(&mut out, syntax, ITEM, *b"  ", UNDEFINED);
        put_value(&mut out, syntax, STUDY, *b"UI", b"9.9");
        put_header(&mut out, syntax, ITEM_END, *b"  ", 0);
        put_header(&mut out, syntax, SEQUENCE_END, *b"  ", 0);
        put_value(&mut out, syntax, STUDY, *b"UI", b"1.2");
        if syntax.explicit {
            put_header(&mut out, syntax, 0x7FE0_0010, *b"OB", UNDEFINED);
            put_value(&mut out, syntax, ITEM, *b"  ", b"abcdef");
            put_header(&mut out, syntax, SEQUENCE_END, *b"  ", 0);
        }
        out
    }

    fn look(syntax_uid: &str, bytes: &[u8], piece: usize) -> Glance {
        let mut glance = Glance::new(syntax_uid, vec![STUDY, DESCRIPTION]);
        bytes.chunks(piece).for_each(|chunk| glance.push(chunk));
        glance
    }

    #[test]
    fn values_of_the_outermost_level_are_found_however_the_bytes_come() {
        for (uid, syntax) in [("1.2.840.10008.1.2.1", Syntax::EXPLICIT), ("1.2.840.10008.1.2", Syntax::IMPLICIT)] {
            for piece in [1, 7, 4096] {
                let glance = look(uid, &data_set(syntax), piece);
                assert_eq!((glance.text(DESCRIPTION), glance.text(STUDY)), ("Thorax".into(), "1.2".into()));
                assert!(glance.is_whole());
            }
        }
    }

    #[test]
    fn a_cut_anywhere_but_between_elements_is_noticed() {
        let bytes = data_set(Syntax::EXPLICIT);
        let borders: Vec<usize> =
            (0..=bytes.len()).filter(|end| look("1.2.840.10008.1.2.1", &bytes[..*end], 64).is_whole()).collect();
        assert_eq!(borders.len(), 5, "{borders:?}");
        let filled = [bytes.as_slice(), &[0; 13]].concat();
        assert!(look("1.2.840.10008.1.2.1", &filled, 64).is_whole());
    }

    #[test]
    fn deflated_data_sets_are_opened() {
        let mut packed = Vec::with_capacity(4096);
        let mut engine = Compress::new(Compression::default(), false);
        engine.compress_vec(&data_set(Syntax::EXPLICIT), &mut packed, FlushCompress::Finish).unwrap();
        let glance = look("1.2.840.10008.1.2.1.99", &packed, 5);
        assert!(glance.is_whole() && glance.text(STUDY) == "1.2");
        assert!(!look("1.2.840.10008.1.2.1.99", &packed[..packed.len() - 3], 5).is_whole());
    }

    #[test]
    fn keywords_have_tags() {
        assert_eq!(tag_of("StudyDescription"), Some((DESCRIPTION, *b"LO")));
        assert_eq!(tag_of("StudyDescripton"), None);
    }
}
