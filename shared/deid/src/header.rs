//! A header as a whole: survey, decisions about patient and pixels, rewriting, and what is kept for the bytes behind it.

use std::ops::Range;
use std::sync::Arc;

use adit_pixels::encapsulated::is_encapsulated;

use crate::dates::shift_da;
use crate::deidentifier::{Deidentifier, Instructions};
use crate::element::Header as ElementHeader;
use crate::error::{Limits, RewriteError};
use crate::key::PatientToken;
use crate::marks::{self, Before, Inserted};
use crate::pixels::{FrameBlackout, PixelDecision, RLE_LOSSLESS, Region, decide};
use crate::profile::{Place, Treatment};
use crate::report::{Pixels, Report};
use crate::residual::{ResidualScan, ResidualTargets};
use crate::rewrite::Rewrite;
use crate::scanner::{PIXELS, element};
use crate::stage::{Needs, Stage};
use crate::survey::Survey;
use crate::syntax::Syntax;
use crate::text::identifiers::IdentifierKind;
use crate::text::needles::Needles;
use crate::value::Secrets;

/// Media Storage Directory Storage: an index of other files.
const DICOMDIR: &str = "1.2.840.10008.1.3.10";

/// (0028,0010)
const ROWS: u32 = 0x0028_0010;
/// (0028,7FE0): the pixels are elsewhere (JPIP).
const PIXEL_DATA_PROVIDER_URL: u32 = 0x0028_7FE0;

/// A collected header.
pub(crate) struct Header<'a> {
    pub bytes: &'a [u8],
    pub syntax: Syntax,
    pub transfer_syntax_uid: &'a str,
    /// VR of the pixel data that follows.
    pub pixel_vr: Option<[u8; 2]>,
    pub limits: Limits,
}

/// What the header leaves for the bytes behind it and for the report.
pub(crate) struct Produced {
    pub report: Report,
    pub stage: Stage,
    pub survey: Survey,
    /// Regions to black out.
    pub regions: Vec<Region>,
    /// A person has looked at the images.
    pub allow_risky_pixels: bool,
    active: Option<Active>,
}

/// De-identification of one instance.
struct Active {
    deidentifier: Arc<Deidentifier>,
    needles: Needles,
    scan: ResidualScan,
    shift_days: i32,
    with_values: bool,
}

impl Active {
    fn secrets(&self) -> Secrets<'_> {
        Secrets {
            deidentifier: &self.deidentifier,
            needles: &self.needles,
            scan: &self.scan,
            shift_days: self.shift_days,
        }
    }
}

impl Header<'_> {
    /// Rewrites the header into `out`.
    pub fn rewrite(&self, instructions: &Instructions, out: &mut Vec<u8>) -> Result<Produced, RewriteError> {
        match &instructions.deidentifier {
            Some(deidentifier) => self.deidentify(deidentifier, instructions, out),
            None => self.mark(instructions, out),
        }
    }

    /// Identity stays; the trial's attributes are written.
    fn mark(&self, instructions: &Instructions, out: &mut Vec<u8>) -> Result<Produced, RewriteError> {
        let survey = Survey::of(self.bytes, self.syntax, self.limits.depth, None)?;
        let mut rewrite = Rewrite::new(None, "", self.limits.depth);
        rewrite.with_values = instructions.with_values;
        rewrite.top(self.bytes, self.syntax, &survey.sets, &marks::trial(instructions), out)?;
        let report = Report {
            sop_instance_uid: survey.facts.sop_instance_uid.clone(),
            transfer_syntax_uid: self.transfer_syntax_uid.to_owned(),
            changes: rewrite.changes,
            facts: survey.facts.clone(),
            ..Report::default()
        };
        Ok(Produced {
            report,
            stage: Stage::Plain,
            survey,
            regions: Vec::new(),
            allow_risky_pixels: true,
            active: None,
        })
    }

    fn deidentify(
        &self,
        deidentifier: &Arc<Deidentifier>,
        instructions: &Instructions,
        out: &mut Vec<u8>,
    ) -> Result<Produced, RewriteError> {
        let mut survey = Survey::of(self.bytes, self.syntax, self.limits.depth, Some(deidentifier))?;
        // Rows announce pixels. A file that was cut off right before them would pass for a whole one.
        let has_rows = !survey.pixels.text(ROWS).is_empty() && survey.pixels.text(PIXEL_DATA_PROVIDER_URL).is_empty();
        if has_rows && self.pixel_vr.is_none() && !survey.has_spectra {
            return Err(RewriteError::Truncated);
        }
        let patient = patient(deidentifier, &survey)?;
        let regions = self.regions(deidentifier, instructions, &mut survey)?;
        let pseudonym = match instructions.pseudonym.as_str() {
            "" => deidentifier.pseudonym(&patient),
            given => given.to_owned(),
        };
        let known = deidentifier.known.of(&survey.identifiers, &survey.own, &survey.sets);
        check_entered(instructions, &survey, &known.names)?;
        let active = Active {
            needles: Needles::new(Arc::clone(&known.needles), &survey.identifiers),
            scan: ResidualScan::with(Arc::clone(&known.residual), &survey.identifiers),
            shift_days: deidentifier.derive.shift_days(&patient),
            deidentifier: Arc::clone(deidentifier),
            with_values: instructions.with_values,
        };
        let is_cleaned = !regions.is_empty() && self.pixel_vr.is_some();
        let when = study_time(&active, &survey);
        let before = Before::of(&survey, &active.secrets());
        let mut inserted = marks::all(deidentifier, instructions, &before, &pseudonym, (&when.0, &when.1), is_cleaned);
        let mut transfer_syntax_uid = self.transfer_syntax_uid.to_owned();
        if is_cleaned && is_encapsulated(self.transfer_syntax_uid) {
            let changes = FrameBlackout::header_changes(self.transfer_syntax_uid, &survey.pixels.geometry());
            transfer_syntax_uid = RLE_LOSSLESS.to_owned();
            inserted.extend(changes.iter().map(|change| Inserted::value(change.tag, change.vr, &change.value)));
            // Offsets of frames that are written anew.
            inserted.extend([0x7FE0_0001, 0x7FE0_0002].map(Inserted::gone));
            inserted.sort_by_key(|element| element.tag);
        }
        let mut produced = Produced {
            report: Report::default(),
            stage: Stage::Plain,
            survey,
            regions: if is_cleaned { regions } else { Vec::new() },
            allow_risky_pixels: instructions.allow_risky_pixels,
            active: Some(active),
        };
        produced.piece(self.bytes, self.syntax, self.limits, &inserted, out)?;
        let facts = produced.survey.facts.clone();
        produced.report = Report {
            sop_instance_uid: deidentifier.uid(&facts.sop_instance_uid),
            transfer_syntax_uid,
            profile: deidentifier.label(),
            patient: Some(patient),
            pseudonym,
            pixels: if is_cleaned { Pixels::BlackedOut } else { Pixels::Untouched },
            facts,
            ..std::mem::take(&mut produced.report)
        };
        Ok(produced)
    }

    fn regions(
        &self,
        deidentifier: &Deidentifier,
        instructions: &Instructions,
        survey: &mut Survey,
    ) -> Result<Vec<Region>, RewriteError> {
        survey.pixels.transfer_syntax_uid = self.transfer_syntax_uid.to_owned();
        survey.pixels.has_pixels = self.pixel_vr.is_some();
        survey.pixels.big_endian_words = self.syntax.big_endian && self.pixel_vr == Some(*b"OW");
        match decide(&survey.pixels, &deidentifier.pixel_rules, instructions.allow_risky_pixels) {
            PixelDecision::Pass => Ok(Vec::new()),
            PixelDecision::Blackout(regions) => Ok(regions),
            PixelDecision::HoldBack(reason) => Err(RewriteError::HeldBack(reason)),
        }
    }
}

impl Produced {
    /// Rewrites a piece of the data set and looks through what was produced.
    fn piece(
        &mut self,
        input: &[u8],
        syntax: Syntax,
        limits: Limits,
        inserted: &[Inserted],
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        let start = out.len();
        let secrets = self.active.as_ref().map(Active::secrets);
        let mut rewrite = Rewrite::new(secrets.as_ref(), &self.survey.facts.sop_class_uid, limits.depth);
        rewrite.keeps_content_items = self.survey.has_content_references;
        rewrite.with_values = self.active.as_ref().is_some_and(|active| active.with_values);
        rewrite.top(input, syntax, &self.survey.sets, inserted, out)?;
        let (changes, ours) = (rewrite.changes, rewrite.ours);
        self.report.changes.extend(changes);
        if let Some(active) = &mut self.active {
            let ours: Vec<Range<usize>> = ours.into_iter().map(|one| one.start - start..one.end - start).collect();
            active.scan.piece(&out[start..], &ours);
        }
        Ok(())
    }

    /// What comes behind the pixels.
    pub fn tail(
        &mut self,
        input: &[u8],
        syntax: Syntax,
        limits: Limits,
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        if self.active.is_some() {
            in_order(input, syntax, limits)?;
        }
        self.piece(input, syntax, limits, &[], out)
    }

    /// Looks for identifiers in pixel bytes as they go out.
    pub fn scan_pixels(&mut self, bytes: &[u8]) {
        if let Some(active) = &mut self.active {
            active.scan.pixels(bytes);
        }
    }

    /// Chooses the way of the pixels, and writes the header of their element.
    pub fn begin_pixels(
        &mut self,
        head: &ElementHeader,
        syntax: Syntax,
        out: &mut Vec<u8>,
    ) -> Result<(), RewriteError> {
        if self.active.is_some() {
            let needs = Needs {
                pixels: &self.survey.pixels,
                regions: &self.regions,
                allow_risky_pixels: self.allow_risky_pixels,
            };
            self.stage = Stage::new(&needs, head)?;
        }
        self.stage.header(head, syntax, out);
        Ok(())
    }

    /// The report, unless an identifier was found in what was produced.
    pub fn into_report(mut self) -> Result<Report, RewriteError> {
        if let Some(kind) = self.active.as_ref().and_then(|active| active.scan.hit()) {
            return Err(RewriteError::Residual(format!(
                "after de-identification {} was still found in the image, so it was stopped; a project rule that removes or \
                 cleans the attribute lets it pass",
                named(kind)
            )));
        }
        if self.report.pixels == Pixels::Untouched && self.stage.has_scrubbed() {
            self.report.pixels = Pixels::Scrubbed;
        }
        Ok(self.report)
    }
}

/// Whose data set this is.
fn patient(deidentifier: &Deidentifier, survey: &Survey) -> Result<PatientToken, RewriteError> {
    if survey.facts.sop_class_uid == DICOMDIR || survey.facts.sop_instance_uid.is_empty() {
        return Err(RewriteError::HeldBack(
            "this is no image or report of a patient (a DICOMDIR, or it has no SOP Instance UID); de-identify the files themselves"
                .to_owned(),
        ));
    }
    if survey.patient_id.is_empty() {
        return Err(RewriteError::HeldBack(
            "it has no Patient ID, so nobody can tell whose pseudonym it should get; correct the Patient ID at the source".to_owned(),
        ));
    }
    Ok(deidentifier.patient(&survey.issuer, &survey.patient_id))
}

/// What a person has entered must not write the patient's identity back. The source's own Patient ID passes as the pseudonym where the
/// source says that identity was removed: a pseudonymised study that is sent again under its pseudonym.
fn check_entered(instructions: &Instructions, survey: &Survey, names: &ResidualTargets) -> Result<(), RewriteError> {
    let is_id = |text: &str| text.trim().eq_ignore_ascii_case(&survey.patient_id);
    let pseudonym = instructions.pseudonym.as_str();
    if survey.facts.identity_removed && is_id(pseudonym) {
        return Ok(());
    }
    let entered = [pseudonym, &instructions.trial_protocol_id, &instructions.trial_protocol_name];
    if entered.iter().any(|text| !text.is_empty() && (is_id(text) || names.occur_in(text))) {
        return Err(RewriteError::HeldBack(
            "the pseudonym or the trial names the patient; choose texts without the patient's names, numbers and dates"
                .to_owned(),
        ));
    }
    Ok(())
}

/// What names the patient, and every picture, stands before the end of the pixels. Group lengths and zeros go anyway.
fn in_order(tail: &[u8], syntax: Syntax, limits: Limits) -> Result<(), RewriteError> {
    let last = PIXELS[PIXELS.len() - 1];
    let mut at = 0;
    while at < tail.len() {
        let found = element(&tail[at..], syntax, limits.depth)?.ok_or(RewriteError::Truncated)?;
        at += found.whole.len();
        if found.header.tag <= last && found.header.tag & 0xFFFF != 0 {
            return Err(RewriteError::Malformed("an element behind the pixels that belongs before them"));
        }
    }
    Ok(())
}

/// Study date and time as they will be written.
fn study_time(active: &Active, survey: &Survey) -> (String, String) {
    let rules = &active.deidentifier.rules;
    let of =
        |tag, vr: &[u8; 2]| rules.of(&Place { sop_class_uid: &survey.facts.sop_class_uid, parent: 0, tag, vr: *vr }).0;
    let date = match of(0x0008_0020, b"DA") {
        Treatment::Text { .. } | Treatment::Keep => survey.facts.study_date.clone(),
        Treatment::Shift => shift_da(&survey.facts.study_date, active.shift_days).unwrap_or_default(),
        _ => String::new(),
    };
    let time = match of(0x0008_0030, b"TM") {
        Treatment::Time | Treatment::Keep => survey.facts.study_time.clone(),
        _ => String::new(),
    };
    (date, time)
}

/// An identifier in words.
fn named(kind: IdentifierKind) -> &'static str {
    match kind {
        IdentifierKind::PatientName => "the patient's name",
        IdentifierKind::OtherName => "the name of another person",
        IdentifierKind::Id | IdentifierKind::CounterId => {
            "an identifier such as the Patient ID or the accession number"
        }
        IdentifierKind::BirthDate => "the date of birth",
        IdentifierKind::Address => "an address",
        IdentifierKind::Phone => "a telephone number",
        IdentifierKind::Mail => "an e-mail address",
        IdentifierKind::Institution => "the institution",
        IdentifierKind::Uid => "an original UID",
    }
}
