//! DICOM files of any shape, made element by element. No real patient is in them.

use adit_deid::part10::file_meta;

/// A file in Explicit VR Little Endian or a compressed transfer syntax; elements come in their order.
pub struct Image {
    bytes: Vec<u8>,
}

impl Image {
    /// Begins a file.
    pub fn new(sop_class_uid: &str, sop_instance_uid: &str, transfer_syntax_uid: &str) -> Self {
        let bytes = file_meta(sop_class_uid, sop_instance_uid, transfer_syntax_uid, "2.25.1", "SYNTHETIC");
        Self { bytes }.text(0x0008_0016, "UI", sop_class_uid).text(0x0008_0018, "UI", sop_instance_uid)
    }

    /// A text, padded.
    #[must_use]
    pub fn text(self, tag: u32, vr: &str, text: &str) -> Self {
        let mut value = text.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(if vr == "UI" { 0 } else { b' ' });
        }
        self.value(tag, vr, &value)
    }

    /// Words of 16 bits.
    #[must_use]
    pub fn words(self, tag: u32, vr: &str, words: &[u16]) -> Self {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.value(tag, vr, &bytes)
    }

    /// Bytes of an even length.
    #[must_use]
    pub fn value(mut self, tag: u32, vr: &str, value: &[u8]) -> Self {
        assert!(value.len().is_multiple_of(2), "{tag:08X} has an uneven length");
        self.head(tag, vr, u32::try_from(value.len()).expect("a small value"));
        self.bytes.extend_from_slice(value);
        self
    }

    /// Shape of the pixels: rows, columns, samples, bits allocated, bits stored, signed.
    #[must_use]
    pub fn shape(
        self,
        photometric: &str,
        [rows, columns, samples, allocated, stored, signed]: [u16; 6],
        frames: usize,
    ) -> Self {
        let mut image = self.words(0x0028_0002, "US", &[samples]).text(0x0028_0004, "CS", photometric);
        if samples > 1 {
            image = image.words(0x0028_0006, "US", &[0]);
        }
        if frames > 1 {
            image = image.text(0x0028_0008, "IS", &frames.to_string());
        }
        image
            .words(0x0028_0010, "US", &[rows])
            .words(0x0028_0011, "US", &[columns])
            .words(0x0028_0100, "US", &[allocated])
            .words(0x0028_0101, "US", &[stored])
            .words(0x0028_0102, "US", &[stored - 1])
            .words(0x0028_0103, "US", &[signed])
    }

    /// Compressed frames, each in these fragments, without offsets. Ends the file.
    #[must_use]
    pub fn fragments(mut self, frames: &[Vec<&[u8]>]) -> Vec<u8> {
        self.head(0x7FE0_0010, "OB", u32::MAX);
        self.bytes.extend_from_slice(&[0xFE, 0xFF, 0, 0xE0, 0, 0, 0, 0]);
        for fragment in frames.iter().flatten() {
            let length = u32::try_from(fragment.len().next_multiple_of(2)).expect("a small fragment");
            self.bytes.extend_from_slice(&[0xFE, 0xFF, 0, 0xE0]);
            self.bytes.extend_from_slice(&length.to_le_bytes());
            self.bytes.extend_from_slice(fragment);
            if !fragment.len().is_multiple_of(2) {
                self.bytes.push(0);
            }
        }
        self.bytes.extend_from_slice(&[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        self.bytes
    }

    /// Ends the file.
    #[must_use]
    pub fn done(self) -> Vec<u8> {
        self.bytes
    }

    fn head(&mut self, tag: u32, vr: &str, length: u32) {
        let [g0, g1, e0, e1] = tag.to_be_bytes();
        self.bytes.extend_from_slice(&[g1, g0, e1, e0]);
        self.bytes.extend_from_slice(vr.as_bytes());
        if matches!(vr, "OB" | "OW" | "SQ" | "UN" | "UT") {
            self.bytes.extend_from_slice(&[0, 0]);
            self.bytes.extend_from_slice(&length.to_le_bytes());
        } else {
            self.bytes.extend_from_slice(&u16::try_from(length).expect("a short value").to_le_bytes());
        }
    }
}
