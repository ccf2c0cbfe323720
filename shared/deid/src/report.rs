//! What was done to an instance, attribute by attribute, without values unless a dry run asks for them.

use std::collections::BTreeMap;

use crate::dictionary::keyword;
use crate::facts::Facts;
use crate::key::PatientToken;
use crate::profile::Source;

/// What happened to an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// It is gone.
    Removed,
    /// It stands there without a value.
    Emptied,
    /// It has a value that says nothing.
    Replaced,
    /// Its UIDs are pseudonymous.
    Mapped,
    /// Its dates have moved.
    Shifted,
    /// Parts of its text are gone.
    Cleaned,
    /// It has a keyed hash of its value.
    Hashed,
    /// We wrote it.
    Written,
    /// It was no valid date, time or age and stands there without a value.
    Invalid,
}

impl What {
    /// One word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Emptied => "emptied",
            Self::Replaced => "replaced",
            Self::Mapped => "mapped",
            Self::Shifted => "shifted",
            Self::Cleaned => "cleaned",
            Self::Hashed => "hashed",
            Self::Written => "written",
            Self::Invalid => "invalid",
        }
    }
}

impl Source {
    /// Why, in a few words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project rule",
            Self::Option(option) => option,
            Self::Basic => "basic profile",
            Self::Representation => "value representation",
            Self::Private => "private element",
            Self::Structure => "not part of the object",
            Self::Identifier => "held an identifier",
            Self::Mark => "pseudonym and marks",
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Tags from the outermost sequence to the attribute.
    pub path: Vec<u32>,
    /// What happened.
    pub what: What,
    /// Why.
    pub why: Source,
    /// The value before, in a dry run.
    pub old: Option<String>,
    /// The value after, in a dry run.
    pub new: Option<String>,
}

impl Change {
    /// `(0008,1140)/(0008,1155)`.
    #[must_use]
    pub fn path(&self) -> impl std::fmt::Display + '_ {
        struct Path<'a>(&'a [u32]);
        impl std::fmt::Display for Path<'_> {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                for (place, tag) in self.0.iter().enumerate() {
                    let before = if place == 0 { "" } else { "/" };
                    write!(out, "{before}({:04X},{:04X})", tag >> 16, tag & 0xFFFF)?;
                }
                Ok(())
            }
        }
        Path(&self.path)
    }

    /// The same as a text.
    #[must_use]
    pub fn path_text(&self) -> String {
        self.path().to_string()
    }

    /// The keyword of the attribute itself; empty for private and unknown ones.
    #[must_use]
    pub fn keyword(&self) -> &'static str {
        self.path.last().and_then(|tag| keyword(*tag)).unwrap_or_default()
    }
}

/// What became of the pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pixels {
    /// There are none, or they passed as they were.
    #[default]
    Untouched,
    /// Texts between compressed pixels, or bytes behind the last frame, were blanked.
    Scrubbed,
    /// Regions were blacked out.
    BlackedOut,
}

/// What was found and done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What the header said.
    pub facts: Facts,
    /// SOP Instance UID as written.
    pub sop_instance_uid: String,
    /// Transfer syntax as written.
    pub transfer_syntax_uid: String,
    /// Bytes of file meta information, if it was asked for.
    pub data_set_offset: u64,
    /// The profile and its version; empty when identity stays.
    pub profile: String,
    /// Whose instance it is; absent when identity stays.
    pub patient: Option<PatientToken>,
    /// The pseudonym as written.
    pub pseudonym: String,
    /// Every change, in the order of the data set.
    pub changes: Vec<Change>,
    /// What became of the pixels.
    pub pixels: Pixels,
}

/// How often something was done to the same attribute.
pub type Summary = BTreeMap<(Vec<u32>, What, Source), u64>;

impl Report {
    /// Adds the changes to a summary over many instances. Items of the same sequence count together.
    pub fn add_to(&self, summary: &mut Summary) {
        for change in &self.changes {
            *summary.entry((change.path.clone(), change.what, change.why)).or_default() += 1;
        }
    }
}
