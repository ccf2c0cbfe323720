//! Conditions of a CTP script: what an attribute's text has to be like, joined by `*` (and), `+` (or), `!` (not).

use std::collections::BTreeSet;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use regex_lite::Regex;

use super::facts::PixelFacts;

/// Deepest nesting of parentheses and negations.
const MAX_DEPTH: usize = 64;

/// A condition over top-level attributes.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Always(bool),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Test { tag: u32, test: Test },
}

/// A comparison with the whole text of an attribute; several values are joined by backslashes.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Equals(String),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    /// One of the four above, with both sides in lower case.
    IgnoreCase(Box<Test>),
    Matches(Regex),
    Greater(f64),
    Less(f64),
}

impl Condition {
    /// Whether the facts meet the condition. An absent attribute is an empty text.
    pub(super) fn holds(&self, facts: &PixelFacts) -> bool {
        match self {
            Self::Always(always) => *always,
            Self::Not(inner) => !inner.holds(facts),
            Self::All(all) => all.iter().all(|one| one.holds(facts)),
            Self::Any(any) => any.iter().any(|one| one.holds(facts)),
            Self::Test { tag, test } => test.holds(facts.text(*tag)),
        }
    }

    /// Adds the attributes it asks for.
    pub(super) fn tags(&self, found: &mut BTreeSet<u32>) {
        match self {
            Self::Always(_) => {}
            Self::Not(inner) => inner.tags(found),
            Self::All(several) | Self::Any(several) => several.iter().for_each(|one| one.tags(found)),
            Self::Test { tag, .. } => {
                found.insert(*tag);
            }
        }
    }
}

impl Test {
    fn holds(&self, text: &str) -> bool {
        let number = || text.split('\\').next().and_then(|first| first.trim().parse::<f64>().ok());
        match self {
            Self::Equals(wanted) => text == wanted,
            Self::Contains(wanted) => text.contains(wanted),
            Self::StartsWith(wanted) => text.starts_with(wanted),
            Self::EndsWith(wanted) => text.ends_with(wanted),
            Self::IgnoreCase(test) => test.holds(&text.to_lowercase()),
            Self::Matches(regex) => regex.is_match(text),
            Self::Greater(limit) => number().is_some_and(|number| number > *limit),
            Self::Less(limit) => number().is_some_and(|number| number < *limit),
        }
    }

    fn named(method: &str, argument: &str) -> Result<Self, String> {
        let lower = || argument.to_lowercase();
        let ignoring_case = |test| Ok(Self::IgnoreCase(Box::new(test)));
        let number = || argument.trim().parse().map_err(|_| format!("'{argument}' is not a number"));
        match method {
            "equals" => Ok(Self::Equals(argument.to_owned())),
            "contains" => Ok(Self::Contains(argument.to_owned())),
            "startsWith" => Ok(Self::StartsWith(argument.to_owned())),
            "endsWith" => Ok(Self::EndsWith(argument.to_owned())),
            "equalsIgnoreCase" => ignoring_case(Self::Equals(lower())),
            "containsIgnoreCase" => ignoring_case(Self::Contains(lower())),
            "startsWithIgnoreCase" => ignoring_case(Self::StartsWith(lower())),
            "endsWithIgnoreCase" => ignoring_case(Self::EndsWith(lower())),
            "matches" => Regex::new(&format!(r"\A(?:{argument})\z"))
                .map(Self::Matches)
                .map_err(|_| format!("'{argument}' is not a regular expression that is understood here")),
            "isGreaterThan" => number().map(Self::Greater),
            "isLessThan" => number().map(Self::Less),
            _ => Err(format!("there is no comparison '{method}'")),
        }
    }
}

/// Parses a condition. The error is the byte where it stops making sense, and why.
pub(super) fn parse(text: &str) -> Result<Condition, (usize, String)> {
    let mut parser = Parser { text, at: 0 };
    let condition = parser.any(0).map_err(|reason| (parser.at, reason))?;
    match parser.peek() {
        None => Ok(condition),
        Some(character) => Err((parser.at, format!("'{character}' is not expected here"))),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Skips spaces and comments up to the end of their line.
    fn peek(&mut self) -> Option<char> {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            if !self.rest().starts_with("//") {
                return self.rest().chars().next();
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn accept(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.accept(wanted) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(found) => format!("'{wanted}' is expected, not '{found}'"),
            None => format!("'{wanted}' is missing at the end of the condition"),
        })
    }

    fn any(&mut self, depth: usize) -> Result<Condition, String> {
        let mut several = vec![self.all(depth)?];
        while self.accept('+') {
            several.push(self.all(depth)?);
        }
        Ok(if several.len() == 1 { several.remove(0) } else { Condition::Any(several) })
    }

    fn all(&mut self, depth: usize) -> Result<Condition, String> {
        let mut several = vec![self.one(depth)?];
        while self.accept('*') {
            several.push(self.one(depth)?);
        }
        Ok(if several.len() == 1 { several.remove(0) } else { Condition::All(several) })
    }

    fn one(&mut self, depth: usize) -> Result<Condition, String> {
        if depth > MAX_DEPTH {
            return Err("the condition is nested too deeply".to_owned());
        }
        match self.peek() {
            Some('!') => {
                self.at += 1;
                Ok(Condition::Not(Box::new(self.one(depth + 1)?)))
            }
            Some('(') if number_tag(&self.rest()[1..]).is_none() => {
                self.at += 1;
                let inner = self.any(depth + 1)?;
                self.expect(')')?;
                Ok(inner)
            }
            Some(_) => self.test(),
            None => Err("the condition ends where a comparison is expected".to_owned()),
        }
    }

    fn test(&mut self) -> Result<Condition, String> {
        let tag = if self.accept('[') || self.accept('(') {
            let tag = number_tag(self.rest())
                .ok_or("an attribute looks like [0008,0070]; items of sequences are not supported")?;
            self.at += 9;
            if !self.accept(']') && !self.accept(')') {
                return Err("']' is expected behind the number; items of sequences are not supported".to_owned());
            }
            tag
        } else {
            let start = self.at;
            let word = self.word();
            match word {
                "true" | "false" if self.accept('.') => return Ok(Condition::Always(word == "true")),
                "" => return Err("the name or number of an attribute is expected".to_owned()),
                _ => {}
            }
            let Some(entry) = StandardDataDictionary.by_name(word) else {
                self.at = start;
                return Err(format!("there is no attribute '{word}'"));
            };
            let tag = entry.tag();
            u32::from(tag.0) << 16 | u32::from(tag.1)
        };
        self.expect('.')?;
        self.peek();
        let method = self.word();
        self.expect('(')?;
        let argument = self.quoted()?;
        self.expect(')')?;
        Ok(Condition::Test { tag, test: Test::named(method, &argument)? })
    }

    fn word(&mut self) -> &'a str {
        self.peek();
        let rest = self.rest();
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn quoted(&mut self) -> Result<String, String> {
        let Some(quote @ ('"' | '\'')) = self.peek() else {
            return Err("a text in quotation marks is expected".to_owned());
        };
        self.at += 1;
        let rest = self.rest();
        let end = rest.find(quote).ok_or("the closing quotation mark is missing")?;
        self.at += end + 1;
        Ok(rest[..end].to_owned())
    }
}

/// `gggg,eeee` at the start of a text.
fn number_tag(text: &str) -> Option<u32> {
    let (group, element) = (text.get(..4)?, text.get(5..9)?);
    let hexadecimal = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.as_bytes().get(4) != Some(&b',') || !hexadecimal(group) || !hexadecimal(element) {
        return None;
    }
    Some(u32::from_str_radix(group, 16).ok()? << 16 | u32::from_str_radix(element, 16).ok()?)
}
