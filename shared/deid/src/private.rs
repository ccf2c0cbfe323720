//! Private elements (PS3.5 7.8): which of them stay, under the creator that has reserved their block.

use std::collections::{HashMap, HashSet};

use crate::error::RewriteError;
use crate::profile::{Dates, Source, Treatment, private_by_rule};
use crate::scanner::{Element, element, is_sequence};
use crate::syntax::Syntax;
use crate::tables;
use crate::text::glyphs::CharacterSets;
use crate::value::Secrets;

/// The private blocks of one data set or item: who made them, and what of them stays.
#[derive(Default)]
pub(crate) struct Blocks {
    creators: HashMap<u32, String>,
    /// What stays, with its treatment.
    kept: HashMap<u32, (Treatment, Source)>,
    /// Blocks of which something stays.
    used: HashSet<u32>,
}

impl Blocks {
    /// Looks through the private elements of one level. Without a rule that could keep one, nothing is looked at.
    pub fn of(
        input: &[u8],
        (syntax, sets): (Syntax, &CharacterSets),
        depth_left: usize,
        secrets: Option<&Secrets<'_>>,
    ) -> Result<Self, RewriteError> {
        let mut blocks = Self::default();
        let Some(secrets) = secrets else { return Ok(blocks) };
        let profile = &secrets.deidentifier.rules.profile;
        if !profile.options.safe_private && profile.overrides.is_empty() {
            return Ok(blocks);
        }
        let mut at = 0;
        while at < input.len() {
            let found = element(&input[at..], syntax, depth_left)?.ok_or(RewriteError::Truncated)?;
            at += found.whole.len();
            let tag = found.header.tag;
            if (tag >> 16) & 1 == 0 {
                continue;
            }
            if (0x10..=0xFF).contains(&(tag & 0xFFFF)) {
                let creator = sets.read(found.value).string();
                blocks.creators.insert(tag, creator.trim_matches(['\0', ' ']).to_owned());
                continue;
            }
            let block = block_of(tag);
            let Some(creator) = blocks.creators.get(&block) else { continue };
            if let Some(kept) = private(secrets, creator, &found) {
                blocks.kept.insert(tag, kept);
                blocks.used.insert(block);
            }
        }
        Ok(blocks)
    }

    /// What happens to a private element; `None`: it goes.
    pub fn treatment(&self, found: &Element<'_>) -> Option<(Treatment, Source)> {
        let tag = found.header.tag;
        if self.used.contains(&tag) {
            return Some((Treatment::Text { free: false }, Source::Private));
        }
        self.kept.get(&tag).cloned()
    }
}

/// What a private element's treatment is if it stays.
fn private(secrets: &Secrets<'_>, creator: &str, found: &Element<'_>) -> Option<(Treatment, Source)> {
    let (tag, profile) = (found.header.tag, &secrets.deidentifier.rules.profile);
    let [g0, g1, _, low] = tag.to_be_bytes();
    let listed = tables::safe_private_vr(creator, u16::from_be_bytes([g0, g1]), low);
    let vr = if found.header.vr == *b"UN" { listed.unwrap_or(*b"UN") } else { found.header.vr };
    if let Some(action) = profile.overrides.of_private(creator, tag, vr) {
        let treatment = private_by_rule(action, vr);
        return (treatment != Treatment::Remove).then_some((treatment, Source::Project));
    }
    listed.filter(|_| profile.options.safe_private)?;
    if is_sequence(found) {
        return None;
    }
    let treatment = match &vr {
        b"DA" | b"DT" if profile.options.dates == Dates::Shift => Treatment::Shift,
        b"DA" | b"DT" if profile.options.dates == Dates::Keep => Treatment::Text { free: false },
        b"DA" | b"DT" | b"PN" => Treatment::Remove,
        b"TM" => Treatment::Time,
        b"UI" => Treatment::Uid,
        b"LO" | b"LT" | b"ST" | b"UC" | b"UT" | b"SH" => Treatment::Text { free: true },
        _ => Treatment::Keep,
    };
    (treatment != Treatment::Remove).then_some((treatment, Source::Option("retain safe private")))
}

/// The creator's tag of a private element (PS3.5 7.8.1).
fn block_of(tag: u32) -> u32 {
    tag & 0xFFFF_0000 | (tag >> 8) & 0xFF
}
