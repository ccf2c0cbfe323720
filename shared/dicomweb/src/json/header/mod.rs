//! The header of a data set as it streams by: everything but pixels and other large values, which are counted only.

mod walk;

use std::io::{ErrorKind, Write};

use adit_dimse::{Identifier, Tag, uids};
use flate2::write::DeflateDecoder;
use thiserror::Error;

use walk::Walk;

/// A data set that cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidHeader {
    /// Its elements make no sense.
    #[error("the image's header is damaged")]
    Damaged,
    /// It is larger than anybody needs.
    #[error("the image's header is too large")]
    TooLarge,
}

/// Collects the header of one data set. Give it the bytes with [`HeaderReader::push`].
pub struct HeaderReader {
    input: Input,
}

enum Input {
    Plain(Walk),
    Deflated(Box<DeflateDecoder<Inflated>>),
}

/// Where inflated bytes go.
struct Inflated(Walk);

impl Write for Inflated {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl HeaderReader {
    /// A reader for a data set in this transfer syntax.
    #[must_use]
    pub fn new(transfer_syntax_uid: &str) -> Self {
        let mut walk = Walk::new(transfer_syntax_uid != uids::IMPLICIT_VR_LITTLE_ENDIAN);
        walk.big_endian = transfer_syntax_uid == uids::EXPLICIT_VR_BIG_ENDIAN;
        let is_deflated = transfer_syntax_uid == uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN;
        let input = if is_deflated {
            Input::Deflated(Box::new(DeflateDecoder::new(Inflated(walk))))
        } else {
            Input::Plain(walk)
        };
        Self { input }
    }

    /// Takes the next bytes. Those behind the header cost nothing.
    pub fn push(&mut self, chunk: &[u8]) {
        match &mut self.input {
            Input::Plain(walk) => walk.push(chunk),
            Input::Deflated(inflate) => {
                let wrote = if inflate.get_ref().0.is_done() { Ok(()) } else { inflate.write_all(chunk) };
                // Behind the end of the stream a blank may fill it up.
                if wrote.is_err_and(|error| error.kind() != ErrorKind::WriteZero) {
                    inflate.get_mut().0.wrong = Some(InvalidHeader::Damaged);
                }
            }
        }
    }

    /// Whether the rest of the data set is not needed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match &self.input {
            Input::Plain(walk) => walk.is_done(),
            Input::Deflated(inflate) => inflate.get_ref().0.is_done(),
        }
    }

    /// The data set without its large values, and the attributes whose values were left out.
    pub fn finish(self) -> Result<(Identifier, Vec<Tag>), InvalidHeader> {
        let walk = match self.input {
            Input::Plain(walk) => walk,
            // What is behind the header has not been inflated, so the stream has no end.
            Input::Deflated(mut inflate) if inflate.get_ref().0.is_done() => {
                std::mem::replace(&mut inflate.get_mut().0, Walk::new(true))
            }
            Input::Deflated(inflate) => inflate.finish().map_err(|_| InvalidHeader::Damaged)?.0,
        };
        if let Some(wrong) = walk.wrong {
            return Err(wrong);
        }
        if !walk.is_whole() {
            return Err(InvalidHeader::Damaged);
        }
        let syntax = if walk.explicit { uids::EXPLICIT_VR_LITTLE_ENDIAN } else { uids::IMPLICIT_VR_LITTLE_ENDIAN };
        let set = Identifier::decode(&walk.kept, syntax).map_err(|_| InvalidHeader::Damaged)?;
        Ok((set, walk.bulk))
    }
}

#[cfg(test)]
mod tests {
    use adit_dimse::{Value, tags};

    use super::*;

    const PIXELS: Tag = Tag(0x7FE0, 0x10, *b"OW");

    fn image() -> Identifier {
        let mut image = Identifier::new().with(tags::PATIENT_ID, "P1").with(tags::STUDY_INSTANCE_UID, "1.2");
        image.set_items(Tag(0x40, 0x275, *b"SQ"), vec![Identifier::new().with(tags::MODALITY, "CT")]);
        image.set_raw(Tag(0x28, 0x3006, *b"OW"), &[7; 40_000]);
        image.set_raw(Tag(0x28, 0x1201, *b"OW"), &[7; 512]);
        image.set_raw(PIXELS, &[9; 100_000]);
        image
    }

    fn read(bytes: &[u8], syntax: &str, piece: usize) -> Result<(Identifier, Vec<Tag>), InvalidHeader> {
        let mut reader = HeaderReader::new(syntax);
        for chunk in bytes.chunks(piece) {
            reader.push(chunk);
        }
        reader.finish()
    }

    #[test]
    fn large_values_are_left_out_however_the_bytes_come() {
        let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        deflated.write_all(&image().encode(uids::EXPLICIT_VR_LITTLE_ENDIAN)).unwrap();
        let deflated = deflated.finish().unwrap();
        for (bytes, syntax) in [
            (image().encode(uids::EXPLICIT_VR_LITTLE_ENDIAN), uids::EXPLICIT_VR_LITTLE_ENDIAN),
            (image().encode(uids::IMPLICIT_VR_LITTLE_ENDIAN), uids::IMPLICIT_VR_LITTLE_ENDIAN),
            (deflated, uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN),
        ] {
            for piece in [1, 7, 4096, usize::MAX / 2] {
                let (set, bulk) = read(&bytes, syntax, piece).unwrap();
                let mut expected = image();
                expected.remove(PIXELS);
                expected.remove(Tag(0x28, 0x3006, *b"OW"));
                let bytes = |set: &Identifier| set.encode(uids::EXPLICIT_VR_LITTLE_ENDIAN);
                assert_eq!(bytes(&set), bytes(&expected), "{syntax} by {piece}");
                assert_eq!(bulk, [Tag(0x28, 0x3006, *b"OW"), PIXELS]);
            }
        }
    }

    /// An element in big endian.
    fn big(tag: Tag, value: &[u8]) -> Vec<u8> {
        let mut bytes = [tag.0.to_be_bytes(), tag.1.to_be_bytes()].concat();
        bytes.extend_from_slice(&tag.2);
        let length = u32::try_from(value.len()).unwrap();
        match &tag.2 {
            b"OW" | b"SQ" => bytes.extend_from_slice(&[&[0, 0][..], &length.to_be_bytes()].concat()),
            _ => bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes()),
        }
        bytes.extend_from_slice(value);
        bytes
    }

    #[test]
    fn big_endian_is_turned_round() {
        const ROWS: Tag = Tag(0x28, 0x10, *b"US");
        const POINTER: Tag = Tag(0x28, 0x09, *b"AT");
        const TABLE: Tag = Tag(0x28, 0x1201, *b"OW");
        const LENGTH: Tag = Tag(0x28, 0x3006, *b"OW");
        const EXPOSURE: Tag = Tag(0x18, 0x9328, *b"FD");
        const ICON: Tag = Tag(0x88, 0x200, *b"SQ");
        const REQUEST: Tag = Tag(0x40, 0x275, *b"SQ");
        let delimiter = |element: u16| [&[0xFF, 0xFE][..], &element.to_be_bytes(), &[0; 4]].concat();
        let item = |length: u32| [&[0xFF, 0xFE, 0xE0, 0][..], &length.to_be_bytes()].concat();
        let icon = [big(ROWS, &[0, 64]), big(PIXELS, &[0, 1, 0, 2])].concat();
        let icon = [item(u32::try_from(icon.len()).unwrap()), icon].concat();
        let mut request = big(REQUEST, &[]);
        request[8..].fill(0xFF);
        let inner = [item(u32::MAX), big(tags::MODALITY, b"CT"), big(ICON, &icon), delimiter(0xE00D)].concat();
        let bytes = [
            big(tags::PATIENT_ID, b"P1"),
            big(EXPOSURE, &1.5_f64.to_be_bytes()),
            big(POINTER, &[0x00, 0x54, 0x00, 0x80]),
            big(ROWS, &[2, 0]),
            big(TABLE, &[1, 2, 3, 4]),
            big(LENGTH, &[7; 40_000]),
            [request, inner, delimiter(0xE0DD)].concat(),
            big(ICON, &icon),
            big(PIXELS, &[9; 100]),
        ]
        .concat();
        let mut small = Identifier::new();
        small.set_raw(ROWS, &64_u16.to_le_bytes());
        small.set_raw(PIXELS, &[1, 0, 2, 0]);
        let mut requested = Identifier::new().with(tags::MODALITY, "CT");
        requested.set_items(ICON, vec![small.clone()]);
        let mut expected = Identifier::new().with(tags::PATIENT_ID, "P1");
        expected.set_raw(EXPOSURE, &1.5_f64.to_le_bytes());
        expected.set_raw(POINTER, &[0x54, 0x00, 0x80, 0x00]);
        expected.set_raw(ROWS, &512_u16.to_le_bytes());
        expected.set_raw(TABLE, &[2, 1, 4, 3]);
        expected.set_items(REQUEST, vec![requested]);
        expected.set_items(ICON, vec![small]);
        let little = |set: &Identifier| set.encode(uids::EXPLICIT_VR_LITTLE_ENDIAN);
        for piece in [1, 3, 64, bytes.len()] {
            let (set, bulk) = read(&bytes, uids::EXPLICIT_VR_BIG_ENDIAN, piece).unwrap();
            assert_eq!((little(&set), bulk), (little(&expected), vec![LENGTH, PIXELS]), "by {piece}");
        }
        // Within the icon, which ends later.
        let cut = bytes.len() - big(PIXELS, &[9; 100]).len() - big(PIXELS, &[0; 4]).len();
        assert_eq!(read(&bytes[..cut], uids::EXPLICIT_VR_BIG_ENDIAN, 7), Err(InvalidHeader::Damaged));
    }

    #[test]
    fn sequences_of_undefined_length_are_walked() {
        let mut bytes = vec![0x40, 0, 0x75, 0x02, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF];
        bytes.extend_from_slice(&[0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
        bytes.extend_from_slice(&Identifier::new().with(tags::MODALITY, "CT").encode(uids::EXPLICIT_VR_LITTLE_ENDIAN));
        bytes.extend_from_slice(&[0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        // Encapsulated pixels, cut off.
        bytes.extend_from_slice(&[0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3]);
        let (set, bulk) = read(&bytes, "1.2.840.10008.1.2.4.50", 5).unwrap();
        assert_eq!(bulk, [Tag(0x7FE0, 0x10, *b"OB")]);
        assert!(
            matches!(set.entries().next(), Some((_, Value::Items(items))) if items[0].text(tags::MODALITY) == "CT")
        );
    }

    #[test]
    fn what_is_cut_off_or_makes_no_sense_is_no_header() {
        let bytes = Identifier::new().with(tags::PATIENT_ID, "P1").encode(uids::EXPLICIT_VR_LITTLE_ENDIAN);
        assert_eq!(read(&bytes[..9], uids::EXPLICIT_VR_LITTLE_ENDIAN, 2), Err(InvalidHeader::Damaged));
        let huge = [0x10, 0, 0x20, 0, b'U', b'T', 0, 0, 0, 0, 0, 0x7F, 1];
        assert_eq!(read(&huge, uids::EXPLICIT_VR_LITTLE_ENDIAN, 20), Err(InvalidHeader::TooLarge));
        let deep = [0x08, 0, 0x40, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF].repeat(100);
        assert_eq!(read(&deep, uids::EXPLICIT_VR_LITTLE_ENDIAN, 64), Err(InvalidHeader::Damaged));
    }
}
