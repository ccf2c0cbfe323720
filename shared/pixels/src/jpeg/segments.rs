//! Marker segments (T.81 Annex B).

use super::huffman::Huffman;
use crate::{CodecError, FrameShape};

/// A marker, its segment, and where the next marker is looked for.
pub(crate) struct Segment<'a> {
    pub code: u8,
    pub body: &'a [u8],
    pub next: usize,
}

/// The next marker; none at the end of the data.
pub(crate) fn next(data: &[u8], mut at: usize) -> Result<Option<Segment<'_>>, CodecError> {
    loop {
        let Some(found) = data.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == 0xFF)) else {
            return Ok(None);
        };
        at += found + 1;
        match data.get(at) {
            None => return Ok(None),
            // Fill bytes; stuffed bytes and restarts behind a scan that ended early.
            Some(0xFF) => {}
            Some(0x00 | 0x01 | 0xD0..=0xD8) => at += 1,
            Some(0xD9) => return Ok(Some(Segment { code: 0xD9, body: &[], next: at + 1 })),
            Some(code) => {
                let length = data.get(at + 1..at + 3).ok_or(CodecError::Truncated)?;
                let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                let next = at + 1 + length.max(2);
                let body = data.get(at + 3..next).ok_or(CodecError::Truncated)?;
                return Ok(Some(Segment { code: *code, body, next }));
            }
        }
    }
}

/// How the frame is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    Dct,
    Lossless,
}

/// Frame header (B.2.2).
pub(super) struct Frame {
    pub process: Process,
    pub precision: u32,
    pub rows: usize,
    pub columns: usize,
    /// Units of 8 by 8 samples (DCT) or samples (lossless) of an interleaved scan, across and down.
    pub across: usize,
    pub down: usize,
    pub widest: usize,
    pub tallest: usize,
    pub components: Vec<Component>,
}

/// One component of the frame.
pub(super) struct Component {
    pub id: u8,
    pub horizontal: usize,
    pub vertical: usize,
    pub quantization: usize,
    /// Samples that mean something.
    pub width: usize,
    pub height: usize,
    /// Samples of a line, and lines, with padding to whole units.
    pub stride: usize,
    pub lines: usize,
}

impl Component {
    pub fn length(&self) -> usize {
        self.stride * self.lines
    }
}

impl Frame {
    pub fn read(code: u8, segment: &[u8], shape: &FrameShape) -> Result<Self, CodecError> {
        let [precision, y0, y1, x0, x1, count, rest @ ..] = segment else { return Err(CodecError::Truncated) };
        let (rows, columns) = (u16::from_be_bytes([*y0, *y1]), u16::from_be_bytes([*x0, *x1]));
        let precision = u32::from(*precision);
        if u32::from(rows) != shape.rows || u32::from(columns) != shape.columns || u32::from(*count) != shape.samples {
            return Err(CodecError::Shape);
        }
        let process = if code == 0xC3 { Process::Lossless } else { Process::Dct };
        let known =
            if process == Process::Lossless { (2..=16).contains(&precision) } else { matches!(precision, 8 | 12) };
        if !known || !matches!(count, 1 | 3) || precision > shape.bits_allocated {
            return Err(CodecError::Unsupported("this precision or number of components"));
        }
        if rest.len() < usize::from(*count) * 3 {
            return Err(CodecError::Truncated);
        }
        let factors: Vec<(usize, usize)> = rest
            .chunks_exact(3)
            .take(usize::from(*count))
            .map(|one| (usize::from(one[1] >> 4), usize::from(one[1] & 15)))
            .collect();
        if factors.iter().any(|(across, down)| !(1..=4).contains(across) || !(1..=4).contains(down)) {
            return Err(CodecError::Malformed("sampling factors"));
        }
        if process == Process::Lossless && factors.iter().any(|one| *one != factors[0]) {
            return Err(CodecError::Unsupported("lossless JPEG with subsampled color"));
        }
        let (rows, columns) = (usize::from(rows), usize::from(columns));
        let unit = if process == Process::Lossless { 1 } else { 8 };
        // Equal factors are no subsampling, and a single component is never interleaved (A.2.2).
        let factors = if factors.iter().all(|one| *one == factors[0]) { vec![(1, 1); factors.len()] } else { factors };
        let widest = factors.iter().map(|one| one.0).max().unwrap_or(1);
        let tallest = factors.iter().map(|one| one.1).max().unwrap_or(1);
        let across = columns.div_ceil(unit * widest);
        let down = rows.div_ceil(unit * tallest);
        let components = rest
            .chunks_exact(3)
            .zip(&factors)
            .map(|(one, (horizontal, vertical))| Component {
                id: one[0],
                horizontal: *horizontal,
                vertical: *vertical,
                quantization: usize::from(one[2] & 3),
                width: (columns * horizontal).div_ceil(widest),
                height: (rows * vertical).div_ceil(tallest),
                stride: across * horizontal * unit,
                lines: down * vertical * unit,
            })
            .collect();
        Ok(Self { process, precision, rows, columns, across, down, widest, tallest, components })
    }
}

/// Scan header (B.2.3).
pub(super) struct Scan {
    pub members: Vec<Member>,
    /// Predictor of a lossless scan.
    pub predictor: u8,
    /// Point transform of a lossless scan.
    pub shift: u32,
}

/// A component in a scan.
pub(super) struct Member {
    pub component: usize,
    pub dc: usize,
    pub ac: usize,
}

impl Scan {
    pub fn read(segment: &[u8], frame: &Frame) -> Result<Self, CodecError> {
        let (count, rest) = segment.split_first().ok_or(CodecError::Truncated)?;
        let count = usize::from(*count);
        if !(1..=frame.components.len()).contains(&count) || rest.len() < count * 2 + 3 {
            return Err(CodecError::Malformed("scan header"));
        }
        let mut members = Vec::with_capacity(count);
        for one in rest[..count * 2].chunks_exact(2) {
            let component = frame.components.iter().position(|component| component.id == one[0]);
            let component = component.ok_or(CodecError::Malformed("a scan of an unknown component"))?;
            members.push(Member { component, dc: usize::from(one[1] >> 4 & 3), ac: usize::from(one[1] & 3) });
        }
        let (first, transform) = (rest[count * 2], rest[count * 2 + 2]);
        let shift = u32::from(transform & 15);
        if frame.process == Process::Lossless && (!(1..=7).contains(&first) || shift >= frame.precision) {
            return Err(CodecError::Malformed("predictor or point transform"));
        }
        Ok(Self { members, predictor: first, shift })
    }
}

/// What stays between segments.
#[derive(Default)]
pub(super) struct Tables {
    pub dc: [Option<Huffman>; 4],
    pub ac: [Option<Huffman>; 4],
    pub quantization: [Option<[u16; 64]>; 4],
    /// Units between restarts; 0: none.
    pub restart: usize,
    jfif: bool,
    adobe: Option<u8>,
}

impl Tables {
    pub fn huffman(&mut self, mut segment: &[u8]) -> Result<(), CodecError> {
        while let Some((kind, rest)) = segment.split_first() {
            let counts = rest.get(..16).ok_or(CodecError::Truncated)?;
            let total = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
            let values = rest.get(16..16 + total).ok_or(CodecError::Truncated)?;
            let tables = if kind >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            tables[usize::from(kind & 3)] = Some(Huffman::new(counts, values)?);
            segment = &rest[16 + total..];
        }
        Ok(())
    }

    pub fn quantization(&mut self, mut segment: &[u8]) -> Result<(), CodecError> {
        while let Some((kind, rest)) = segment.split_first() {
            let wide = kind >> 4 != 0;
            let length = if wide { 128 } else { 64 };
            let values = rest.get(..length).ok_or(CodecError::Truncated)?;
            let mut table = [0; 64];
            for (index, value) in table.iter_mut().enumerate() {
                *value = match wide {
                    true => u16::from_be_bytes([values[index * 2], values[index * 2 + 1]]),
                    false => u16::from(values[index]),
                };
            }
            self.quantization[usize::from(kind & 3)] = Some(table);
            segment = &rest[length..];
        }
        Ok(())
    }

    pub fn restart_interval(&mut self, segment: &[u8]) -> Result<(), CodecError> {
        let [high, low, ..] = segment else { return Err(CodecError::Truncated) };
        self.restart = usize::from(u16::from_be_bytes([*high, *low]));
        Ok(())
    }

    /// JFIF and Adobe say how color is coded.
    pub fn application(&mut self, code: u8, segment: &[u8]) {
        if code == 0xE0 {
            self.jfif |= segment.starts_with(b"JFIF\0");
        } else if segment.starts_with(b"Adobe") {
            self.adobe = segment.get(11).copied();
        }
    }

    /// Three components are luminance and chrominance. Without a word in the image its header is believed.
    pub fn is_ycc(&self, frame: &Frame, header_says_so: bool) -> bool {
        let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        match self.adobe {
            Some(transform) => transform != 0,
            None if self.jfif => true,
            None => ids != *b"RGB" && header_says_so,
        }
    }
}
