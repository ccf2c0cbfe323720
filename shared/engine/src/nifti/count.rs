//! How many images the converter says that it has converted: it leaves some out and calls that a success.

/// Bytes of a line that are looked at.
const LONGEST: usize = 64;

/// Adds up over what is printed, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Count {
    images: u64,
    /// The beginning of the present line.
    line: Vec<u8>,
}

impl Count {
    /// Takes the next piece.
    pub fn take(&mut self, printed: &[u8]) {
        for byte in printed {
            if *byte == b'\n' {
                self.end_line();
            } else if self.line.len() < LONGEST {
                self.line.push(*byte);
            }
        }
    }

    /// Images in all.
    pub fn total(mut self) -> u64 {
        self.end_line();
        self.images
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&self.line);
        let said = line.trim_start().strip_prefix("Convert ").and_then(|rest| rest.split_once(" DICOM as "));
        if let Some(number) = said.and_then(|(number, _)| number.trim().parse::<u64>().ok()) {
            self.images = self.images.saturating_add(number);
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_added_up_over_all_lines_however_they_come() {
        let long = "x".repeat(10_000);
        let printed = format!(
            "Chris Rorden's dcm2niiX version v1\nFound 30 DICOM file(s)\n{long}Convert 9 DICOM as /a (1x1x1x1)\n\
            Convert 20 DICOM as /scratch/\u{fc}{long} (32x32x20x1)\r\nConvert x DICOM as /b\nConversion required 1 s\n\
            Convert 7 DICOM as /c (16x16x7x1)"
        );
        for size in [1, 7, 64, printed.len()] {
            let mut count = Count::default();
            for piece in printed.as_bytes().chunks(size) {
                count.take(piece);
                assert!(count.line.len() <= LONGEST);
            }
            assert_eq!(count.total(), 27, "in pieces of {size}");
        }
        assert_eq!(Count::default().total(), 0);
    }
}
