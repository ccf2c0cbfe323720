//! Blackout of native pixel data in place, as it streams by in any cuts.

use super::region::{Region, bands, runs_in_row};
use adit_pixels::Geometry;

/// What overwritten bytes become.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fill {
    /// Zero in every sample.
    Zero,
    /// Bytes that repeat from the start of a frame.
    Repeat(Vec<u8>),
    /// Zero in the first plane of this many bytes, and bytes that repeat in the planes behind it.
    Planes(u64, Vec<u8>),
}

/// Half-open spans of one frame, in bytes (or bits, for single-bit pixels), sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mask {
    spans: Vec<(u64, u64)>,
    frame: u64,
}

/// Overwrites regions of every frame.
#[derive(Debug, Clone)]
pub struct NativeBlackout {
    mask: Mask,
    fill: Fill,
    frames: u64,
    single_bits: bool,
    swapped: bool,
    at: u64,
}

impl NativeBlackout {
    /// A blackout of these regions; the error says which shape is not supported.
    pub fn new(geometry: &Geometry, regions: &[Region]) -> Result<Self, String> {
        if let Some(refusal) = geometry.native_refusal() {
            return Err(refusal);
        }
        let single_bits = geometry.bits_allocated == 1;
        let frame = geometry.frame_bits().unwrap_or(0) / if single_bits { 1 } else { 8 };
        Ok(Self {
            mask: Mask { spans: spans(geometry, regions), frame },
            fill: fill(geometry),
            frames: u64::from(geometry.frames),
            single_bits,
            swapped: geometry.big_endian_words && geometry.bits_allocated <= 8,
            at: 0,
        })
    }

    /// Overwrites what falls into the regions; chunks follow each other. Bytes behind the last frame become zero.
    pub fn apply(&mut self, chunk: &mut [u8]) {
        if self.single_bits {
            self.apply_bits(chunk);
        } else if self.swapped {
            for (index, byte) in chunk.iter_mut().enumerate() {
                let logical = (self.at + index as u64) ^ 1;
                let inside = logical % self.mask.frame;
                if logical / self.mask.frame >= self.frames {
                    *byte = 0;
                } else if self.mask.covers(inside) {
                    *byte = self.fill.byte(inside);
                }
            }
        } else {
            self.apply_bytes(chunk);
        }
        self.at += chunk.len() as u64;
    }

    fn apply_bytes(&mut self, chunk: &mut [u8]) {
        let mut done = 0;
        while done < chunk.len() {
            let at = self.at + done as u64;
            let (frame, inside) = (at / self.mask.frame, at % self.mask.frame);
            let rest = usize::try_from(self.mask.frame - inside).unwrap_or(usize::MAX).min(chunk.len() - done);
            let part = &mut chunk[done..done + rest];
            done += rest;
            if frame >= self.frames {
                part.fill(0);
                continue;
            }
            for (from, to) in self.mask.within(inside, inside + rest as u64) {
                let target = &mut part[offset(from - inside)..offset(to - inside)];
                match &self.fill {
                    Fill::Zero => target.fill(0),
                    other => {
                        for (index, byte) in target.iter_mut().enumerate() {
                            *byte = other.byte(from + index as u64);
                        }
                    }
                }
            }
        }
    }

    /// The first pixel is the least significant bit (PS3.5 8.1.1, Annex D); frames are not aligned to bytes.
    fn apply_bits(&mut self, chunk: &mut [u8]) {
        for (index, byte) in chunk.iter_mut().enumerate() {
            let mut at = self.at + index as u64;
            if self.swapped {
                at ^= 1;
            }
            for bit in 0..8 {
                let position = at * 8 + bit;
                if position / self.mask.frame >= self.frames || self.mask.covers(position % self.mask.frame) {
                    *byte &= !(1 << bit);
                }
            }
        }
    }
}

/// An offset inside a chunk in memory.
fn offset(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

impl Mask {
    fn covers(&self, position: u64) -> bool {
        let next = self.spans.partition_point(|(_, to)| *to <= position);
        self.spans.get(next).is_some_and(|(from, _)| *from <= position)
    }

    /// The parts of the spans inside a range.
    fn within(&self, start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> {
        let next = self.spans.partition_point(move |(_, to)| *to <= start);
        self.spans[next..]
            .iter()
            .take_while(move |(from, _)| *from < end)
            .map(move |(from, to)| ((*from).max(start), (*to).min(end)))
    }
}

impl Fill {
    fn byte(&self, inside: u64) -> u8 {
        let repeated = |bytes: &[u8], at: u64| bytes.get(offset(at % bytes.len().max(1) as u64)).copied().unwrap_or(0);
        match self {
            Self::Zero => 0,
            Self::Repeat(bytes) => repeated(bytes, inside),
            Self::Planes(plane, bytes) => {
                inside.checked_sub(*plane).map_or(0, |behind_luminance| repeated(bytes, behind_luminance))
            }
        }
    }
}

/// Black: zero, with chrominance in the middle of its range (PS3.3 C.7.6.3.1.2).
fn fill(geometry: &Geometry) -> Fill {
    if !geometry.is_ybr() {
        return Fill::Zero;
    }
    if geometry.is_422() {
        return Fill::Repeat(vec![0, 0, 128, 128]);
    }
    let size = offset(geometry.sample_bytes());
    let middle = 1_u64 << (geometry.bits_stored.clamp(1, geometry.bits_allocated) - 1);
    let mut chroma = middle.to_le_bytes()[..size].to_vec();
    if geometry.big_endian_words {
        chroma.reverse();
    }
    if geometry.by_plane {
        let plane = u64::from(geometry.rows) * u64::from(geometry.columns) * size as u64;
        return Fill::Planes(plane, chroma);
    }
    let mut pixel = vec![0; size];
    pixel.extend_from_slice(&chroma);
    pixel.extend_from_slice(&chroma);
    Fill::Repeat(pixel)
}

fn spans(geometry: &Geometry, regions: &[Region]) -> Vec<(u64, u64)> {
    let (columns, rows) = (geometry.columns, geometry.rows);
    let single_bits = geometry.bits_allocated == 1;
    let sample = if single_bits { 1 } else { geometry.sample_bytes() };
    let (planes, pixel) = match () {
        () if geometry.is_422() => (1, 2),
        () if geometry.by_plane => (u64::from(geometry.samples), sample),
        () => (1, sample * u64::from(geometry.samples)),
    };
    let mut found: Vec<(u64, u64)> = Vec::new();
    for plane in 0..planes {
        for band in bands(regions, rows).windows(2) {
            let mut runs = runs_in_row(regions, band[0], columns, rows);
            if geometry.is_422() {
                // Two pixels share their chrominance: both go.
                runs = runs.into_iter().map(|(from, to)| (from & !1, to.next_multiple_of(2))).collect();
            }
            for row in band[0]..band[1] {
                let start = (plane * u64::from(rows) + u64::from(row)) * u64::from(columns);
                for (from, to) in &runs {
                    let span = ((start + u64::from(*from)) * pixel, (start + u64::from(*to)) * pixel);
                    match found.last_mut() {
                        Some(last) if last.1 >= span.0 => last.1 = span.1.max(last.1),
                        _ => found.push(span),
                    }
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
