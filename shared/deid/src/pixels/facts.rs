//! What a header says about its pixels.

use std::collections::BTreeMap;

use super::region::Region;
use adit_pixels::Geometry;

/// Longest value that is kept.
const MAX_TEXT: usize = 1024;

/// Top-level attributes that the policy itself asks for.
const OWN: [u32; 25] = [
    0x0008_0008,
    0x0008_0016,
    0x0008_0060,
    0x0008_0064,
    0x0008_0070,
    0x0008_103E,
    0x0008_1090,
    0x0018_1030,
    0x0028_0002,
    0x0028_0004,
    0x0028_0006,
    0x0028_0008,
    0x0028_0010,
    0x0028_0011,
    0x0028_0100,
    0x0028_0101,
    0x0028_0103,
    0x0028_0301,
    0x0028_0302,
    0x0028_7FE0,
    0x0048_0010,
    0x0018_1000,
    0x0008_1010,
    0x0008_1030,
    0x0028_0102,
];

/// Facts for the pixel policy: top-level values as text, and what has no text.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PixelFacts {
    /// Transfer syntax of the data set.
    pub transfer_syntax_uid: String,
    /// (7FE0,0008), (7FE0,0009) or (7FE0,0010) follows.
    pub has_pixels: bool,
    /// Pixel data is of VR OW in Explicit VR Big Endian.
    pub big_endian_words: bool,
    /// Items of Sequence of Ultrasound Regions (0018,6011); see [`Region::between`].
    pub ultrasound_regions: Vec<Region>,
    pub(super) values: BTreeMap<u32, String>,
}

impl std::fmt::Debug for PixelFacts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PixelFacts")
            .field("sop_class_uid", &self.sop_class_uid())
            .field("transfer_syntax_uid", &self.transfer_syntax_uid)
            .finish_non_exhaustive()
    }
}

impl PixelFacts {
    /// Whether the policy itself wants to [`take`](Self::take) this attribute. [`PixelRules::wants`](super::PixelRules::wants)
    /// adds what a script asks for.
    #[must_use]
    pub fn wants(tag: u32) -> bool {
        OWN.contains(&tag) || super::hidden_overlays::wants(tag)
    }

    /// Takes a top-level value: decoded text with its backslashes, numbers as decimal text.
    pub fn take(&mut self, tag: u32, text: &str) {
        let text = text.trim_matches(|character: char| character == '\0' || character == ' ');
        let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= MAX_TEXT).unwrap_or(text.len());
        self.values.insert(tag, text[..end].to_owned());
    }

    /// The value of an attribute; empty when absent.
    #[must_use]
    pub fn text(&self, tag: u32) -> &str {
        self.values.get(&tag).map_or("", String::as_str)
    }

    /// (0008,0016)
    #[must_use]
    pub fn sop_class_uid(&self) -> &str {
        self.text(0x0008_0016)
    }

    /// (0008,0060)
    #[must_use]
    pub fn modality(&self) -> &str {
        self.text(0x0008_0060)
    }

    /// Values of (0008,0008) in upper case.
    pub(super) fn image_type(&self) -> impl Iterator<Item = String> {
        self.text(0x0008_0008).split('\\').map(|value| value.trim().to_ascii_uppercase())
    }

    /// First value as a number; 0 when absent or no number.
    fn number(&self, tag: u32) -> u32 {
        self.text(tag).split('\\').next().and_then(|first| first.trim().parse().ok()).unwrap_or(0)
    }

    /// The shape of the pixel data.
    #[must_use]
    pub fn geometry(&self) -> Geometry {
        let frames = if self.text(0x0028_0008).is_empty() { 1 } else { self.number(0x0028_0008) };
        Geometry {
            rows: self.number(0x0028_0010),
            columns: self.number(0x0028_0011),
            frames,
            samples: self.number(0x0028_0002),
            bits_allocated: self.number(0x0028_0100),
            bits_stored: self.number(0x0028_0101),
            signed: self.number(0x0028_0103) == 1,
            by_plane: self.number(0x0028_0006) == 1,
            photometric: self.text(0x0028_0004).to_owned(),
            big_endian_words: self.big_endian_words,
        }
    }
}
