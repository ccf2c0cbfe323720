//! JPEG-LS (ITU-T T.87), lossless and near-lossless, all interleave modes.

mod context;
mod line;

use context::{Parameters, Thresholds};
use line::Decoder;

use crate::bits::{Bits, Stuffing};
use crate::jpeg::{Segment, next_segment};
use crate::{CodecError, FrameShape};

/// Decodes one image.
pub(crate) fn decode(data: &[u8], shape: &FrameShape) -> Result<Vec<u8>, CodecError> {
    if data.get(..2) != Some(&[0xFF, 0xD8]) {
        return Err(CodecError::Malformed("no start of image"));
    }
    let mut frame: Option<(u32, Vec<u8>)> = None;
    let mut preset: Option<Thresholds> = None;
    let mut planes: Vec<Vec<u16>> = vec![Vec::new(); shape.samples as usize];
    let mut at = 2;
    while let Some(Segment { code, body: segment, next }) = next_segment(data, at)? {
        at = next;
        match code {
            0xF7 => frame = Some(frame_header(segment, shape)?),
            0xF8 => preset = Some(presets(segment)?),
            0xDA => {
                let (precision, ids) = frame.as_ref().ok_or(CodecError::Malformed("a scan without a frame header"))?;
                let scan = Scan::read(segment, ids)?;
                let mut bits = Bits::new(data, next, Stuffing::Bit);
                let parameters = Parameters::new(*precision, scan.near, preset)?;
                if scan.members.iter().any(|member| !planes[*member].is_empty()) {
                    return Err(CodecError::Malformed("a component is scanned twice"));
                }
                let decoded = Decoder::new(parameters, shape.columns as usize, scan.members.len()).decode(
                    &mut bits,
                    shape.rows as usize,
                    scan.by_sample,
                )?;
                for (member, plane) in scan.members.iter().zip(decoded) {
                    planes[*member] = plane;
                }
                at = bits.end();
            }
            0xDD if segment.iter().any(|byte| *byte != 0) => {
                return Err(CodecError::Unsupported("JPEG-LS with restarts"));
            }
            0xE8 if segment.starts_with(b"mrfx") && segment.get(4).is_some_and(|transform| *transform != 0) => {
                return Err(CodecError::Unsupported("a JPEG-LS color transform"));
            }
            0xC0..=0xCF => return Err(CodecError::Malformed("not a JPEG-LS image")),
            0xD9 => break,
            _ => {}
        }
    }
    let (precision, _) = frame.ok_or(CodecError::Truncated)?;
    if planes.iter().any(Vec::is_empty) {
        return Err(CodecError::Truncated);
    }
    shape.interleave(&planes, precision)
}

/// Precision and component identifiers (C.2.2).
fn frame_header(segment: &[u8], shape: &FrameShape) -> Result<(u32, Vec<u8>), CodecError> {
    let [precision, y0, y1, x0, x1, count, rest @ ..] = segment else { return Err(CodecError::Truncated) };
    let (rows, columns) = (u16::from_be_bytes([*y0, *y1]), u16::from_be_bytes([*x0, *x1]));
    if u32::from(rows) != shape.rows || u32::from(columns) != shape.columns || u32::from(*count) != shape.samples {
        return Err(CodecError::Shape);
    }
    let precision = u32::from(*precision);
    let described: Vec<&[u8]> = rest.chunks_exact(3).take(usize::from(*count)).collect();
    if !(2..=16).contains(&precision) || precision > shape.bits_allocated || described.len() < usize::from(*count) {
        return Err(CodecError::Unsupported("this precision"));
    }
    if described.iter().any(|one| one[1] != described[0][1]) {
        return Err(CodecError::Unsupported("JPEG-LS with subsampled color"));
    }
    Ok((precision, described.iter().map(|one| one[0]).collect()))
}

/// Coding parameters (C.2.4.1.1); mapping tables and larger sizes do not occur in DICOM.
fn presets(segment: &[u8]) -> Result<Thresholds, CodecError> {
    let Some((1, rest)) = segment.split_first() else { return Err(CodecError::Unsupported("a JPEG-LS mapping table")) };
    let number = |at: usize| {
        let bytes = rest.get(at * 2..at * 2 + 2).ok_or(CodecError::Truncated)?;
        Ok(i32::from(u16::from_be_bytes([bytes[0], bytes[1]])))
    };
    Ok(Thresholds { largest: number(0)?, t1: number(1)?, t2: number(2)?, t3: number(3)?, reset: number(4)? })
}

/// Scan header (C.2.3).
struct Scan {
    members: Vec<usize>,
    near: i32,
    by_sample: bool,
}

impl Scan {
    fn read(segment: &[u8], ids: &[u8]) -> Result<Self, CodecError> {
        let (count, rest) = segment.split_first().ok_or(CodecError::Truncated)?;
        let count = usize::from(*count);
        if !(1..=ids.len()).contains(&count) || rest.len() < count * 2 + 3 {
            return Err(CodecError::Malformed("scan header"));
        }
        let mut members = Vec::with_capacity(count);
        for one in rest[..count * 2].chunks_exact(2) {
            let member = ids.iter().position(|id| *id == one[0]);
            members.push(member.ok_or(CodecError::Malformed("a scan of an unknown component"))?);
            if one[1] != 0 {
                return Err(CodecError::Unsupported("a JPEG-LS mapping table"));
            }
        }
        let (near, interleave, transform) = (rest[count * 2], rest[count * 2 + 1], rest[count * 2 + 2]);
        if transform != 0 {
            return Err(CodecError::Unsupported("a JPEG-LS point transform"));
        }
        if interleave > 2 || (interleave == 0) != (count == 1) && count > 1 {
            return Err(CodecError::Malformed("interleave mode"));
        }
        Ok(Self { members, near: i32::from(near), by_sample: interleave == 2 && count > 1 })
    }
}
