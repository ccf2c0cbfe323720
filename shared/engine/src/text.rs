//! Reading answers of a peer: decoded texts, dates and numbers as people write them.

use adit_dimse::{Identifier, Tag, tags};
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
