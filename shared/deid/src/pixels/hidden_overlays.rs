//! Overlays in unused bits of the samples (retired; PS3.3 C.9.2, Overlay Bit Position): they carry text as overlays do, and go
//! with them. The bits of the image stay as they are.

use adit_pixels::encapsulated::is_encapsulated;

use super::facts::PixelFacts;

const BITS_STORED: u32 = 0x0028_0101;
const HIGH_BIT: u32 = 0x0028_0102;
/// Of the first overlay; the others follow in steps of two groups.
const BIT_POSITION: u32 = 0x6000_0102;
const OVERLAYS: u32 = 16;

/// Whether an attribute is asked for here.
pub(super) fn wants(tag: u32) -> bool {
    tag == HIGH_BIT || (0..OVERLAYS).any(|number| tag == BIT_POSITION + (number << 17))
}

/// Clears the bits of overlays in samples of 16 bits, in any cuts.
#[derive(Debug, Clone)]
pub struct HiddenOverlays {
    /// Bits that stay, in the first and the second byte of a sample.
    kept: [u8; 2],
    /// The next byte is a second one.
    second: bool,
}

impl HiddenOverlays {
    /// `None`: no overlay hides in the samples. The error says why it cannot be cleared.
    pub fn of(facts: &PixelFacts) -> Result<Option<Self>, String> {
        let bits = overlay_bits(facts);
        if bits == 0 {
            return Ok(None);
        }
        let is_compressed = is_encapsulated(&facts.transfer_syntax_uid);
        if is_compressed || facts.geometry().bits_allocated != 16 {
            return Err(
                "an overlay, which may show the patient's name, stands in unused bits of its pixels and cannot be \
                        cleared there: leave the image out, or send it uncompressed to ADIT"
                    .to_owned(),
            );
        }
        let big_endian = facts.transfer_syntax_uid == "1.2.840.10008.1.2.2";
        let kept = if big_endian { (!bits).to_be_bytes() } else { (!bits).to_le_bytes() };
        Ok(Some(Self { kept, second: false }))
    }

    /// Clears the bits in the next bytes.
    pub fn apply(&mut self, chunk: &mut [u8]) {
        for byte in chunk {
            *byte &= self.kept[usize::from(self.second)];
            self.second = !self.second;
        }
    }
}

/// Bits that overlays claim, and that do not belong to the image.
fn overlay_bits(facts: &PixelFacts) -> u16 {
    let number = |tag| facts.text(tag).split('\\').next().and_then(|text| text.trim().parse::<u32>().ok());
    let (Some(stored), Some(high)) = (number(BITS_STORED), number(HIGH_BIT)) else { return 0 };
    let image = high.saturating_add(1).saturating_sub(stored)..=high;
    let positions = (0..OVERLAYS).filter_map(|overlay| number(BIT_POSITION + (overlay << 17)));
    let hidden = positions.filter(|position| *position > 0 && *position < 16 && !image.contains(position));
    hidden.fold(0, |bits, position| bits | 1 << position)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(syntax: &str, values: &[(u32, &str)]) -> PixelFacts {
        let mut facts = PixelFacts { transfer_syntax_uid: syntax.to_owned(), ..PixelFacts::default() };
        for (tag, text) in values {
            facts.take(*tag, text);
        }
        facts
    }

    #[test]
    fn only_bits_outside_of_the_image_are_cleared() {
        let values =
            [(0x0028_0100, "16"), (BITS_STORED, "12"), (HIGH_BIT, "11"), (BIT_POSITION, "12"), (0x6002_0102, "3")];
        let mut overlays = HiddenOverlays::of(&facts("1.2.840.10008.1.2.1", &values)).unwrap().unwrap();
        let mut bytes = [0xFF; 5];
        overlays.apply(&mut bytes[..3]);
        overlays.apply(&mut bytes[3..]);
        assert_eq!(bytes, [0xFF, 0xEF, 0xFF, 0xEF, 0xFF]);
        assert!(HiddenOverlays::of(&facts("1.2.840.10008.1.2.4.70", &values)).is_err());
        assert!(HiddenOverlays::of(&facts("1.2.840.10008.1.2.1", &values[..3])).unwrap().is_none());
        let separate = [(0x0028_0100, "8"), (BITS_STORED, "8"), (HIGH_BIT, "7"), (BIT_POSITION, "0")];
        assert!(HiddenOverlays::of(&facts("1.2.840.10008.1.2.4.50", &separate)).unwrap().is_none());
    }
}
