//! Lines and runs of JPEG-LS (T.87 A.2, A.7).

use super::context::{Contexts, Parameters};
use crate::CodecError;
use crate::bits::Bits;

/// Bits of the length of a run (A.7.1.2).
const RUN_BITS: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// Decodes one scan.
pub(super) struct Decoder {
    parameters: Parameters,
    contexts: Contexts,
    columns: usize,
    /// For each component: the line before and the line at hand, with a sample more on both sides.
    lines: Vec<(Vec<i32>, Vec<i32>)>,
    run_index: Vec<usize>,
}

impl Decoder {
    pub fn new(parameters: Parameters, columns: usize, components: usize) -> Self {
        let line = vec![0; columns + 2];
        Self {
            parameters,
            contexts: Contexts::new(parameters),
            columns,
            lines: vec![(line.clone(), line); components],
            run_index: vec![0; components],
        }
    }

    /// The planes of all components of the scan.
    pub fn decode(mut self, bits: &mut Bits, rows: usize, by_sample: bool) -> Result<Vec<Vec<u16>>, CodecError> {
        let mut planes = vec![Vec::new(); self.lines.len()];
        for _ in 0..rows {
            for (before, line) in &mut self.lines {
                std::mem::swap(before, line);
                line[0] = before[1];
                before[self.columns + 1] = before[self.columns];
            }
            if by_sample {
                let all: Vec<usize> = (0..self.lines.len()).collect();
                self.line(bits, &all)?;
            } else {
                for component in 0..self.lines.len() {
                    self.line(bits, &[component])?;
                }
            }
            for (plane, (_, line)) in planes.iter_mut().zip(&self.lines) {
                plane.extend(line[1..=self.columns].iter().map(|sample| u16::try_from(*sample).unwrap_or(0)));
            }
        }
        Ok(planes)
    }

    /// Decodes one line of these components, sample by sample.
    fn line(&mut self, bits: &mut Bits, components: &[usize]) -> Result<(), CodecError> {
        let mut column = 1;
        while column <= self.columns {
            if components.iter().all(|component| self.context(*component, column) == 0) {
                column = self.run(bits, components, column)?;
                continue;
            }
            for component in components {
                self.sample(bits, *component, column)?;
            }
            column += 1;
        }
        Ok(())
    }

    fn context(&self, component: usize, column: usize) -> i32 {
        let (before, line) = &self.lines[component];
        let (left, corner, above, beyond) = (line[column - 1], before[column - 1], before[column], before[column + 1]);
        let step = |gradient| self.parameters.step(gradient);
        step(beyond - above) * 81 + step(above - corner) * 9 + step(corner - left)
    }

    fn sample(&mut self, bits: &mut Bits, component: usize, column: usize) -> Result<(), CodecError> {
        let context = self.context(component, column);
        let (before, line) = &mut self.lines[component];
        let (left, corner, above) = (line[column - 1], before[column - 1], before[column]);
        let (lower, higher) = (left.min(above), left.max(above));
        let prediction = if corner >= higher {
            lower
        } else if corner <= lower {
            higher
        } else {
            left + above - corner
        };
        line[column] = self.contexts.sample(bits, context, prediction)?;
        Ok(())
    }

    /// Decodes a run and what ends it; the result is the next column.
    fn run(&mut self, bits: &mut Bits, components: &[usize], column: usize) -> Result<usize, CodecError> {
        let index = components[0];
        let mut at = column;
        while at <= self.columns {
            let run_bits = RUN_BITS[self.run_index[index]];
            if bits.take(1)? == 1 {
                let whole = 1 << run_bits;
                let length = whole.min(self.columns + 1 - at);
                self.repeat(components, at, length);
                at += length;
                if length == whole {
                    self.run_index[index] = (self.run_index[index] + 1).min(31);
                }
                continue;
            }
            let length = bits.take(run_bits)?.unsigned_abs() as usize;
            if at + length > self.columns {
                return Err(CodecError::Malformed("JPEG-LS run"));
            }
            self.repeat(components, at, length);
            at += length;
            for component in components {
                self.interruption(bits, *component, at, components.len() > 1, run_bits)?;
            }
            self.run_index[index] = self.run_index[index].saturating_sub(1);
            return Ok(at + 1);
        }
        Ok(at)
    }

    fn repeat(&mut self, components: &[usize], at: usize, length: usize) {
        for component in components {
            let line = &mut self.lines[*component].1;
            let left = line[at - 1];
            line[at..at + length].fill(left);
        }
    }

    fn interruption(
        &mut self,
        bits: &mut Bits,
        component: usize,
        at: usize,
        by_sample: bool,
        run_bits: u32,
    ) -> Result<(), CodecError> {
        let (before, line) = &mut self.lines[component];
        let (left, above) = (line[at - 1], before[at]);
        let flat = !by_sample && (left - above).abs() <= self.parameters.near;
        let error = self.contexts.interruption(bits, usize::from(flat), run_bits)?;
        let (prediction, sign) = match flat {
            true => (left, 1),
            false => (above, if left > above { -1 } else { 1 }),
        };
        line[at] = self.parameters.reconstruct(prediction, sign * error);
        Ok(())
    }
}
