//! The text of a metadata part (PS3.18 10.5.1), cut into its data sets as it comes: an array of objects, or one object. It holds no more
//! than the data set that is still coming, and what has been pushed behind it.

use std::ops::Range;

use super::read::InvalidJson;

/// Instances in one part at most.
pub const MAX_INSTANCES: usize = 100_000;
/// Values, attributes and items of one instance at most: read, small things need much memory.
const MAX_THINGS: usize = 100_000;
/// Memory that is kept for what comes next, in bytes.
const KEPT: usize = 256 << 10;

/// Reads the text piece by piece. After an error nothing more can be read.
#[derive(Debug, Default)]
pub struct DataSets {
    held: Vec<u8>,
    /// Where what has not been given out begins.
    begin: usize,
    /// How far it has been looked at.
    seen: usize,
    place: Place,
    is_array: bool,
    count: usize,
    inside: Inside,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    /// Behind the bracket of an array: its end, or a data set.
    First,
    /// A data set has to come.
    Due,
    Within,
    Behind,
    Over,
}

/// Where a data set's text is.
#[derive(Debug, Clone, Copy, Default)]
struct Inside {
    depth: usize,
    things: usize,
    is_text: bool,
    is_escaped: bool,
}

impl DataSets {
    /// More of the text.
    pub fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Bytes that have come and have not been given out.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len() - self.begin
    }

    /// The text of the next data set; none: more has to come. What it holds has been counted, everything else of it is unknown.
    pub fn next_text(&mut self) -> Result<Option<&[u8]>, InvalidJson> {
        Ok(self.advance()?.map(|range| &self.held[range]))
    }

    /// Nothing more comes. The error: the text is not whole.
    pub fn finish(&self) -> Result<(), InvalidJson> {
        match self.place {
            Place::Over => Ok(()),
            Place::Behind if !self.is_array => Ok(()),
            Place::Behind => Err(invalid("the array has no end")),
            _ => Err(no_object()),
        }
    }

    fn advance(&mut self) -> Result<Option<Range<usize>>, InvalidJson> {
        while let Some(byte) = self.held.get(self.seen).copied() {
            if self.place == Place::Within {
                self.seen += 1;
                if self.inside.is_end(byte)? {
                    let text = self.begin..self.seen;
                    (self.begin, self.place, self.count) = (self.seen, Place::Behind, self.count + 1);
                    return Ok(Some(text));
                }
                continue;
            }
            self.place = match (self.place, byte) {
                (place, b' ' | b'\t' | b'\r' | b'\n') => place,
                (Place::Start, b'[') => {
                    self.is_array = true;
                    Place::First
                }
                (Place::Start | Place::First | Place::Due, b'{') => {
                    (self.begin, self.inside) = (self.seen, Inside::default());
                    Place::Within
                }
                (Place::First, b']') => Place::Over,
                (Place::Behind, b',') if self.is_array && self.count < MAX_INSTANCES => Place::Due,
                (Place::Behind, b',') if self.is_array => return Err(InvalidJson::too_many()),
                (Place::Behind, b']') if self.is_array => Place::Over,
                (Place::Behind, _) => return Err(invalid("a data set is followed by something else")),
                (Place::Over, _) => return Err(invalid("something follows its end")),
                _ => return Err(no_object()),
            };
            if self.place != Place::Within {
                self.seen += 1;
                self.begin = self.seen;
            }
        }
        self.settle();
        Ok(None)
    }

    /// Lets go of what has been given out, which else stays until more is asked for.
    pub fn settle(&mut self) {
        self.held.drain(..self.begin);
        (self.seen, self.begin) = (self.seen - self.begin, 0);
        if self.held.len() < KEPT {
            self.held.shrink_to(KEPT);
        }
    }
}

impl Inside {
    /// Takes one more byte; whether the data set ends with it.
    fn is_end(&mut self, byte: u8) -> Result<bool, InvalidJson> {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.is_text => self.is_escaped = true,
            b'"' => self.is_text = !self.is_text,
            _ if self.is_text => {}
            b'{' | b'[' => (self.depth, self.things) = (self.depth + 1, self.things + 1),
            b',' => self.things += 1,
            b'}' | b']' if self.depth == 1 => return Ok(true),
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
        if self.things > MAX_THINGS { Err(invalid("a data set holds too much")) } else { Ok(false) }
    }
}

fn invalid(what: &str) -> InvalidJson {
    InvalidJson(what.to_owned())
}

fn no_object() -> InvalidJson {
    invalid("a data set has to be an object with an end")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &[u8], piece: usize) -> Result<Vec<Vec<u8>>, InvalidJson> {
        let (mut sets, mut all) = (DataSets::default(), Vec::new());
        for piece in text.chunks(piece.max(1)) {
            sets.push(piece);
            while let Some(text) = sets.next_text()? {
                all.push(text.to_vec());
            }
        }
        sets.finish().map(|()| all)
    }

    #[test]
    fn data_sets_come_whole_however_the_text_is_cut() {
        let text = br#" [ {"a":"}]\"{\\"} , {"b":[{},[]]},{} ] "#;
        for piece in 1..=text.len() {
            let all = cut(text, piece).unwrap();
            assert_eq!(all, [&br#"{"a":"}]\"{\\"}"#[..], br#"{"b":[{},[]]}"#, b"{}"], "{piece}");
        }
        assert_eq!(cut(b" {} ", 1).unwrap(), [b"{}"]);
        assert_eq!(cut(b" [ ] ", 1).unwrap(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn what_is_no_such_text_is_refused_however_it_is_cut() {
        for wrong in
            ["", " ", "1", "[1]", "[{}", "[{},]", "[,{}]", "[{}]x", "[]]", "{}{}", "[{} {}]", "{", "{\"}", "nonsense"]
        {
            for piece in 1..=wrong.len().max(1) {
                assert!(cut(wrong.as_bytes(), piece).is_err(), "{wrong}");
            }
        }
    }

    #[test]
    fn more_than_fits_is_refused() {
        let values = |count: usize| format!("[{{\"a\":[{}1]}}]", "1,".repeat(count));
        assert!(
            cut(values(MAX_THINGS - 2).as_bytes(), 999).is_ok() && cut(values(MAX_THINGS).as_bytes(), 999).is_err()
        );
        let many = |count: usize| format!("[{}{{}}]", "{},".repeat(count));
        assert!(
            cut(many(MAX_INSTANCES - 1).as_bytes(), 999).is_ok() && cut(many(MAX_INSTANCES).as_bytes(), 999).is_err()
        );
        assert!(cut("[".repeat(10_000).as_bytes(), 7).is_err());
    }

    #[test]
    fn what_has_been_given_out_is_let_go() {
        let mut sets = DataSets::default();
        let large = format!("[{{\"a\":\"{}\"}},", "x".repeat(4 * KEPT));
        sets.push(large.as_bytes());
        assert_eq!(sets.next_text().unwrap().map(<[u8]>::len), Some(large.len() - 2));
        assert!(sets.next_text().unwrap().is_none());
        assert!(sets.held() == 0 && sets.held.capacity() <= 2 * KEPT, "{}", sets.held.capacity());
    }
}
