//! Blackout rules in the format of CTP's `DicomPixelAnonymizer` scripts.
//!
//! ```text
//! Any text as a title
//!   { Modality.equals("CT") * [0008,0070].containsIgnoreCase("maker") * !ImageType.contains("ORIGINAL") }
//!   (0,0,100,20) (480,200,32,250)
//! ```
//!
//! The first block whose condition holds decides; its regions are `(left,top,width,height)`. A block without regions lets
//! the pixels pass as they are. `//` begins a comment.

use std::collections::BTreeSet;

use thiserror::Error;

use super::condition::{Condition, parse};
use super::facts::PixelFacts;
use super::region::Region;

/// The rules that are shipped.
const SHIPPED: &str = include_str!("../../data/pixel-rules.script");
/// Longest script.
const MAX_SCRIPT: usize = 4 << 20;

/// A script that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct ScriptError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, in plain words.
    pub reason: String,
}

/// Compiled rules.
#[derive(Debug, Clone)]
pub struct PixelRules {
    rules: Vec<(Condition, Vec<Region>)>,
    tags: BTreeSet<u32>,
}

impl Default for PixelRules {
    /// The shipped rules.
    fn default() -> Self {
        // A test parses the shipped script; without rules everything risky is held back.
        Self::parse(SHIPPED).unwrap_or(Self { rules: Vec::new(), tags: BTreeSet::new() })
    }
}

impl PixelRules {
    /// Compiles a script. A region that is not understood is an error: it would stay readable.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        if text.len() > MAX_SCRIPT {
            return Err(ScriptError { line: 1, reason: "the script is longer than 4 MiB".to_owned() });
        }
        let error = |at: usize, reason: String| ScriptError { line: line_of(text, at), reason };
        let mut rules: Vec<(Condition, Vec<Region>)> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let open = find_open(text, at).unwrap_or(text.len());
            let regions = regions(text, at, open).map_err(|(at, reason)| error(at, reason))?;
            match rules.last_mut() {
                Some((_, of_rule)) => *of_rule = regions,
                None if !regions.is_empty() => {
                    return Err(error(at, "a region stands before the first { condition }".to_owned()));
                }
                None => {}
            }
            if open == text.len() {
                break;
            }
            let close = find_close(text, open + 1)
                .ok_or_else(|| error(open, "the condition that begins here has no closing '}'".to_owned()))?;
            let condition =
                parse(&text[open + 1..close]).map_err(|(inside, reason)| error(open + 1 + inside, reason))?;
            rules.push((condition, Vec::new()));
            at = close + 1;
        }
        let mut tags = BTreeSet::new();
        rules.iter().for_each(|(condition, _)| condition.tags(&mut tags));
        Ok(Self { rules, tags })
    }

    /// Regions of the first rule that holds; an empty list lets the pixels pass. None: no rule holds.
    #[must_use]
    pub fn regions_for(&self, facts: &PixelFacts) -> Option<Vec<Region>> {
        self.rules.iter().find(|(condition, _)| condition.holds(facts)).map(|(_, regions)| regions.clone())
    }

    /// Whether the policy or a rule asks for this top-level attribute.
    #[must_use]
    pub fn wants(&self, tag: u32) -> bool {
        PixelFacts::wants(tag) || self.tags.contains(&tag)
    }

    /// Number of rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// No rules at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The next opening brace that is not in a comment.
fn find_open(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => return Some(at),
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = end_of_line(bytes, at),
            _ => at += 1,
        }
    }
    None
}

/// The closing brace of a condition, not in quotation marks and not in a comment.
fn find_close(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'}' => return Some(at),
            b'{' => return None,
            b'"' | b'\'' => at += 2 + bytes[at + 1..].iter().position(|other| other == byte)?,
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = end_of_line(bytes, at),
            _ => at += 1,
        }
    }
    None
}

fn end_of_line(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| from + length)
}

/// The regions between two conditions. Other text is a title.
fn regions(text: &str, from: usize, to: usize) -> Result<Vec<Region>, (usize, String)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = from;
    while at < to {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = end_of_line(bytes, at),
            b'(' => {
                let close = bytes[at..to].iter().position(|byte| *byte == b')');
                let end = close.map_or_else(|| end_of_line(bytes, at).min(to), |length| at + length);
                let inside = &text[at + 1..end];
                if inside.bytes().any(|byte| byte.is_ascii_alphabetic()) || !inside.is_ascii() {
                    at += 1;
                    continue;
                }
                let region = close.and_then(|_| region(inside));
                found.push(region.ok_or_else(|| {
                    (at, format!("'({inside})' is not a region: (left,top,width,height) in pixels is expected"))
                })?);
                at = end + 1;
            }
            b'0'..=b'9' => {
                let numbers = bytes[at..to]
                    .iter()
                    .position(|byte| !(byte.is_ascii_digit() || matches!(byte, b',' | b' ')))
                    .map_or(to, |length| at + length);
                if text[at..numbers].split(',').filter(|number| !number.trim().is_empty()).count() > 3 {
                    return Err((
                        at,
                        "four numbers stand here without parentheses: a region is (left,top,width,height)".into(),
                    ));
                }
                at = numbers;
            }
            _ => at += 1,
        }
    }
    Ok(found)
}

fn region(inside: &str) -> Option<Region> {
    let numbers: Vec<u32> = inside.split(',').map(|number| number.trim().parse().ok()).collect::<Option<_>>()?;
    let [left, top, width, height] = numbers[..] else { return None };
    Some(Region { left, top, width, height })
}

#[cfg(test)]
mod tests;
