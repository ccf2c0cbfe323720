//! Whether a file of the converter was written to its end: it does not say so itself when the disk is full.

use std::fs::File;
use std::io::{self, BufReader, Read};

use flate2::read::GzDecoder;
use serde::de::IgnoredAny;

use super::outputs::Output;

/// Bytes of the header of an image (NIfTI-1).
const HEADER: u64 = 348;
/// Where its magic stands, and what that is where header and image share a file.
const MAGIC: (std::ops::Range<usize>, &[u8]) = (344..347, b"n+1");
/// Where the number of axes stands, followed by the size of each.
const AXES: usize = 40;
/// Where the bits of one value stand.
const BITS: usize = 72;
/// Where it stands at which byte the values begin.
const BEGINNING: usize = 108;

/// Gives the files back when each of them is whole.
///
/// # Errors
/// One is cut off, or cannot be read.
pub(super) async fn whole(files: Vec<Output>) -> io::Result<Vec<Output>> {
    let look = move || -> io::Result<Vec<Output>> {
        files.iter().try_for_each(check)?;
        Ok(files)
    };
    tokio::task::spawn_blocking(look).await.map_err(io::Error::other)?
}

fn check(file: &Output) -> io::Result<()> {
    let is_whole = match file.name.rsplit('.').next() {
        Some("gz") => is_whole_image(GzDecoder::new(File::open(&file.path)?))?,
        Some("nii") => is_whole_image(File::open(&file.path)?)?,
        Some("json") => is_whole_text(File::open(&file.path)?),
        _ => true,
    };
    // Its name may say who the patient is.
    if is_whole {
        Ok(())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "a file of the converter is cut off"))
    }
}

/// Whether a description has its end. It may hold numbers that JSON does not know, such as `nan`.
fn is_whole_text(file: File) -> bool {
    !serde_json::from_reader::<_, IgnoredAny>(BufReader::new(file)).is_err_and(|error| error.is_eof() || error.is_io())
}

/// Reads an image to its end, and compares its length with its header.
fn is_whole_image(mut image: impl Read) -> io::Result<bool> {
    let mut header = Vec::new();
    let begun = image.by_ref().take(HEADER).read_to_end(&mut header)?;
    let rest = io::copy(&mut image, &mut io::sink())?;
    let length = rest.saturating_add(u64::try_from(begun).unwrap_or(u64::MAX));
    Ok(wanted(&header).is_some_and(|wanted| length >= wanted))
}

/// Bytes that an image has by its header; none: it is no header.
fn wanted(header: &[u8]) -> Option<u64> {
    let two = |at: usize| -> Option<[u8; 2]> { header.get(at..at + 2)?.try_into().ok() };
    let four = |at: usize| -> Option<[u8; 4]> { header.get(at..at + 4)?.try_into().ok() };
    let (magic, text) = MAGIC;
    let length = four(0)?;
    let is_little = u64::from(u32::from_le_bytes(length)) == HEADER;
    let is_big = u64::from(u32::from_be_bytes(length)) == HEADER;
    if header.get(magic)? != text || !(is_little || is_big) {
        return None;
    }
    // Nothing here may be zero or less.
    let number = |at: usize| {
        let number = two(at).map(|bytes| if is_little { i16::from_le_bytes(bytes) } else { i16::from_be_bytes(bytes) });
        number.and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0)
    };
    let axes = usize::try_from(number(AXES)?).ok().filter(|axes| *axes <= 7)?;
    let mut bits = number(BITS)?;
    for axis in 1..=axes {
        bits = bits.checked_mul(number(AXES + 2 * axis)?)?;
    }
    let bytes = four(BEGINNING)?;
    let beginning = if is_little { f32::from_le_bytes(bytes) } else { f32::from_be_bytes(bytes) };
    if !(348.0..=1_000_000_000.0).contains(&beginning) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the line above knows its range")]
    let beginning = beginning as u64;
    bits.div_ceil(8).checked_add(beginning)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// An image of 16-bit values whose header speaks of 4 x 3 x 5, with as many slices as given.
    fn image(slices: usize, little: bool) -> Vec<u8> {
        let mut image = vec![0; 352 + 4 * 3 * slices * 2];
        let short = |number: i16| if little { number.to_le_bytes() } else { number.to_be_bytes() };
        image[..4].copy_from_slice(&if little { 348_i32.to_le_bytes() } else { 348_i32.to_be_bytes() });
        for (place, number) in [3, 4, 3, 5].into_iter().enumerate() {
            image[40 + 2 * place..42 + 2 * place].copy_from_slice(&short(number));
        }
        image[72..74].copy_from_slice(&short(16));
        image[108..112].copy_from_slice(&if little { 352_f32.to_le_bytes() } else { 352_f32.to_be_bytes() });
        image[344..348].copy_from_slice(b"n+1\0");
        image
    }

    fn packed(image: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(image).unwrap();
        encoder.finish().unwrap()
    }

    async fn is_whole(folder: &Path, name: &str, content: &[u8]) -> bool {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        let file = Output { name: name.to_owned(), path, size: 1 };
        whole(vec![file.clone()]).await.is_ok_and(|files| files == [file])
    }

    #[tokio::test]
    async fn files_that_were_cut_off_are_told_from_whole_ones() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for little in [true, false] {
            let (good, short) = (image(5, little), image(4, little));
            assert!(is_whole(at, "a.nii.gz", &packed(&good)).await && is_whole(at, "a.nii", &good).await);
            assert!(!is_whole(at, "a.nii.gz", &packed(&short)).await && !is_whole(at, "a.nii", &short).await);
        }
        let good = packed(&image(5, true));
        for length in [0, 5, good.len() / 2, good.len() - 4] {
            assert!(!is_whole(at, "a.nii.gz", &good[..length]).await, "{length} bytes of it");
        }
        assert!(!is_whole(at, "a.nii", b"no image").await);
        assert!(is_whole(at, "a.json", br#"{"Modality": "CT", "EchoTime": 0.1}"#).await);
        for broken in ["", r#"{"Modality": "CT", "Echo"#, r#"{"Modality": "CT""#] {
            assert!(!is_whole(at, "a.json", broken.as_bytes()).await, "{broken}");
        }
        assert!(is_whole(at, "a.json", br#"{"EchoTime": nan}"#).await, "its own way to write a number");
        assert!(is_whole(at, "a.bval", b"0 1000").await);
    }

    #[test]
    fn headers_that_make_no_sense_are_none() {
        let good = image(5, true);
        assert_eq!(wanted(&good), Some(352 + 4 * 3 * 5 * 2));
        for (at, byte) in [(0, 1), (40, 8), (40, 0), (44, 0), (73, 0x80), (111, 0xff), (345, b'x')] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert_eq!(wanted(&bad), None, "byte {at}");
        }
    }
}
