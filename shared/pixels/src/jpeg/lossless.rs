//! Lossless scans (T.81 Annex H).

use super::huffman::{Huffman, receive_extend};
use super::segments::{Frame, Scan, Tables};
use crate::CodecError;
use crate::bits::Bits;

/// Decodes a scan into its planes.
pub(super) fn scan(
    bits: &mut Bits,
    frame: &Frame,
    scan: &Scan,
    tables: &Tables,
    planes: &mut [Vec<u16>],
) -> Result<(), CodecError> {
    let mut readers: Vec<(&Huffman, usize)> = Vec::with_capacity(scan.members.len());
    for member in &scan.members {
        let table = tables.dc[member.dc].as_ref().ok_or(CodecError::Malformed("a table is missing"))?;
        readers.push((table, member.component));
    }
    let start = 1_i32 << (frame.precision - scan.shift - 1);
    // The first line, and the first one behind a restart, are predicted from the left (H.1.2.1).
    let (mut first_row, mut first) = (0, true);
    for row in 0..frame.rows {
        for column in 0..frame.columns {
            let unit = row * frame.columns + column;
            if tables.restart > 0 && unit > 0 && unit.is_multiple_of(tables.restart) {
                bits.restart()?;
                (first_row, first) = (row, true);
            }
            for (table, component) in &readers {
                let plane = &mut planes[*component];
                let prediction = if first {
                    start
                } else if row == first_row {
                    sample(plane, unit.wrapping_sub(1))
                } else if column == 0 {
                    sample(plane, unit.wrapping_sub(frame.columns))
                } else {
                    predict(scan.predictor, plane, unit, frame.columns)
                };
                let size = table.decode(bits)?;
                let difference = match size {
                    0..=15 => receive_extend(bits, size)?,
                    16 => 32768,
                    _ => return Err(CodecError::Malformed("difference")),
                };
                // Differences are modulo 2 to the 16 (H.1.2.1).
                plane[unit] = u16::try_from((prediction + difference) & 0xFFFF).unwrap_or(0);
            }
            first = false;
        }
    }
    for (_, component) in readers {
        let largest = (1_u32 << frame.precision) - 1;
        for value in &mut planes[component] {
            *value = u16::try_from(u32::from(*value) << scan.shift & largest).unwrap_or(0);
        }
    }
    Ok(())
}

fn sample(plane: &[u16], at: usize) -> i32 {
    plane.get(at).copied().map_or(0, i32::from)
}

/// Table H.1
fn predict(predictor: u8, plane: &[u16], unit: usize, columns: usize) -> i32 {
    let left = sample(plane, unit.wrapping_sub(1));
    let above = sample(plane, unit.wrapping_sub(columns));
    let corner = sample(plane, unit.wrapping_sub(columns + 1));
    match predictor {
        1 => left,
        2 => above,
        3 => corner,
        4 => left + above - corner,
        5 => left + ((above - corner) >> 1),
        6 => above + ((left - corner) >> 1),
        _ => (left + above) >> 1,
    }
}
