//! JPEG 2000 (ITU-T T.800), decoded by a library without unsafe code. Sizes are checked before it allocates.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use crate::{CodecError, FrameShape};

/// Most tiles: what a decoder keeps for each would grow without bound.
const MAX_TILES: u64 = 65_535;

/// What the image and tile size segment says (A.5.1).
struct Size {
    precision: u32,
    signed: bool,
}

/// Decodes one image; a JP2 file around it is taken off, so that its color boxes change nothing.
pub(crate) fn decode(data: &[u8], shape: &FrameShape) -> Result<Vec<u8>, CodecError> {
    let stream = if data.starts_with(&[0, 0, 0, 12]) { code_stream(data)? } else { data };
    let size = size(stream, shape)?;
    let settings = DecodeSettings { resolve_palette_indices: false, strict: true, target_resolution: None };
    // The library is tested against hostile files; a panic that is left refuses one frame, not the process.
    let decoded = catch_unwind(AssertUnwindSafe(|| planes(stream, &settings, &size, shape)));
    let planes = decoded.map_err(|_| CodecError::Malformed("JPEG 2000"))??;
    shape.interleave(&planes, size.precision)
}

fn planes(
    stream: &[u8],
    settings: &DecodeSettings,
    size: &Size,
    shape: &FrameShape,
) -> Result<Vec<Vec<u16>>, CodecError> {
    let malformed = |_| CodecError::Malformed("JPEG 2000");
    let image = Image::new(stream, settings).map_err(malformed)?;
    if image.width() != shape.columns || image.height() != shape.rows {
        return Err(CodecError::Shape);
    }
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(malformed)?;
    let half = f64::from(1_u32 << (size.precision - 1));
    let (lowest, largest) = if size.signed { (-half, half - 1.0) } else { (0.0, half * 2.0 - 1.0) };
    // The library shifts signed samples as if they were unsigned.
    let shift = if size.signed { half } else { 0.0 };
    let mask = 0xFFFF_u32 >> (16 - size.precision);
    let plane = |samples: &[f32]| {
        let code = |sample: &f32| {
            let value = (f64::from(*sample) - shift).round().clamp(lowest, largest);
            // Two's complement of `precision` bits; the clamp keeps it in range.
            u16::try_from((value as i32).cast_unsigned() & mask).unwrap_or(0)
        };
        samples.iter().map(code).collect()
    };
    Ok(decoded.components().iter().map(|component| plane(component.samples())).collect())
}

/// Reads and checks the SIZ segment, which follows the start of the code stream.
fn size(stream: &[u8], shape: &FrameShape) -> Result<Size, CodecError> {
    if !stream.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) {
        return Err(CodecError::Malformed("no start of a JPEG 2000 code stream"));
    }
    let number = |at: usize| {
        let bytes = stream.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map(u32::from_be_bytes).ok_or(CodecError::Truncated)
    };
    // Lsiz 4, Rsiz 6, then the numbers, Csiz 40.
    let (right, bottom, left, top) = (number(8)?, number(12)?, number(16)?, number(20)?);
    let (tile_width, tile_height) = (number(24)?, number(28)?);
    let components = stream.get(40..42).ok_or(CodecError::Truncated)?;
    let fits = right.checked_sub(left) == Some(shape.columns) && bottom.checked_sub(top) == Some(shape.rows);
    if !fits || u32::from(u16::from_be_bytes([components[0], components[1]])) != shape.samples {
        return Err(CodecError::Shape);
    }
    let tiles = |length: u32, tile: u32| u64::from(length).div_ceil(u64::from(tile.max(1)));
    if tile_width == 0 || tile_height == 0 || tiles(right, tile_width) * tiles(bottom, tile_height) > MAX_TILES {
        return Err(CodecError::Malformed("JPEG 2000 tiles"));
    }
    let described = stream.get(42..42 + shape.samples as usize * 3).ok_or(CodecError::Truncated)?;
    let same = described.chunks_exact(3).all(|one| one[0] == described[0] && one[1] == 1 && one[2] == 1);
    let precision = u32::from(described[0] & 0x7F) + 1;
    if !same || precision > 16 || precision > shape.bits_allocated {
        return Err(CodecError::Unsupported("this precision or color subsampling"));
    }
    Ok(Size { precision, signed: described[0] & 0x80 != 0 })
}

/// Whether the code stream has a color transform of its own, which the decoder undoes (A.6.1); none: it does not say so.
pub(crate) fn has_transform(data: &[u8]) -> Option<bool> {
    let mut rest = if data.starts_with(&[0, 0, 0, 12]) { code_stream(data).ok()? } else { data }.get(2..)?;
    loop {
        let (head, segment) = rest.split_first_chunk::<4>()?;
        match head[..2] {
            // Lcod 2, Scod 1, order 1, layers 2, then the transform.
            [0xFF, 0x52] => return segment.get(4).map(|transform| *transform == 1),
            [0xFF, 0x90] => return None,
            _ => rest = rest.get(2 + usize::from(u16::from_be_bytes([head[2], head[3]]))..)?,
        }
    }
}

/// The contents of the `jp2c` box of a JP2 file (Annex I).
fn code_stream(data: &[u8]) -> Result<&[u8], CodecError> {
    let mut rest = data;
    while let Some(head) = rest.get(..8) {
        let short = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let (start, length) = match short {
            0 => (8, rest.len()),
            1 => {
                let long = rest.get(8..16).and_then(|bytes| bytes.try_into().ok()).ok_or(CodecError::Truncated)?;
                (16, usize::try_from(u64::from_be_bytes(long)).unwrap_or(usize::MAX))
            }
            length => (8, length),
        };
        let contents = rest.get(start..length.min(rest.len())).ok_or(CodecError::Malformed("JP2 box"))?;
        if &head[4..8] == b"jp2c" {
            return Ok(contents);
        }
        rest = rest.get(length..).ok_or(CodecError::Truncated)?;
    }
    Err(CodecError::Truncated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Geometry, decoded};

    #[test]
    fn the_color_is_what_the_code_stream_says() {
        let stream = include_bytes!("../tests/fixtures/j2k_rgb.bin").to_vec();
        let at = stream.windows(2).position(|two| two == [0xFF, 0x52]).unwrap() + 8;
        let color = |transform: u8, header: &str| {
            let mut stream = stream.clone();
            stream[at] = transform;
            assert_eq!(has_transform(&stream), Some(transform == 1));
            let geometry = Geometry { samples: 3, photometric: header.to_owned(), ..Geometry::default() };
            decoded("1.2.840.10008.1.2.4.90", &stream, &geometry).photometric
        };
        assert_eq!(["YBR_RCT", "RGB", "YBR_FULL", "YBR_ICT"].map(|header| color(1, header)), ["RGB"; 4]);
        let plain = ["RGB", "YBR_FULL", "YBR_ICT"].map(|header| color(0, header));
        assert_eq!(plain, ["RGB", "YBR_FULL", "YBR_FULL"]);
        assert_eq!(has_transform(&stream[..at - 8]), None);
    }

    #[test]
    fn a_lossless_stream_is_as_coded_and_a_lossy_one_red_green_and_blue() {
        let geometry = Geometry { samples: 3, photometric: "YBR_FULL".to_owned(), ..Geometry::default() };
        for (stream, expected) in [
            (include_bytes!("../tests/fixtures/lossless_rgb.bin").as_slice(), "YBR_FULL"),
            (include_bytes!("../tests/fixtures/baseline_422.bin").as_slice(), "RGB"),
        ] {
            for syntax in ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70"] {
                assert_eq!(decoded(syntax, stream, &geometry).photometric, expected, "{syntax}");
            }
        }
    }
}
