//! The first pass over a header: facts, what the pixels are, and everything that names the people in it, at every depth.

use crate::deidentifier::Deidentifier;
use crate::element::UNDEFINED;
use crate::error::RewriteError;
use crate::facts::Facts;
use crate::pixels::{PixelFacts, Region};
use crate::profile::is_structural;
use crate::scanner::{Element, element, is_sequence, items};
use crate::syntax::Syntax;
use crate::text::attributes::kind_of;
use crate::text::glyphs::CharacterSets;
use crate::text::identifiers::{IdentifierKind, Identifiers};

const SPECIFIC_CHARACTER_SET: u32 = 0x0008_0005;
const REFERENCED_CONTENT_ITEM: u32 = 0x0040_DB73;
/// Group of the clinical trial's attributes.
const CLINICAL_TRIAL: u32 = 0x0012;
const METHOD_CODES: u32 = 0x0012_0064;
const ULTRASOUND_REGIONS: u32 = 0x0018_6011;
const SPECTROSCOPY_DATA: u32 = 0x5600_0020;

/// A code that an earlier de-identification has left.
/// As written: its character set is that of the data set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PriorCode {
    pub value: Vec<u8>,
    pub scheme: Vec<u8>,
    pub version: Vec<u8>,
    pub meaning: Vec<u8>,
}

/// What the first pass has found.
pub(crate) struct Survey {
    pub facts: Facts,
    pub pixels: PixelFacts,
    pub identifiers: Identifiers,
    /// Those of them that name the patient, without what a trial calls them by: that is a pseudonym already.
    pub own: Identifiers,
    pub sets: CharacterSets,
    pub patient_id: String,
    pub issuer: String,
    pub prior_codes: Vec<PriorCode>,
    /// Corners of ultrasound regions: left, top, right, bottom.
    corners: Vec<[u32; 4]>,
    /// Content items refer to each other by position: none may disappear.
    pub has_content_references: bool,
    /// Rows and columns of spectra, which are no pixels: they stand in the header.
    pub has_spectra: bool,
}

/// Where the walk is.
#[derive(Clone, Copy)]
struct Scope<'a> {
    syntax: Syntax,
    depth: usize,
    parent: u32,
    sets: &'a CharacterSets,
}

impl Survey {
    /// Looks through a header. Attributes that a project discloses are no identifiers.
    pub fn of(
        header: &[u8],
        syntax: Syntax,
        max_depth: usize,
        deidentifier: Option<&Deidentifier>,
    ) -> Result<Self, RewriteError> {
        let sets = sets_of(header, syntax, max_depth)?.unwrap_or_else(|| CharacterSets::of(b""));
        let mut survey = Self {
            facts: Facts::default(),
            pixels: PixelFacts::default(),
            identifiers: Identifiers::default(),
            own: Identifiers::default(),
            sets: sets.clone(),
            patient_id: String::new(),
            issuer: String::new(),
            prior_codes: Vec::new(),
            corners: Vec::new(),
            has_content_references: false,
            has_spectra: false,
        };
        survey.walk(header, Scope { syntax, depth: 0, parent: 0, sets: &sets }, max_depth, deidentifier)?;
        let regions = survey.corners.iter().map(|[x0, y0, x1, y1]| Region::between(*x0, *y0, *x1, *y1)).collect();
        survey.pixels.ultrasound_regions = regions;
        Ok(survey)
    }

    fn walk(
        &mut self,
        input: &[u8],
        scope: Scope<'_>,
        max_depth: usize,
        deidentifier: Option<&Deidentifier>,
    ) -> Result<(), RewriteError> {
        let depth_left = max_depth.checked_sub(scope.depth).ok_or(RewriteError::TooDeep)?;
        let mut at = 0;
        while at < input.len() {
            let found = element(&input[at..], scope.syntax, depth_left)?.ok_or(RewriteError::Truncated)?;
            at += found.whole.len();
            if (found.header.tag >> 16) & 1 == 1 {
                continue;
            }
            if is_sequence(&found) {
                self.sequence(&found, scope, max_depth, deidentifier)?;
            } else {
                self.value(&found, scope, deidentifier);
            }
        }
        Ok(())
    }

    fn sequence(
        &mut self,
        found: &Element<'_>,
        scope: Scope<'_>,
        max_depth: usize,
        deidentifier: Option<&Deidentifier>,
    ) -> Result<(), RewriteError> {
        let (tag, syntax) = (found.header.tag, found.inside_of(scope.syntax));
        let depth_left = max_depth.checked_sub(scope.depth + 1).ok_or(RewriteError::TooDeep)?;
        for item in items(found.value, syntax, depth_left)? {
            match (scope.depth, tag) {
                (0, METHOD_CODES) => self.prior_codes.push(PriorCode::default()),
                (0, ULTRASOUND_REGIONS) => self.corners.push([0; 4]),
                _ => {}
            }
            let own = sets_of(item, syntax, depth_left)?;
            let sets = own.as_ref().unwrap_or(scope.sets);
            self.walk(item, Scope { syntax, depth: scope.depth + 1, parent: tag, sets }, max_depth, deidentifier)?;
        }
        Ok(())
    }

    fn value(&mut self, found: &Element<'_>, scope: Scope<'_>, deidentifier: Option<&Deidentifier>) {
        let tag = found.header.tag;
        let vr = found.vr();
        if scope.depth == 0 {
            self.facts.take(tag, found.value);
            if deidentifier.is_some_and(|one| one.pixel_rules.wants(tag)) {
                self.pixels.take(tag, &shown(found, scope));
            }
            match tag {
                0x0010_0020 => self.patient_id = shown(found, scope).trim().to_owned(),
                0x0010_0021 => self.issuer = shown(found, scope).trim().to_owned(),
                SPECTROSCOPY_DATA => self.has_spectra = true,
                _ => {}
            }
        } else {
            self.nested(found, scope);
        }
        if tag == REFERENCED_CONTENT_ITEM {
            self.has_content_references = true;
        }
        let Some(rules) = deidentifier.map(|deidentifier| &deidentifier.rules) else { return };
        let kind = if vr == *b"UI" {
            (!is_structural(tag) && !rules.profile.options.uids).then_some(IdentifierKind::Uid)
        } else {
            kind_of(tag, vr)
        };
        let Some(kind) = kind.filter(|_| !rules.discloses(tag, vr)) else { return };
        if kind == IdentifierKind::Institution && rules.profile.options.institution_identity {
            return;
        }
        let text = scope.sets.read(found.value);
        for value in text.values() {
            let value = text.slice(value);
            let value = value.trim_matches(['\0', ' ']);
            self.identifiers.add(kind, value);
            if kind.names_the_patient() && tag >> 16 != CLINICAL_TRIAL {
                self.own.add(kind, value);
            }
        }
    }

    /// Values of the two sequences that are understood as a whole.
    fn nested(&mut self, found: &Element<'_>, scope: Scope<'_>) {
        if scope.depth != 1 {
            return;
        }
        match (scope.parent, found.header.tag) {
            (METHOD_CODES, tag) => {
                let Some(code) = self.prior_codes.last_mut() else { return };
                let text = found.value.trim_ascii_end().to_vec();
                match tag {
                    0x0008_0100 => code.value = text,
                    0x0008_0102 => code.scheme = text,
                    0x0008_0103 => code.version = text,
                    0x0008_0104 => code.meaning = text,
                    _ => {}
                }
            }
            (ULTRASOUND_REGIONS, tag) => {
                let corner = match tag {
                    0x0018_6018 => 0,
                    0x0018_601A => 1,
                    0x0018_601C => 2,
                    0x0018_601E => 3,
                    _ => return,
                };
                if let (Some(corners), Ok(number)) = (self.corners.last_mut(), shown(found, scope).parse()) {
                    corners[corner] = number;
                }
            }
            _ => {}
        }
    }
}

/// The character sets that a data set or item declares for itself.
pub(crate) fn sets_of(input: &[u8], syntax: Syntax, depth_left: usize) -> Result<Option<CharacterSets>, RewriteError> {
    let mut at = 0;
    while at < input.len() {
        let found = element(&input[at..], syntax, depth_left)?.ok_or(RewriteError::Truncated)?;
        if found.header.tag == SPECIFIC_CHARACTER_SET {
            return Ok(Some(CharacterSets::of(found.value)));
        }
        if found.header.tag > SPECIFIC_CHARACTER_SET || found.header.length == UNDEFINED {
            break;
        }
        at += found.whole.len();
    }
    Ok(None)
}

/// A value as text: decoded, or the decimal numbers of binary ones (the first few).
fn shown(found: &Element<'_>, scope: Scope<'_>) -> String {
    let number = |value: u64| value.to_string();
    match &found.vr() {
        b"US" => joined(found.value.chunks_exact(2).map(|b| number(scope.syntax.u16([b[0], b[1]]).into()))),
        b"UL" => joined(found.value.chunks_exact(4).map(|b| number(scope.syntax.u32([b[0], b[1], b[2], b[3]]).into()))),
        b"SL" => joined(found.value.chunks_exact(4).map(|b| {
            let bits = scope.syntax.u32([b[0], b[1], b[2], b[3]]);
            i32::from_ne_bytes(bits.to_ne_bytes()).to_string()
        })),
        _ => scope.sets.read(found.value).string().trim_matches(['\0', ' ']).to_owned(),
    }
}

fn joined(numbers: impl Iterator<Item = String>) -> String {
    numbers.take(16).collect::<Vec<_>>().join("\\")
}
