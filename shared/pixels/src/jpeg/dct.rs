//! Sequential DCT scans (T.81 Annex F) and the inverse transform (A.3.3).

use super::huffman::{Huffman, receive_extend};
use super::segments::{Component, Frame, Member, Scan, Tables};
use crate::CodecError;
use crate::bits::Bits;

/// Where the coefficients of a block stand, in the order they are coded (Figure A.6).
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// What a member of a scan needs.
struct Reader<'a> {
    component: &'a Component,
    index: usize,
    dc: &'a Huffman,
    ac: &'a Huffman,
    quantization: &'a [u16; 64],
    previous: i32,
}

/// Decodes a scan into its planes.
pub(super) fn scan(
    bits: &mut Bits,
    frame: &Frame,
    scan: &Scan,
    tables: &Tables,
    planes: &mut [Vec<u16>],
) -> Result<(), CodecError> {
    let mut readers = Vec::with_capacity(scan.members.len());
    for member in &scan.members {
        readers.push(reader(frame, member, tables)?);
    }
    let alone = readers.len() == 1;
    let (across, down) = match readers.first() {
        // Blocks of padding are not coded in a scan of one component (A.2.3).
        Some(reader) if alone => (reader.component.width.div_ceil(8), reader.component.height.div_ceil(8)),
        _ => (frame.across, frame.down),
    };
    for unit in 0..across * down {
        if tables.restart > 0 && unit > 0 && unit.is_multiple_of(tables.restart) {
            bits.restart()?;
            readers.iter_mut().for_each(|reader| reader.previous = 0);
        }
        let (column, row) = (unit % across, unit / across);
        for reader in &mut readers {
            let (wide, tall) = if alone { (1, 1) } else { (reader.component.horizontal, reader.component.vertical) };
            for block in 0..wide * tall {
                let (x, y) = (column * wide + block % wide, row * tall + block / wide);
                let coefficients = reader.block(bits)?;
                let start = y * 8 * reader.component.stride + x * 8;
                put(&coefficients, &mut planes[reader.index], start, reader.component.stride, frame.precision);
            }
        }
    }
    Ok(())
}

fn reader<'a>(frame: &'a Frame, member: &Member, tables: &'a Tables) -> Result<Reader<'a>, CodecError> {
    let component = &frame.components[member.component];
    let missing = CodecError::Malformed("a table is missing");
    Ok(Reader {
        component,
        index: member.component,
        dc: tables.dc[member.dc].as_ref().ok_or(missing)?,
        ac: tables.ac[member.ac].as_ref().ok_or(missing)?,
        quantization: tables.quantization[component.quantization].as_ref().ok_or(missing)?,
        previous: 0,
    })
}

impl Reader<'_> {
    /// Coefficients of the next block, multiplied by their quantization.
    fn block(&mut self, bits: &mut Bits) -> Result<[i64; 64], CodecError> {
        let mut block = [0; 64];
        let size = self.dc.decode(bits)?;
        if size > 15 {
            return Err(CodecError::Malformed("DC coefficient"));
        }
        // Wraps instead of growing without end in a hostile stream.
        self.previous = self.previous.wrapping_add(receive_extend(bits, size)?);
        block[0] = i64::from(self.previous) * i64::from(self.quantization[0]);
        let mut at = 1;
        while at < 64 {
            let code = self.ac.decode(bits)?;
            let (zeros, size) = ((code >> 4) as usize, code & 15);
            if size == 0 {
                if zeros < 15 {
                    break;
                }
                at += 16;
                continue;
            }
            at += zeros;
            let position = *ZIGZAG.get(at).ok_or(CodecError::Malformed("AC coefficient"))?;
            block[position] = i64::from(receive_extend(bits, size)?) * i64::from(self.quantization[at]);
            at += 1;
        }
        Ok(block)
    }
}

/// Transforms a block and puts its samples into the plane.
fn put(block: &[i64; 64], plane: &mut [u16], start: usize, stride: usize, precision: u32) {
    let mut between = [0; 64];
    for column in 0..8 {
        let line = std::array::from_fn(|row| block[row * 8 + column]);
        for (row, value) in transform(line).into_iter().enumerate() {
            between[row * 8 + column] = descale(value, 11);
        }
    }
    let (middle, largest) = (1_i64 << (precision - 1), (1_i64 << precision) - 1);
    for row in 0..8 {
        let line = std::array::from_fn(|column| between[row * 8 + column]);
        let Some(target) = plane.get_mut(start + row * stride..start + row * stride + 8) else { return };
        for (sample, value) in target.iter_mut().zip(transform(line)) {
            *sample = u16::try_from((descale(value, 18) + middle).clamp(0, largest)).unwrap_or(0);
        }
    }
}

fn descale(value: i64, bits: u32) -> i64 {
    (value + (1 << (bits - 1))) >> bits
}

/// One dimension of the inverse transform after Loeffler, Ligtenberg and Moschytz, scaled by 2 to the 13.
fn transform(line: [i64; 8]) -> [i64; 8] {
    let even = (line[2] + line[6]) * 4433;
    let (low, high) = (even - line[6] * 15137, even + line[2] * 6270);
    let (sum, difference) = ((line[0] + line[4]) << 13, (line[0] - line[4]) << 13);
    let evens = [sum + high, difference + low, difference - low, sum - high];
    let (all, outer, inner) =
        ((line[7] + line[3] + line[5] + line[1]) * 9633, (line[7] + line[1]) * -7373, (line[5] + line[3]) * -20995);
    let first = (line[7] + line[3]) * -16069 + all;
    let second = (line[5] + line[1]) * -3196 + all;
    let odds = [
        line[1] * 12299 + outer + second,
        line[3] * 25172 + inner + first,
        line[5] * 16819 + inner + second,
        line[7] * 2446 + outer + first,
    ];
    std::array::from_fn(|at| if at < 4 { evens[at] + odds[at] } else { evens[7 - at] - odds[7 - at] })
}
