//! What happens to the pixels of an instance. Nothing risky passes in silence: it is blacked out by a rule, allowed by a
//! person, or held back with a sentence that says what to do.

use adit_pixels::encapsulated::is_encapsulated;

use super::blackout::NativeBlackout;
use super::classes::{Kind, is_video, kind_of};
use super::facts::PixelFacts;
use super::frames::FrameBlackout;
use super::region::{Region, outside};
use super::script::PixelRules;

/// What to do with the pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PixelDecision {
    /// They pass as they are.
    Pass,
    /// These regions are overwritten in every frame.
    Blackout(Vec<Region>),
    /// The instance does not leave; the sentence says why and what to do.
    HoldBack(String),
}

/// RT Dose Storage.
const RT_DOSE: &str = "1.2.840.10008.5.1.4.1.1.481.2";

/// What a person can do about risky pixels.
const REMEDY: &str = "look at the images and then allow them for this job, or add a blackout rule for this device";

/// Decides; `allow_risky_pixels`: a person has looked at the images. Precedence: documents and videos, a rule, the regions of an ultrasound image, then the risk.
#[must_use]
pub fn decide(facts: &PixelFacts, rules: &PixelRules, allow_risky_pixels: bool) -> PixelDecision {
    let kind = kind_of(facts.sop_class_uid());
    if let Some(what) = document(kind) {
        return PixelDecision::HoldBack(format!(
            "{what} cannot be searched for names and never leave de-identified; leave them out of the job"
        ));
    }
    if !facts.has_pixels {
        return PixelDecision::Pass;
    }
    if kind == Kind::Video || is_video(&facts.transfer_syntax_uid) {
        return hold_unless(
            allow_risky_pixels,
            "videos cannot be blacked out: look at them and then allow them for this job, or leave them out".to_owned(),
        );
    }
    if let Some(regions) = rules.regions_for(facts) {
        if regions.is_empty() {
            return PixelDecision::Pass;
        }
        if !touches(facts, &regions) {
            return PixelDecision::HoldBack(
                "a rule wants regions blacked out, but all of them lie outside of the image: change the rule"
                    .to_owned(),
            );
        }
        // A rule that cannot be followed is not overruled by a general permission.
        return match blackout_refusal(facts, &regions) {
            None => PixelDecision::Blackout(regions),
            Some(refusal) => PixelDecision::HoldBack(format!(
                "a rule wants regions blacked out, but {refusal}: convert the image to an uncompressed transfer syntax first, or change the rule"
            )),
        };
    }
    let Some(risk) = risk(facts, kind) else { return PixelDecision::Pass };
    // A flag that text is burned in says no more than what is assumed of every ultrasound image.
    if kind == Kind::Ultrasound
        && !has_face(facts)
        && let Some(regions) = outside_ultrasound(facts)
    {
        match blackout_refusal(facts, &regions) {
            None => return PixelDecision::Blackout(regions),
            Some(refusal) => {
                return hold_unless(
                    allow_risky_pixels,
                    format!("text around an ultrasound image cannot be blacked out, {refusal}: {REMEDY}"),
                );
            }
        }
    }
    hold_unless(allow_risky_pixels, format!("{risk}: {REMEDY}"))
}

fn hold_unless(allowed: bool, reason: String) -> PixelDecision {
    if allowed { PixelDecision::Pass } else { PixelDecision::HoldBack(reason) }
}

fn document(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Document => Some("encapsulated documents and models"),
        Kind::Audio => Some("voice recordings"),
        Kind::Raw => Some("raw data"),
        _ => None,
    }
}

/// Burned In Annotation (0028,0301) is YES.
fn is_flagged(facts: &PixelFacts) -> bool {
    facts.text(0x0028_0301).eq_ignore_ascii_case("YES")
}

/// Recognizable Visual Features (0028,0302) is YES.
fn has_face(facts: &PixelFacts) -> bool {
    facts.text(0x0028_0302).eq_ignore_ascii_case("YES")
}

/// Why the pixels are risky; none when they are not.
fn risk(facts: &PixelFacts, kind: Kind) -> Option<String> {
    if is_flagged(facts) {
        return Some("the image says that text is burned in".to_owned());
    }
    if has_face(facts) {
        return Some("the image says that a face can be recognized".to_owned());
    }
    let by_class = match kind {
        Kind::Ultrasound if facts.text(0x0028_0301).eq_ignore_ascii_case("NO") => None,
        Kind::Ultrasound => Some("ultrasound images without regions may show the patient's name"),
        Kind::Capture => Some("screens, scans and films may show the patient's name"),
        Kind::Photo => Some("photographs may show a face or a label"),
        Kind::Slide => slide(facts),
        Kind::Unknown => Some("the kind of this image is not known here"),
        _ => None,
    };
    by_class.map(str::to_owned).or_else(|| by_description(facts, kind))
}

/// Labels of whole slides carry names and numbers (PS3.3 C.8.12.4).
fn slide(facts: &PixelFacts) -> Option<&'static str> {
    let is = |wanted: &str| facts.image_type().any(|value| value == wanted);
    let label_in_image = facts.text(0x0048_0010);
    if is("LABEL") || label_in_image.eq_ignore_ascii_case("YES") {
        return Some("the label of a slide may show the patient's name");
    }
    (is("OVERVIEW") && !label_in_image.eq_ignore_ascii_case("NO"))
        .then_some("the overview of a slide may show its label")
}

/// Modalities of what is not an image of a modality (PS3.3 C.7.3.1.1.1).
const CAPTURES: [&str; 11] = ["SC", "OT", "XC", "ES", "GM", "DOC", "DG", "HC", "SR", "SMR", "TG"];
/// Parts of Image Type values that name screens, reports and forms.
const SCREEN_TYPES: [&str; 11] = [
    "SCREEN",
    "DOSE",
    "PATIENT_INFO",
    "PATIENT INFO",
    "PATIENT DATA",
    "SOM5 PROT",
    "SOM7 PROT",
    "REPORT",
    "CAPTURE",
    "SCANNED",
    "DOCUMENT",
];
/// The same in Series Description, in lower case.
const SCREEN_SERIES: [&str; 11] = [
    "dose report",
    "dose info",
    "dose summary",
    "dosisbericht",
    "dosisprotokoll",
    "patient protocol",
    "patientenprotokoll",
    "screen save",
    "screensave",
    "screenshot",
    "screen capture",
];

/// What a device or a person wrote about the image.
fn by_description(facts: &PixelFacts, kind: Kind) -> Option<String> {
    let modality = facts.modality().to_ascii_uppercase();
    if kind != Kind::Slide && CAPTURES.contains(&modality.as_str()) {
        return Some(format!("images of the modality {modality} may show the patient's name"));
    }
    // What RT Dose calls a dose is a grid, not a screen with one.
    if facts.sop_class_uid() == RT_DOSE {
        return None;
    }
    let ultrasound_screen = matches!(modality.as_str(), "US" | "IVUS") && kind == Kind::Image;
    if ultrasound_screen
        && !facts.sop_class_uid().contains(".1.6.")
        && !facts.text(0x0028_0301).eq_ignore_ascii_case("NO")
    {
        return Some("ultrasound images without regions may show the patient's name".to_owned());
    }
    // Digitized film, video, scanned document or image, workstation, drawing (PS3.3 C.8.6.1).
    let conversion = facts.text(0x0008_0064).to_ascii_uppercase();
    if matches!(conversion.as_str(), "DF" | "DV" | "SD" | "SI" | "WSD" | "DRW") {
        return Some("digitized and captured images may show the patient's name".to_owned());
    }
    if facts.image_type().any(|value| SCREEN_TYPES.iter().any(|part| value.contains(part))) {
        return Some("the image says that it is a screen or a report".to_owned());
    }
    let series = format!("{}\n{}", facts.text(0x0008_103E), facts.text(0x0018_1030)).to_lowercase();
    SCREEN_SERIES
        .iter()
        .any(|part| series.contains(part))
        .then(|| "the series is named like a screen or a report".to_owned())
}

/// What lies outside of the ultrasound regions. None when they are missing or leave nothing outside: then they do not tell
/// where the text is.
fn outside_ultrasound(facts: &PixelFacts) -> Option<Vec<Region>> {
    if !touches(facts, &facts.ultrasound_regions) {
        return None;
    }
    let geometry = facts.geometry();
    let (columns, rows) = (geometry.columns, geometry.rows);
    Some(outside(&facts.ultrasound_regions, columns, rows)).filter(|regions| !regions.is_empty())
}

/// Whether a pixel of the image lies in one of these regions.
fn touches(facts: &PixelFacts, regions: &[Region]) -> bool {
    let geometry = facts.geometry();
    regions.iter().any(|region| {
        let ((left, right), (top, bottom)) = (region.columns(geometry.columns), region.rows(geometry.rows));
        left < right && top < bottom
    })
}

/// Why these regions cannot be blacked out; none when they can.
fn blackout_refusal(facts: &PixelFacts, regions: &[Region]) -> Option<String> {
    let geometry = facts.geometry();
    if is_encapsulated(&facts.transfer_syntax_uid) {
        FrameBlackout::refusal(&facts.transfer_syntax_uid, &geometry)
    } else {
        NativeBlackout::new(&geometry, regions).err()
    }
}

#[cfg(test)]
mod tests;
