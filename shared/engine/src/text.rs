//! Reading answers of a peer: decoded texts, dates and numbers as people write them.

use adit_dimse::{Identifier, Tag, Value, tags};
use adit_domain::text;

/// An answer with the character set that it declares.
pub(crate) struct Answer<'a> {
    identifier: &'a Identifier,
    /// Some text was a guess.
    pub guessed: bool,
}

impl<'a> Answer<'a> {
    pub fn new(identifier: &'a Identifier) -> Self {
        Self { identifier, guessed: false }
    }

    /// A text in its declared character set, or the best guess.
    pub fn text(&mut self, tag: Tag) -> String {
        let charset = self.identifier.raw(tags::SPECIFIC_CHARACTER_SET).unwrap_or_default();
        let decoded = text::decode(self.identifier.raw(tag).unwrap_or_default(), charset);
        self.guessed |= decoded.guessed;
        decoded.text.trim().replace(|c: char| c.is_control(), " ")
    }

    /// A code, UID or number as it stands.
    pub fn code(&self, tag: Tag) -> String {
        self.identifier.text(tag)
    }

    /// Several codes.
    pub fn codes(&self, tag: Tag) -> Vec<String> {
        self.code(tag).split('\\').map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect()
    }

    /// `YYYY-MM-DD`, or empty for nothing and for nonsense.
    pub fn date(&self, tag: Tag) -> String {
        let digits: String = self.code(tag).chars().filter(char::is_ascii_digit).collect();
        if digits.len() == 8 { format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]) } else { String::new() }
    }

    /// `HH:MM:SS`, or empty for nothing and for nonsense.
    pub fn time(&self, tag: Tag) -> String {
        let whole: String =
            self.code(tag).split('.').next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
        match whole.len() {
            2 | 4 | 6 => {
                let full = format!("{whole:0<6}");
                format!("{}:{}:{}", &full[..2], &full[2..4], &full[4..])
            }
            _ => String::new(),
        }
    }

    /// A number, if it is one.
    pub fn number<T: std::str::FromStr>(&self, tag: Tag) -> Option<T> {
        self.code(tag).parse().ok()
    }
}

/// A UID as it is compared: without padding.
pub(crate) fn uid_key(uid: &str) -> &str {
    uid.trim_matches(|c: char| c == '\0' || c == ' ')
}

/// Value representations whose text is written in the declared character set (PS3.5 6.2).
const IN_CHARSET: [&[u8; 2]; 7] = [b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UT"];

/// The same data set in UTF-8, at every level, whatever character sets it declares or has.
pub(crate) fn in_utf8(identifier: &Identifier) -> Identifier {
    let mut mended = converted(identifier, b"");
    mended.set_raw(tags::SPECIFIC_CHARACTER_SET, b"ISO_IR 192");
    mended
}

fn converted(identifier: &Identifier, outer: &[u8]) -> Identifier {
    let own = identifier.raw(tags::SPECIFIC_CHARACTER_SET).filter(|value| !value.is_empty());
    let charset = own.unwrap_or(outer);
    let mut mended = Identifier::new();
    for (tag, value) in identifier.entries() {
        match value {
            Value::Items(items) => mended.set_items(tag, items.iter().map(|item| converted(item, charset)).collect()),
            Value::Bytes(raw) if IN_CHARSET.contains(&&tag.2) => {
                mended.set_raw(tag, text::decode(raw, charset).text.as_bytes());
            }
            Value::Bytes(_) if tag == tags::SPECIFIC_CHARACTER_SET => {}
            Value::Bytes(raw) => mended.set_raw(tag, raw),
        }
    }
    mended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_at_every_level_become_utf_8() {
        let mut item = Identifier::new();
        item.set_raw(tags::STUDY_DESCRIPTION, b"Sch\xe4del");
        let mut set = Identifier::new().with(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 100").with(tags::MODALITY, "CT");
        set.set_raw(tags::PATIENT_NAME, b"M\xfcller^Hans");
        let sequence = Tag(0x40, 0x275, *b"SQ");
        set.set_items(sequence, vec![item]);
        let mended = in_utf8(&set);
        assert_eq!(mended.text(tags::SPECIFIC_CHARACTER_SET), "ISO_IR 192");
        assert_eq!((mended.text(tags::PATIENT_NAME), mended.text(tags::MODALITY)), ("Müller^Hans".into(), "CT".into()));
        assert_eq!(mended.items(sequence).unwrap()[0].text(tags::STUDY_DESCRIPTION), "Schädel");
    }
}
