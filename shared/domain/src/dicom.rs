//! DICOM's own value types, parsed once at the edge so that nothing behind it has to check again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A value that a person or a peer gave and that cannot be used; the sentence says what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the {what} {why}")]
pub struct InvalidValue {
    /// What the value was meant to be, such as "port".
    pub what: &'static str,
    /// What is wrong and what would be right.
    pub why: String,
}

impl InvalidValue {
    /// Says that `what` cannot be used because of `why`.
    pub fn new(what: &'static str, why: impl Into<String>) -> Self {
        Self { what, why: why.into() }
    }
}

macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, $parse:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and takes over `text`; surrounding blanks and trailing NULs are padding, not part of the value.
            pub fn parse(text: &str) -> Result<Self, InvalidValue> {
                $parse(text).map(Self)
            }

            /// The value without padding.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;
            fn try_from(text: String) -> Result<Self, InvalidValue> {
                Self::parse(&text)
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

text_value!(
    /// An application entity title: 1 to 16 characters of the default repertoire without backslash (PS3.5 6.2, VR AE).
    AeTitle,
    parse_ae_title
);
text_value!(
    /// A unique identifier as peers really send it: 1 to 64 digits and dots. Component rules (PS3.5 9.1) are deliberately
    /// not enforced: archives hold UIDs with leading zeros, and a study must not be lost for that.
    Uid,
    parse_uid
);

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c == ' ' || c == '\0')
}

fn parse_ae_title(text: &str) -> Result<String, InvalidValue> {
    let title = trim(text);
    let fits = !title.is_empty() && title.len() <= 16 && title.bytes().all(|b| (0x20..0x7F).contains(&b) && b != b'\\');
    if fits {
        Ok(title.to_owned())
    } else {
        Err(InvalidValue::new("AE title", "must have 1 to 16 plain letters, digits or signs, without a backslash"))
    }
}

fn parse_uid(text: &str) -> Result<String, InvalidValue> {
    let uid = trim(text);
    if !uid.is_empty() && uid.len() <= 64 && uid.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        Ok(uid.to_owned())
    } else {
        Err(InvalidValue::new("UID", "must have 1 to 64 digits and dots"))
    }
}

/// Checks free text that ends up in a DICOM attribute: at most `max` characters, no backslash, no control characters.
pub fn check_text(what: &'static str, text: &str, max: usize) -> Result<(), InvalidValue> {
    if text.chars().count() > max {
        return Err(InvalidValue::new(what, format!("may have {max} characters at most")));
    }
    if text.chars().any(|c| c == '\\' || c.is_control()) {
        return Err(InvalidValue::new(what, "must not contain a backslash or control characters"));
    }
    Ok(())
}

/// Whether `value` matches `pattern` with DICOM's wild cards `*` and `?` over the whole value (PS3.4 C.2.2.2.4), without regard to case.
#[must_use]
pub fn wildcard_matches(pattern: &str, value: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let value: Vec<char> = value.to_lowercase().chars().collect();
    let (mut p, mut v, mut star) = (0, 0, None);
    while v < value.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, v));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == value[v]) {
            p += 1;
            v += 1;
        } else if let Some((star_p, star_v)) = star {
            p = star_p + 1;
            v = star_v + 1;
            star = Some((star_p, v));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ae_titles_and_uids_are_checked() {
        assert_eq!(AeTitle::parse(" ORTHANC ").unwrap().as_str(), "ORTHANC");
        assert!(AeTitle::parse("A_TITLE_OF_17_CHAR").is_err());
        assert!(AeTitle::parse("back\\slash").is_err());
        assert_eq!(Uid::parse("1.2.0840.1\0").unwrap().as_str(), "1.2.0840.1");
        assert!(Uid::parse("../etc").is_err());
        assert!(Uid::parse("").is_err());
    }

    #[test]
    fn wildcards_match_the_whole_value() {
        assert!(wildcard_matches("Müller*", "müller^hans"));
        assert!(wildcard_matches("*tho?ax*", "CT Thorax nativ"));
        assert!(wildcard_matches("**", ""));
        assert!(!wildcard_matches("thorax", "CT thorax"));
        assert!(!wildcard_matches("?", ""));
    }

    #[test]
    fn text_for_attributes_has_no_backslash() {
        assert!(check_text("pseudonym", "P-001", 64).is_ok());
        assert!(check_text("pseudonym", "P\\1", 64).is_err());
        assert!(check_text("pseudonym", &"x".repeat(65), 64).is_err());
    }
}
