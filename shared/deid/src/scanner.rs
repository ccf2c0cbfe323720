//! Finding the end of an element, through nested sequences, with limits on depth and length. Never reads past what is there.

use crate::dictionary::dictionary_vr;
use crate::element::{Header, ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, header};
use crate::error::RewriteError;
use crate::syntax::Syntax;

/// Where pixels are: Float, Double Float and Pixel Data.
pub(crate) const PIXELS: [u32; 3] = [0x7FE0_0008, 0x7FE0_0009, 0x7FE0_0010];

/// An element as a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub header: Header,
    /// The value; of an undefined length without its delimiter.
    pub value: &'a [u8],
    /// Header, value and delimiter.
    pub whole: &'a [u8],
    /// How the items of a sequence are written: UN of undefined length is implicit little endian inside (CP-246).
    pub inside: Syntax,
}

impl Element<'_> {
    /// The value representation: the dictionary's if it has one for the tag, else the one written.
    pub fn vr(&self) -> [u8; 2] {
        if (self.header.tag >> 16) & 1 == 1 {
            return self.header.vr;
        }
        match &dictionary_vr(self.header.tag) {
            b"UN" | b"SQ" => self.header.vr,
            known => *known,
        }
    }

    /// How the items of a sequence are written.
    pub fn inside_of(&self, syntax: Syntax) -> Syntax {
        if self.header.vr == *b"UN" && syntax.explicit { Syntax::IMPLICIT } else { self.inside }
    }
}

/// A sequence by its VR, by its undefined length, or by the dictionary if it is written as UN.
pub(crate) fn is_sequence(found: &Element<'_>) -> bool {
    let Element { header, value, .. } = found;
    // Fragments in a sequence, such as those of an icon, are no items.
    let is_fragmented = matches!(&header.vr, b"OB" | b"OW") && PIXELS.contains(&header.tag);
    header.vr == *b"SQ"
        || (header.length == UNDEFINED && !is_fragmented)
        || (header.vr == *b"UN" && !value.is_empty() && dictionary_vr(header.tag) == *b"SQ")
}

/// The element at the beginning of `bytes`; `None`: more bytes are needed.
pub(crate) fn element(bytes: &[u8], syntax: Syntax, depth_left: usize) -> Result<Option<Element<'_>>, RewriteError> {
    let Some(head) = header(bytes, syntax) else { return Ok(None) };
    let inside = if head.vr == *b"UN" && syntax.explicit { Syntax::IMPLICIT } else { syntax };
    if head.tag >> 16 == 0xFFFE {
        return Err(RewriteError::Malformed("an item or delimiter outside of a sequence"));
    }
    let body = &bytes[head.size..];
    let (value, end) = if head.length == UNDEFINED {
        match sequence_end(body, inside, depth_left)? {
            Some(end) => (&body[..end], end + 8),
            None => return Ok(None),
        }
    } else {
        let length = head.length as usize;
        if body.len() < length {
            return Ok(None);
        }
        (&body[..length], length)
    };
    Ok(Some(Element { header: head, value, whole: &bytes[..head.size + end], inside }))
}

/// Where the sequence delimiter begins in the value of an undefined-length sequence.
fn sequence_end(bytes: &[u8], syntax: Syntax, depth_left: usize) -> Result<Option<usize>, RewriteError> {
    let mut at = 0;
    loop {
        let Some(head) = header(&bytes[at..], syntax) else { return Ok(None) };
        match head.tag {
            SEQUENCE_END => return Ok(Some(at)),
            ITEM => match item_end(&bytes[at + 8..], head.length, syntax, depth_left)? {
                Some((content, delimiter)) => at += 8 + content + delimiter,
                None => return Ok(None),
            },
            _ => return Err(RewriteError::Malformed("something else than an item in a sequence")),
        }
    }
}

/// Bytes of an item's content and of its delimiter.
pub(crate) fn item_end(
    bytes: &[u8],
    length: u32,
    syntax: Syntax,
    depth_left: usize,
) -> Result<Option<(usize, usize)>, RewriteError> {
    if length != UNDEFINED {
        return Ok((bytes.len() >= length as usize).then_some((length as usize, 0)));
    }
    let depth_left = depth_left.checked_sub(1).ok_or(RewriteError::TooDeep)?;
    let mut at = 0;
    loop {
        match header(&bytes[at..], syntax) {
            None => return Ok(None),
            Some(head) if head.tag == ITEM_END => return Ok(Some((at, 8))),
            Some(_) => match element(&bytes[at..], syntax, depth_left)? {
                Some(element) => at += element.whole.len(),
                None => return Ok(None),
            },
        }
    }
}

/// The items of a sequence's value, one after the other.
pub(crate) fn items(value: &[u8], syntax: Syntax, depth_left: usize) -> Result<Vec<&[u8]>, RewriteError> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < value.len() {
        let head = header(&value[at..], syntax).ok_or(RewriteError::Truncated)?;
        if head.tag == SEQUENCE_END {
            break;
        }
        if head.tag != ITEM {
            return Err(RewriteError::Malformed("something else than an item in a sequence"));
        }
        let (content, delimiter) =
            item_end(&value[at + 8..], head.length, syntax, depth_left)?.ok_or(RewriteError::Truncated)?;
        found.push(&value[at + 8..at + 8 + content]);
        at += 8 + content + delimiter;
    }
    Ok(found)
}
