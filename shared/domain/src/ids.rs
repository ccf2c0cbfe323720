//! Identifiers that a person or a URL may show: ULIDs (128 bit, sortable by creation time, not guessable from one another).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::dicom::InvalidValue;
use crate::time::Timestamp;

/// Crockford's base 32, as the ULID specification asks.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Encodes 48 bits of time and 80 bits of randomness as the 26 characters of a ULID.
fn encode(now: Timestamp, random: u128) -> String {
    let time = u128::from(now.0.max(0).unsigned_abs() & 0xFFFF_FFFF_FFFF);
    let bits = (time << 80) | (random & ((1 << 80) - 1));
    (0..26).rev().map(|place| char::from(ALPHABET[usize::try_from((bits >> (place * 5)) & 31).unwrap_or(0)])).collect()
}

fn is_ulid(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|byte| ALPHABET.contains(&byte)) && text.as_bytes()[0] <= b'7'
}

macro_rules! id {
    ($name:ident, $noun:literal) => {
        #[doc = concat!("Identifies one ", $noun, ".")]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// A new identifier from the present moment and at least 80 random bits.
            #[must_use]
            pub fn new(now: Timestamp, random: u128) -> Self {
                Self(encode(now, random))
            }

            /// The 26 characters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;
            fn try_from(text: String) -> Result<Self, InvalidValue> {
                if is_ulid(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidValue::new(concat!($noun, " id"), "is not known"))
                }
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

id!(JobId, "job");
id!(TaskId, "task");
id!(RuleId, "rule");
id!(NodeId, "node");
id!(UserId, "user");
id!(GroupId, "group");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_sort_later_and_round_trip() {
        let first = JobId::new(Timestamp(1_700_000_000_000), u128::MAX);
        let second = JobId::new(Timestamp(1_700_000_000_001), 0);
        assert!(first < second);
        assert_eq!(first.as_str().parse::<JobId>().unwrap(), first);
        assert_eq!(second.as_str().len(), 26);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "..", "81BX5ZZKBKACTAV9WEVGEMMVRZ", "01ARZ3NDEKTSV4RRFFQ69G5FAU!", "01arz3ndektsv4rrffq69g5fav"]
        {
            assert!(text.parse::<TaskId>().is_err(), "{text}");
        }
    }
}
