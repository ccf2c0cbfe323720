//! What a header says of how its image wants to be seen: the values that are taken, and what they mean.

use std::collections::BTreeMap;

use adit_pixels::Geometry;
use adit_pixels::render::{Function, Look, Lut, Palette, Window};

use super::walk::Met;

/// Values by frame (0: all of them) and tag. Those in the first item of a table stand behind the table's own tag.
pub(super) type Values = BTreeMap<(u32, u32), (Met, Vec<u8>)>;

const SHARED_GROUPS: u32 = 0x5200_9229;
const FRAME_GROUPS: u32 = 0x5200_9230;
const MODALITY_LUT: u32 = 0x0028_3000;
const VOI_LUT: u32 = 0x0028_3010;
const PIXEL_TRANSFORM: u32 = 0x0028_9145;
const FRAME_VOI: u32 = 0x0028_9132;
/// Longest value that is taken: a table of 65,536 words.
const MAX_VALUE: u32 = 128 << 10;

/// Outermost values that are taken.
const OUTERMOST: [u32; 24] = [
    0x0008_0016,
    0x0028_0002,
    0x0028_0004,
    0x0028_0006,
    0x0028_0008,
    0x0028_0010,
    0x0028_0011,
    0x0028_0100,
    0x0028_0101,
    0x0028_0103,
    0x0028_0120,
    0x0028_0121,
    0x0028_1050,
    0x0028_1051,
    0x0028_1052,
    0x0028_1053,
    0x0028_1056,
    0x0028_1101,
    0x0028_1102,
    0x0028_1103,
    0x0028_1201,
    0x0028_1202,
    0x0028_1203,
    0x7FE0_0001,
];

/// Under which key a value is kept; none: it is not wanted.
pub(super) fn place(path: &[(u32, u32)], met: &Met) -> Option<(u32, u32)> {
    if met.tag == 0x7FE0_0001 {
        return path.is_empty().then_some((0, met.tag));
    }
    if met.length? > MAX_VALUE {
        return None;
    }
    match path {
        [] => OUTERMOST.contains(&met.tag).then_some((0, met.tag)),
        [(table @ (MODALITY_LUT | VOI_LUT), 1)] if matches!(met.tag, 0x0028_3002 | 0x0028_3006) => {
            Some((0, *table + (met.tag & 0xFF)))
        }
        [(SHARED_GROUPS, 1), (PIXEL_TRANSFORM | FRAME_VOI, 1)] => group(met.tag).then_some((0, met.tag)),
        [(FRAME_GROUPS, frame), (PIXEL_TRANSFORM | FRAME_VOI, 1)] => group(met.tag).then_some((*frame, met.tag)),
        _ => None,
    }
}

/// Whether what lies in a sequence may be wanted.
pub(super) fn is_way(path: &[(u32, u32)], tag: u32, is_frame_wanted: impl Fn(u32) -> bool) -> bool {
    match path {
        [] => matches!(tag, MODALITY_LUT | VOI_LUT | SHARED_GROUPS | FRAME_GROUPS),
        [(SHARED_GROUPS, _)] => matches!(tag, PIXEL_TRANSFORM | FRAME_VOI),
        [(FRAME_GROUPS, frame)] => matches!(tag, PIXEL_TRANSFORM | FRAME_VOI) && is_frame_wanted(*frame),
        _ => false,
    }
}

fn group(tag: u32) -> bool {
    matches!(tag, 0x0028_1050..=0x0028_1056)
}

/// The values of one frame, or those of all.
pub(super) struct Said<'a> {
    pub values: &'a Values,
    pub frame: u32,
}

impl Said<'_> {
    fn raw(&self, tag: u32) -> Option<&(Met, Vec<u8>)> {
        self.values.get(&(self.frame, tag)).or_else(|| self.values.get(&(0, tag)))
    }

    /// Text, trimmed.
    pub fn text(&self, tag: u32) -> String {
        let text = |(_, value): &(Met, Vec<u8>)| String::from_utf8_lossy(value).trim_matches(['\0', ' ']).to_owned();
        self.raw(tag).map(text).unwrap_or_default()
    }

    /// Words of 16 bits.
    fn words(&self, tag: u32) -> Vec<u16> {
        let Some((met, value)) = self.raw(tag) else { return Vec::new() };
        let word = |two: &[u8]| if met.big_endian { [two[1], two[0]] } else { [two[0], two[1]] };
        value.chunks_exact(2).map(|two| u16::from_le_bytes(word(two))).collect()
    }

    /// The first of several decimal numbers.
    fn decimal(&self, tag: u32) -> Option<f64> {
        self.text(tag).split('\\').next()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    fn number(&self, tag: u32) -> u32 {
        self.words(tag).first().copied().map_or(0, u32::from)
    }

    /// Number of Frames; one when the attribute is absent, none when it is no number.
    pub fn frames(&self) -> u32 {
        let text = self.text(0x0028_0008);
        if text.is_empty() {
            1
        } else {
            text.split('\\').next().and_then(|first| first.trim().parse().ok()).unwrap_or(0)
        }
    }

    pub fn geometry(&self, pixels: &Met) -> Geometry {
        Geometry {
            rows: self.number(0x0028_0010),
            columns: self.number(0x0028_0011),
            frames: self.frames(),
            samples: self.number(0x0028_0002),
            bits_allocated: self.number(0x0028_0100),
            bits_stored: self.number(0x0028_0101),
            signed: self.number(0x0028_0103) == 1,
            by_plane: self.number(0x0028_0006) == 1,
            photometric: self.text(0x0028_0004),
            big_endian_words: pixels.big_endian && &pixels.vr == b"OW",
        }
    }

    pub fn look(&self, geometry: &Geometry) -> Look {
        let plain = Look::default();
        Look {
            slope: self.decimal(0x0028_1053).filter(|slope| *slope != 0.0).unwrap_or(plain.slope),
            intercept: self.decimal(0x0028_1052).unwrap_or(plain.intercept),
            lut: self.table(MODALITY_LUT + 2, MODALITY_LUT + 6, geometry.signed),
            window: self.window(),
            voi: self.table(VOI_LUT + 2, VOI_LUT + 6, true),
            padding: self.padding(geometry),
            palette: self.palette(geometry.signed),
        }
    }

    fn window(&self) -> Option<Window> {
        let function = Function::parse(&self.text(0x0028_1056)).unwrap_or_default();
        Window::new(self.decimal(0x0028_1050)?, self.decimal(0x0028_1051)?, function)
    }

    fn table(&self, descriptor: u32, data: u32, signed: bool) -> Option<Lut> {
        let descriptor: [u16; 3] = self.words(descriptor).try_into().ok()?;
        let (met, value) = self.raw(data)?;
        let is_swapped = met.big_endian && &met.vr != b"OB";
        let value: Vec<u8> =
            if is_swapped { value.chunks_exact(2).flat_map(|two| [two[1], two[0]]).collect() } else { value.clone() };
        Lut::new(descriptor, signed, &value)
    }

    fn palette(&self, signed: bool) -> Option<Palette> {
        let color = |offset: u32| self.table(0x0028_1101 + offset, 0x0028_1201 + offset, signed);
        Some(Palette([color(0)?, color(1)?, color(2)?]))
    }

    fn padding(&self, geometry: &Geometry) -> Option<(i64, i64)> {
        let number = |word: u16| if geometry.signed { i64::from(word.cast_signed()) } else { i64::from(word) };
        let one = number(*self.words(0x0028_0120).first()?);
        let other = self.words(0x0028_0121).first().map_or(one, |word| number(*word));
        Some((one.min(other), one.max(other)))
    }
}
