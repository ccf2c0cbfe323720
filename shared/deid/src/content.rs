//! Structured content (PS3.15 E.3.4): what happens to a content item's value, by its concept name and value type.

use crate::error::RewriteError;
use crate::profile::{Dates, Rules, Source, Treatment, content};
use crate::scanner::{element, items};
use crate::syntax::Syntax;
use crate::tables::{self, Cell, Column};

/// (0040,A160)
const TEXT_VALUE: u32 = 0x0040_A160;

/// A content item's identity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Item {
    /// (0040,A040)
    pub value_type: String,
    /// Of (0040,A043): scheme and code.
    pub concept: (String, String),
}

impl Item {
    /// Reads the identity of an item.
    pub fn of(item: &[u8], syntax: Syntax, depth_left: usize) -> Result<Self, RewriteError> {
        let mut found = Self::default();
        each(item, syntax, depth_left, |tag, element| {
            match tag {
                0x0040_A040 => found.value_type = text(element.value).to_ascii_uppercase(),
                0x0040_A043 => {
                    let inside = element.inside_of(syntax);
                    let depth_left = depth_left.checked_sub(1).ok_or(RewriteError::TooDeep)?;
                    if let Some(name) = items(element.value, inside, depth_left)?.first() {
                        each(name, inside, depth_left, |tag, element| {
                            match tag {
                                0x0008_0100 | 0x0008_0119 | 0x0008_0120 => found.concept.1 = text(element.value),
                                0x0008_0102 => found.concept.0 = text(element.value),
                                _ => {}
                            }
                            Ok(())
                        })?;
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// What happens to its value; [`Treatment::Remove`] takes the whole item away.
    pub fn treatment(&self, rules: &Rules) -> (Treatment, Source) {
        let options = &rules.profile.options;
        let kind = self.value_type.as_str();
        let row = tables::concept(&self.concept.0, &self.concept.1, kind);
        // A date that no option keeps, such as that of birth, does not move with the others.
        let stays = row.is_none_or(|row| row.option(Column::ModifiedDates).or(row.option(Column::FullDates)).is_some());
        match (kind, options.dates) {
            _ if !stays => {}
            ("DATE" | "DATETIME", Dates::Shift) => return (Treatment::Shift, Source::Option("retain modified dates")),
            ("DATE" | "DATETIME", Dates::Keep) => {
                return (Treatment::Text { free: false }, Source::Option("retain full dates"));
            }
            ("TIME", Dates::Keep | Dates::Shift) => return (Treatment::Time, Source::Option("retain modified dates")),
            _ => {}
        }
        let Some(row) = row else { return (self.unlisted(rules), Source::Basic) };
        let with = |cell| rules.columns.iter().any(|column| row.option(*column) == Some(cell));
        if with(Cell::Keep) {
            let kept = if kind == "TEXT" { Treatment::Text { free: false } } else { Treatment::Keep };
            return (kept, Source::Option("retain"));
        }
        if with(Cell::Clean)
            || (kind == "TEXT" && row.option(Column::StructuredContent).is_some() && self.cleans(rules))
        {
            let cleaned = if kind == "TEXT" { Treatment::Text { free: true } } else { self.unlisted(rules) };
            return (cleaned, Source::Option("clean structured content"));
        }
        // References and codes carry no words of their own; their UIDs are mapped where they stand.
        if matches!(kind, "CONTAINER" | "NUM" | "CODE" | "IMAGE" | "COMPOSITE" | "WAVEFORM") {
            return (Treatment::Keep, Source::Basic);
        }
        let treatment = match content(row.basic, false) {
            // One dummy for all would join what has nothing to do with each other.
            Treatment::Dummy if kind == "UIDREF" => Treatment::Uid,
            other => other,
        };
        (treatment, Source::Basic)
    }

    /// The attribute that holds the value; none for value types that have it in a sequence or nowhere.
    pub fn value_tag(&self) -> Option<u32> {
        Some(match self.value_type.as_str() {
            "DATETIME" => 0x0040_A120,
            "DATE" => 0x0040_A121,
            "TIME" => 0x0040_A122,
            "PNAME" => 0x0040_A123,
            "UIDREF" => 0x0040_A124,
            "TEXT" => TEXT_VALUE,
            _ => return None,
        })
    }

    fn cleans(&self, rules: &Rules) -> bool {
        rules.profile.options.clean_structured_content
    }

    /// Items that Table E.3.4-1 does not list, by their value type.
    fn unlisted(&self, rules: &Rules) -> Treatment {
        match self.value_type.as_str() {
            "TEXT" if self.cleans(rules) => Treatment::Text { free: true },
            "TEXT" | "PNAME" | "DATE" | "DATETIME" | "TIME" => Treatment::Dummy,
            "UIDREF" if rules.profile.options.uids => Treatment::Keep,
            "UIDREF" => Treatment::Uid,
            _ => Treatment::Keep,
        }
    }
}

/// A content item's text where its value type asks for none.
pub(crate) fn stray(tag: u32, rules: &Rules) -> Option<(Treatment, Source)> {
    let cleans = rules.profile.options.clean_structured_content;
    let treatment = if cleans { Treatment::Text { free: true } } else { Treatment::Dummy };
    (tag == TEXT_VALUE).then_some((treatment, Source::Basic))
}

fn each(
    input: &[u8],
    syntax: Syntax,
    depth_left: usize,
    mut take: impl FnMut(u32, &crate::scanner::Element<'_>) -> Result<(), RewriteError>,
) -> Result<(), RewriteError> {
    let mut at = 0;
    while at < input.len() {
        let found = element(&input[at..], syntax, depth_left)?.ok_or(RewriteError::Truncated)?;
        at += found.whole.len();
        take(found.header.tag, &found)?;
    }
    Ok(())
}

fn text(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).trim_matches(['\0', ' ']).to_owned()
}
