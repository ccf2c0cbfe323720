//! RLE Lossless (PS3.5 Annex G): `PackBits` of byte planes, most significant byte first.

use crate::{CodecError, FrameShape};

/// Number of segments and 15 offsets.
const HEADER: usize = 64;

/// Decodes one frame to little-endian samples, color by pixel.
pub fn decode(data: &[u8], shape: &FrameShape) -> Result<Vec<u8>, CodecError> {
    shape.check()?;
    let number = |index: usize| {
        let bytes = data.get(index * 4..index * 4 + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| u32::from_le_bytes(bytes) as usize).ok_or(CodecError::Truncated)
    };
    let (size, stride) = (shape.sample_bytes(), shape.sample_bytes() * shape.samples as usize);
    if number(0)? != stride {
        return Err(CodecError::Malformed("number of RLE segments"));
    }
    let mut out = vec![0; shape.length()];
    for segment in 0..stride {
        let start = number(1 + segment)?;
        let end = if segment + 1 < stride { number(2 + segment)? } else { data.len() };
        let bytes = data.get(start.max(HEADER)..end).ok_or(CodecError::Malformed("offset of an RLE segment"))?;
        // The planes of a sample come most significant byte first (G.2).
        let position = segment / size * size + (size - 1 - segment % size);
        unpack(bytes, out.iter_mut().skip(position).step_by(stride))?;
    }
    Ok(out)
}

/// Writes unpacked bytes to every place; more bytes than places are ignored (a row may end in padding).
fn unpack<'a>(mut packed: &[u8], mut places: impl ExactSizeIterator<Item = &'a mut u8>) -> Result<(), CodecError> {
    while places.len() > 0 {
        let (count, rest) = packed.split_first().ok_or(CodecError::Truncated)?;
        packed = rest;
        match *count {
            count @ 0..=127 => {
                let length = usize::from(count) + 1;
                let literal = packed.get(..length.min(places.len())).ok_or(CodecError::Truncated)?;
                // In this order: a zip takes one too many of its first side.
                literal.iter().zip(places.by_ref()).for_each(|(byte, place)| *place = *byte);
                packed = packed.get(length..).unwrap_or(&[]);
            }
            128 => {}
            count => {
                let (byte, rest) = packed.split_first().ok_or(CodecError::Truncated)?;
                packed = rest;
                places.by_ref().take(257 - usize::from(count)).for_each(|place| *place = *byte);
            }
        }
    }
    Ok(())
}

/// Encodes little-endian samples, color by pixel. The length is even.
pub fn encode(samples: &[u8], shape: &FrameShape) -> Result<Vec<u8>, CodecError> {
    shape.check()?;
    let (size, stride) = (shape.sample_bytes(), shape.sample_bytes() * shape.samples as usize);
    if samples.len() != shape.length() || stride > 15 {
        return Err(CodecError::Shape);
    }
    let mut out = vec![0; HEADER];
    out[..4].copy_from_slice(&u32::try_from(stride).map_err(|_| CodecError::Shape)?.to_le_bytes());
    let mut row = Vec::with_capacity(shape.columns as usize);
    for segment in 0..stride {
        let offset = u32::try_from(out.len()).map_err(|_| CodecError::Shape)?;
        out[4 + segment * 4..8 + segment * 4].copy_from_slice(&offset.to_le_bytes());
        let position = segment / size * size + (size - 1 - segment % size);
        // Runs do not cross rows (G.3.1).
        for bytes in samples.chunks(shape.columns as usize * stride) {
            row.clear();
            row.extend(bytes.iter().skip(position).step_by(stride));
            pack(&row, &mut out);
        }
        if out.len() % 2 == 1 {
            out.push(0);
        }
    }
    Ok(out)
}

fn pack(mut row: &[u8], out: &mut Vec<u8>) {
    while let Some(first) = row.first() {
        let run = row.iter().take(128).take_while(|byte| *byte == first).count();
        if run >= 2 {
            out.extend([count(257 - run), *first]);
            row = &row[run..];
            continue;
        }
        // A literal goes on up to the next three equal bytes: a pair inside is not worth a run.
        let repeats = row.windows(3).position(|window| window[0] == window[1] && window[1] == window[2]);
        let length = repeats.unwrap_or(row.len()).clamp(1, 128);
        out.push(count(length - 1));
        out.extend_from_slice(&row[..length]);
        row = &row[length..];
    }
}

/// A count byte; the callers stay below 256.
fn count(value: usize) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(rows: u32, columns: u32, samples: u32, bits_allocated: u32) -> FrameShape {
        FrameShape { rows, columns, samples, bits_allocated, signed: false, ybr: false }
    }

    #[test]
    fn bytes_as_in_the_standard() {
        let encoded = encode(&[7, 7, 7, 1, 2, 3, 3, 9], &shape(2, 4, 1, 8)).unwrap();
        assert_eq!(encoded[..8], [1, 0, 0, 0, 64, 0, 0, 0]);
        assert_eq!(encoded[64..], [254, 7, 0, 1, 3, 2, 3, 3, 9, 0]);
        let words = encode(&[0x34, 0x12], &shape(1, 1, 1, 16)).unwrap();
        assert_eq!(words[64..], [0, 0x12, 0, 0x34]);
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(
            kind in prop::sample::select(vec![(1, 8), (1, 16), (3, 8), (3, 16), (1, 32), (3, 32)]),
            rows in 1..6_u32, columns in 1..300_u32, seed in prop::collection::vec(0..3_u8, 1..50),
        ) {
            let shape = shape(rows, columns, kind.0, kind.1);
            let samples: Vec<u8> = (0..shape.length()).map(|at| seed[(at / 3) % seed.len()].wrapping_mul(at as u8 % 4)).collect();
            let encoded = encode(&samples, &shape).unwrap();
            prop_assert_eq!(encoded.len() % 2, 0);
            prop_assert_eq!(decode(&encoded, &shape).unwrap(), samples);
        }

        #[test]
        fn noise_is_refused_or_decoded(noise in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut data = encode(&[0; 64], &shape(8, 8, 1, 8)).unwrap();
            data.extend(&noise);
            let _ = decode(&data, &shape(8, 8, 1, 8));
            let _ = decode(&noise, &shape(8, 8, 1, 8));
        }
    }
}
