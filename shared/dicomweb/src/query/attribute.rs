//! Naming an attribute: keyword, tag, or a path through sequences (PS3.18 8.3.4.1).

use adit_dimse::{Tag, dictionary};

use super::InvalidQuery;

/// Sequences in one another at most.
const MAX_DEPTH: usize = 8;

/// An attribute, with the sequences around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attribute {
    /// The sequences around it, from the outside; empty for the outermost level.
    pub path: Vec<Tag>,
    /// The attribute itself.
    pub tag: Tag,
}

impl Attribute {
    /// An attribute of the outermost level.
    #[must_use]
    pub fn of(tag: Tag) -> Self {
        Self { path: Vec::new(), tag }
    }

    /// Reads `PatientName`, `00100010` or `RequestAttributesSequence.00081030`.
    pub fn parse(text: &str) -> Result<Self, InvalidQuery> {
        let mut tags = Vec::new();
        for part in text.split('.') {
            if tags.len() > MAX_DEPTH {
                return Err(InvalidQuery(format!(
                    "A path of sequences may have {MAX_DEPTH} parts at most; nested deeper it is not understood."
                )));
            }
            match tags.last() {
                Some(Tag(group, element, vr)) if vr != b"SQ" => {
                    let name = name(Tag(*group, *element, *vr));
                    return Err(InvalidQuery(format!("{name} is no sequence: nothing can stand behind its dot.")));
                }
                _ => tags.push(one(part)?),
            }
        }
        let tag = tags.pop().ok_or_else(|| unknown(text))?;
        Ok(Self { path: tags, tag })
    }

    /// Whether it is this attribute of the outermost level.
    #[must_use]
    pub fn is(&self, tag: Tag) -> bool {
        self.path.is_empty() && (self.tag.0, self.tag.1) == (tag.0, tag.1)
    }

    /// Its keyword, or its tag where the standard has no keyword, with those around it.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.iter().chain([&self.tag]).map(|tag| name(*tag)).collect::<Vec<_>>().join(".")
    }
}

fn name(tag: Tag) -> String {
    match dictionary::keyword(tag) {
        // Of ranges of tags the keyword is not that of one attribute.
        Some(keyword) if dictionary::by_keyword(keyword).is_some_and(|known| (known.0, known.1) == (tag.0, tag.1)) => {
            keyword.to_owned()
        }
        _ => format!("{:04X}{:04X}", tag.0, tag.1),
    }
}

fn one(part: &str) -> Result<Tag, InvalidQuery> {
    let is_tag = part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = is_tag.then(|| u32::from_str_radix(part, 16).ok()).flatten();
    match number.map(u32::to_be_bytes) {
        Some([g0, g1, e0, e1]) => {
            let (group, element) = (u16::from_be_bytes([g0, g1]), u16::from_be_bytes([e0, e1]));
            if group <= 2 || element == 0 {
                return Err(InvalidQuery(format!("{part} is no attribute that can be searched.")));
            }
            Ok(Tag(group, element, dictionary::vr_of(group, element, false)))
        }
        None => dictionary::by_keyword(part).filter(|tag| tag.0 > 2).ok_or_else(|| unknown(part)),
    }
}

fn unknown(part: &str) -> InvalidQuery {
    let shown: String = part.chars().filter(|c| !c.is_control()).take(64).collect();
    InvalidQuery(format!(
        "There is no attribute named {shown}. Write a keyword such as PatientID, a tag such as 00100020, or one of limit, offset, includefield and fuzzymatching."
    ))
}
