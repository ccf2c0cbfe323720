//! Rewriting a header by the project's rules: what stays is copied byte for byte, changed sequences get undefined lengths.

use std::ops::Range;

use crate::content::{Item, stray};
use crate::dictionary::keyword;
use crate::element::{ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, padding, put_header, put_padded, put_value};
use crate::error::RewriteError;
use crate::marks::Inserted;
use crate::private::Blocks;
use crate::profile::{Place, Source, Treatment, is_required};
use crate::report::{Change, What};
use crate::scanner::{Element, element, is_sequence, items};
use crate::survey::sets_of;
use crate::syntax::Syntax;
use crate::text::glyphs::CharacterSets;
use crate::value::{Outcome, Secrets, dummy};

/// The rewriting of one data set.
pub(crate) struct Rewrite<'a> {
    /// `None`: identity stays; only the trial's attributes are written.
    pub secrets: Option<&'a Secrets<'a>>,
    pub sop_class_uid: &'a str,
    pub keeps_content_items: bool,
    pub max_depth: usize,
    pub with_values: bool,
    /// What was done.
    pub changes: Vec<Change>,
    /// Ranges of the output that hold our values, or numbers and dates that mean nothing else.
    pub ours: Vec<Range<usize>>,
    path: Vec<u32>,
}

/// Where an element stands.
#[derive(Clone, Copy)]
struct Scope<'a> {
    syntax: Syntax,
    sets: &'a CharacterSets,
    /// The content item that this is.
    content: Option<&'a ContentRule>,
}

/// What happens to a content item.
struct ContentRule {
    treatment: Treatment,
    why: Source,
    /// The attribute that the treatment is for.
    value: Option<u32>,
}

impl<'a> Rewrite<'a> {
    pub fn new(secrets: Option<&'a Secrets<'a>>, sop_class_uid: &'a str, max_depth: usize) -> Self {
        Self {
            secrets,
            sop_class_uid,
            keeps_content_items: false,
            max_depth,
            with_values: false,
            changes: Vec::new(),
            ours: Vec::new(),
            path: Vec::new(),
        }
    }

    /// Rewrites the top level, with `inserted` (sorted) in its places.
    pub fn top(
        &mut self,
        input: &[u8],
        syntax: Syntax,
        sets: &CharacterSets,
        inserted: &[Inserted],
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        self.level(input, Scope { syntax, sets, content: None }, inserted, out)
    }

    fn level(
        &mut self,
        input: &[u8],
        scope: Scope<'_>,
        inserted: &[Inserted],
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        let depth_left = self.max_depth.checked_sub(self.path.len()).ok_or(RewriteError::TooDeep)?;
        let mut blocks = Blocks::of(input, (scope.syntax, scope.sets), depth_left, self.secrets)?;
        let mut waiting = inserted.iter().peekable();
        let mut at = 0;
        while at < input.len() {
            let found = element(&input[at..], scope.syntax, depth_left)?.ok_or(RewriteError::Truncated)?;
            at += found.whole.len();
            let tag = found.header.tag;
            while let Some(mark) = waiting.next_if(|mark| mark.tag <= tag) {
                self.mark(mark, (mark.tag == tag).then_some(&found), scope, out);
            }
            if inserted.iter().any(|mark| mark.tag == tag) {
                continue;
            }
            if tag & 0xFFFF == 0 {
                self.note(tag, What::Removed, Source::Structure);
                continue;
            }
            self.path.push(tag);
            let done = self.element(&found, scope, &mut blocks, out);
            self.path.pop();
            done?;
        }
        for mark in waiting {
            self.mark(mark, None, scope, out);
        }
        Ok(())
    }

    fn mark(&mut self, mark: &Inserted, before: Option<&Element<'_>>, scope: Scope<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        mark.put(out, scope.syntax);
        if out.len() == start && before.is_none() {
            return;
        }
        if before.is_some_and(|found| found.whole == &out[start..]) {
            self.ours.push(start..out.len());
            return;
        }
        self.ours.push(start..out.len());
        self.path.push(mark.tag);
        self.record(What::Written, Source::Mark, || {
            let old = before.filter(|found| !is_sequence(found)).map(|found| scope.sets.read(found.value).string());
            (old, Some(mark.shown()))
        });
        self.path.pop();
    }

    fn element(
        &mut self,
        found: &Element<'_>,
        scope: Scope<'_>,
        blocks: &mut Blocks,
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        let Some(secrets) = self.secrets else {
            out.extend_from_slice(found.whole);
            return Ok(());
        };
        let tag = found.header.tag;
        let vr = found.vr();
        let (treatment, why) = if (tag >> 16) & 1 == 1 {
            match blocks.treatment(found) {
                Some(found) => found,
                None => return self.gone(found, scope, What::Removed, Source::Private),
            }
        } else {
            let rules = &secrets.deidentifier.rules;
            match scope.content {
                Some(item) if item.value == Some(tag) => (item.treatment.clone(), item.why),
                Some(_) => stray(tag, rules).unwrap_or_else(|| rules.of(&self.place(found, vr))),
                None => rules.of(&self.place(found, vr)),
            }
        };
        if is_sequence(found) {
            return self.sequence_by(&treatment, why, found, scope, out);
        }
        match secrets.apply(&treatment, vr, found.value, scope.sets) {
            Outcome::Keep { harmless } => {
                let start = out.len();
                out.extend_from_slice(found.whole);
                if harmless {
                    self.ours.push(start..out.len());
                }
                Ok(())
            }
            Outcome::Remove => self.gone(found, scope, What::Removed, why),
            Outcome::Empty(What::Cleaned) => {
                // Nothing is left: where the object needs a value it gets one that says nothing.
                let is_needed = (tag >> 16) & 1 == 0 && is_required(&self.place(found, vr));
                let value = if is_needed { dummy(vr) } else { Vec::new() };
                self.put(found, scope, &value, (What::Cleaned, Source::Identifier), is_needed, out)
            }
            Outcome::Empty(what) => self.put(found, scope, &[], (what, why), false, out),
            Outcome::Put(value, What::Cleaned) => {
                let why = if matches!(treatment, Treatment::Text { free: true }) { why } else { Source::Identifier };
                // What stays of numbers is none, whatever digits stand in them.
                let is_ours = matches!(&vr, b"DS" | b"IS" | b"AS");
                self.put(found, scope, &value, (What::Cleaned, why), is_ours, out)
            }
            Outcome::Put(value, what) => self.put(found, scope, &value, (what, why), true, out),
            Outcome::Poisoned if (tag >> 16) & 1 == 1 => self.gone(found, scope, What::Removed, Source::Identifier),
            Outcome::Poisoned => {
                self.put(found, scope, &dummy(found.header.vr), (What::Replaced, Source::Identifier), true, out)
            }
        }
    }

    fn place<'b>(&self, found: &Element<'_>, vr: [u8; 2]) -> Place<'b>
    where
        'a: 'b,
    {
        let parent = self.path.len().checked_sub(2).map_or(0, |at| self.path[at]);
        let vr = if is_sequence(found) { *b"SQ" } else { vr };
        Place { sop_class_uid: self.sop_class_uid, parent, tag: found.header.tag, vr }
    }

    fn gone(&mut self, found: &Element<'_>, scope: Scope<'_>, what: What, why: Source) -> Result<(), RewriteError> {
        self.record(what, why, || (shown(found, scope), None));
        Ok(())
    }

    fn put(
        &mut self,
        found: &Element<'_>,
        scope: Scope<'_>,
        value: &[u8],
        (what, why): (What, Source),
        is_ours: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        let start = out.len();
        // Text that is written as UN is still text.
        let pad = if what == What::Cleaned { b' ' } else { padding(found.header.vr) };
        put_padded(out, scope.syntax, found.header.tag, found.header.vr, value, pad);
        if is_ours {
            self.ours.push(start..out.len());
        }
        if found.whole != &out[start..] {
            self.record(what, why, || (shown(found, scope), Some(scope.sets.read(value).string())));
        }
        Ok(())
    }

    fn sequence_by(
        &mut self,
        treatment: &Treatment,
        why: Source,
        found: &Element<'_>,
        scope: Scope<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        let tag = found.header.tag;
        match treatment {
            Treatment::Remove => self.gone(found, scope, What::Removed, why),
            Treatment::Empty => self.put(found, scope, &[], (What::Emptied, why), false, out),
            Treatment::Dummy if keyword(tag).is_some_and(|keyword| keyword.ends_with("CodeSequence")) => {
                self.dummy_code(found, scope, out);
                self.record(What::Replaced, why, || (None, None));
                Ok(())
            }
            Treatment::Content => self.sequence(found, scope, true, out),
            // Whatever else stands in its items goes by rules of its own.
            _ => self.sequence(found, scope, false, out),
        }
    }

    fn dummy_code(&mut self, found: &Element<'_>, scope: Scope<'_>, out: &mut Vec<u8>) {
        let inside = found.inside_of(scope.syntax);
        put_header(out, scope.syntax, found.header.tag, found.header.vr, UNDEFINED);
        put_header(out, inside, ITEM, *b"  ", UNDEFINED);
        put_value(out, inside, 0x0008_0100, *b"SH", b"REMOVED");
        put_value(out, inside, 0x0008_0102, *b"SH", b"99ADIT");
        put_value(out, inside, 0x0008_0104, *b"LO", b"REMOVED");
        put_header(out, inside, ITEM_END, *b"  ", 0);
        put_header(out, inside, SEQUENCE_END, *b"  ", 0);
    }

    /// Rewrites the items; a sequence in which nothing changes is copied as it is.
    fn sequence(
        &mut self,
        found: &Element<'_>,
        scope: Scope<'_>,
        is_content: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        let depth_left = self.max_depth.checked_sub(self.path.len()).ok_or(RewriteError::TooDeep)?;
        let inside = found.inside_of(scope.syntax);
        let before = (out.len(), self.changes.len(), self.ours.len());
        let mut count = 0;
        put_header(out, scope.syntax, found.header.tag, found.header.vr, UNDEFINED);
        let all = items(found.value, inside, depth_left)?;
        let is_empty = all.is_empty();
        for item in all {
            let own = sets_of(item, inside, depth_left)?;
            let sets = own.as_ref().unwrap_or(scope.sets);
            let rule = if is_content { self.content_rule(item, inside, depth_left)? } else { None };
            if let Some(rule) = rule.as_ref().filter(|rule| rule.treatment == Treatment::Remove) {
                self.record(What::Removed, rule.why, || (None, None));
                continue;
            }
            count += 1;
            put_header(out, inside, ITEM, *b"  ", UNDEFINED);
            self.level(item, Scope { syntax: inside, sets, content: rule.as_ref() }, &[], out)?;
            put_header(out, inside, ITEM_END, *b"  ", 0);
        }
        put_header(out, inside, SEQUENCE_END, *b"  ", 0);
        if count == 0 && !is_empty {
            // An empty sequence would promise items.
            out.truncate(before.0);
        } else if self.changes.len() == before.1 && self.ours.len() == before.2 {
            out.truncate(before.0);
            out.extend_from_slice(found.whole);
        } else if self.changes.len() == before.1 {
            // Nothing has changed, but what is in here must not be taken for an identifier: as a whole, as it was. Where something
            // else in it could be one, the numbers and dates are told apart from it by where they stand now.
            if !self.is_suspect(found) {
                self.ours.truncate(before.2);
                out.truncate(before.0);
                out.extend_from_slice(found.whole);
                self.ours.push(before.0..out.len());
            }
        }
        Ok(())
    }

    /// Whether something in a sequence of which nothing was changed still looks like an identifier outside of numbers and dates.
    fn is_suspect(&self, found: &Element<'_>) -> bool {
        self.secrets.is_some_and(|secrets| secrets.scan.occurs(found.value))
    }

    fn content_rule(
        &self,
        item: &[u8],
        syntax: Syntax,
        depth_left: usize,
    ) -> Result<Option<ContentRule>, RewriteError> {
        let Some(secrets) = self.secrets else { return Ok(None) };
        let item = Item::of(item, syntax, depth_left)?;
        let (treatment, why) = item.treatment(&secrets.deidentifier.rules);
        let treatment = match treatment {
            Treatment::Remove if self.keeps_content_items => Treatment::Dummy,
            other => other,
        };
        Ok(Some(ContentRule { treatment, why, value: item.value_tag() }))
    }

    fn note(&mut self, tag: u32, what: What, why: Source) {
        self.path.push(tag);
        self.record(what, why, || (None, None));
        self.path.pop();
    }

    fn record(&mut self, what: What, why: Source, values: impl FnOnce() -> (Option<String>, Option<String>)) {
        let (old, new) = if self.with_values { values() } else { (None, None) };
        self.changes.push(Change { path: self.path.clone(), what, why, old, new });
    }
}

fn shown(found: &Element<'_>, scope: Scope<'_>) -> Option<String> {
    if is_sequence(found) {
        return None;
    }
    if !crate::profile::is_text(found.vr()) && found.vr() != *b"UI" {
        return Some(format!("{} bytes", found.value.len()));
    }
    let text = scope.sets.read(found.value).string();
    Some(text.trim_matches(['\0', ' ']).chars().take(200).collect())
}
