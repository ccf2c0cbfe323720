//! Coding parameters and contexts of JPEG-LS (T.87 Annex A).

use crate::CodecError;
use crate::bits::Bits;

/// Contexts of the regular mode (A.3.4).
const REGULAR: usize = 365;

/// Values of an LSE segment; 0 stands for the default.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thresholds {
    pub largest: i32,
    pub t1: i32,
    pub t2: i32,
    pub t3: i32,
    pub reset: i32,
}

/// Parameters of a scan (A.2.1, C.2.4.1.1.1).
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters {
    pub largest: i32,
    pub near: i32,
    pub range: i32,
    /// Bits of a value that is not coded by its run of zeros.
    pub plain_bits: u32,
    pub limit: u32,
    t1: i32,
    t2: i32,
    t3: i32,
    reset: i32,
}

impl Parameters {
    pub fn new(precision: u32, near: i32, preset: Option<Thresholds>) -> Result<Self, CodecError> {
        let preset = preset.unwrap_or(Thresholds { largest: 0, t1: 0, t2: 0, t3: 0, reset: 0 });
        let default_largest = (1 << precision) - 1;
        let largest = if preset.largest == 0 { default_largest } else { preset.largest };
        if largest > default_largest || near > 255.min(largest / 2) {
            return Err(CodecError::Malformed("JPEG-LS parameters"));
        }
        let clamp = |value: i32, lowest: i32| if value > largest || value < lowest { lowest } else { value };
        let (t1, t2, t3) = if largest >= 128 {
            let factor = (largest.min(4095) + 128) / 256;
            (factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near)
        } else {
            let factor = 256 / (largest + 1);
            ((3 / factor + 3 * near).max(2), (7 / factor + 5 * near).max(3), (21 / factor + 7 * near).max(4))
        };
        let chosen = |preset: i32, default: i32| if preset == 0 { default } else { preset };
        let t1 = chosen(preset.t1, clamp(t1, near + 1));
        let t2 = chosen(preset.t2, clamp(t2, t1));
        let t3 = chosen(preset.t3, clamp(t3, t2));
        let range = (largest + 2 * near) / (2 * near + 1) + 1;
        let bits = |count: i32| 32 - (count - 1).leading_zeros();
        let sample_bits = bits(largest + 1).max(2);
        Ok(Self {
            largest,
            near,
            range,
            plain_bits: bits(range),
            limit: 2 * (sample_bits + sample_bits.max(8)),
            t1,
            t2,
            t3,
            reset: chosen(preset.reset, 64).max(3),
        })
    }

    /// A gradient as one of nine steps (A.3.3).
    pub fn step(&self, gradient: i32) -> i32 {
        let size = gradient.abs();
        let step = match () {
            () if size <= self.near => 0,
            () if size < self.t1 => 1,
            () if size < self.t2 => 2,
            () if size < self.t3 => 3,
            () => 4,
        };
        step * gradient.signum()
    }

    /// Adds an error to a prediction, modulo the range (A.4.5).
    pub fn reconstruct(&self, prediction: i32, error: i32) -> i32 {
        let width = 2 * self.near + 1;
        let mut value = prediction + error * width;
        if value < -self.near {
            value += self.range * width;
        } else if value > self.largest + self.near {
            value -= self.range * width;
        }
        value.clamp(0, self.largest)
    }
}

/// State of a context.
#[derive(Debug, Clone, Copy)]
struct Context {
    magnitude: i32,
    bias: i32,
    correction: i32,
    count: i32,
}

/// All contexts of a scan.
pub(super) struct Contexts {
    parameters: Parameters,
    regular: [Context; REGULAR],
    /// Run interruption; `bias` counts negative errors.
    run: [Context; 2],
}

impl Contexts {
    pub fn new(parameters: Parameters) -> Self {
        let fresh = Context { magnitude: ((parameters.range + 32) / 64).max(2), bias: 0, correction: 0, count: 1 };
        Self { parameters, regular: [fresh; REGULAR], run: [fresh; 2] }
    }

    /// Decodes a sample in the regular mode (A.4, A.5, A.6). Context 0 occurs when only other components of a pixel have
    /// gradients.
    pub fn sample(&mut self, bits: &mut Bits, context: i32, prediction: i32) -> Result<i32, CodecError> {
        let parameters = self.parameters;
        let sign = if context < 0 { -1 } else { 1 };
        let Some(state) = self.regular.get_mut(context.unsigned_abs() as usize) else {
            return Err(CodecError::Malformed("JPEG-LS context"));
        };
        let prediction = (prediction + sign * state.correction).clamp(0, parameters.largest);
        let shift = state.shift(state.magnitude)?;
        let mapped = golomb(bits, shift, parameters.limit, parameters.plain_bits)?;
        let mut error = if mapped % 2 == 0 { mapped / 2 } else { -(mapped + 1) / 2 };
        if shift == 0 && parameters.near == 0 && 2 * state.bias <= -state.count {
            error = -(error + 1);
        }
        state.learn(error, &parameters);
        Ok(parameters.reconstruct(prediction, sign * error))
    }

    /// Decodes the error of the sample that ends a run (A.7.2).
    pub fn interruption(&mut self, bits: &mut Bits, kind: usize, run_bits: u32) -> Result<i32, CodecError> {
        let parameters = self.parameters;
        let offset = i32::from(kind == 1);
        let state = &mut self.run[kind & 1];
        let shift = state.shift(state.magnitude + if kind == 1 { state.count >> 1 } else { 0 })?;
        let limit = parameters.limit.saturating_sub(run_bits + 1);
        let mapped = golomb(bits, shift, limit, parameters.plain_bits)?;
        let value = mapped + offset;
        let odd = value & 1;
        let size = (value + odd) / 2;
        let mostly_negative = shift != 0 || 2 * state.bias >= state.count;
        let error = if mostly_negative == (odd == 1) { -size } else { size };
        state.magnitude += (mapped + 1 - offset) >> 1;
        state.bias += i32::from(error < 0);
        if state.count == parameters.reset {
            state.magnitude >>= 1;
            state.count >>= 1;
            state.bias >>= 1;
        }
        state.count += 1;
        Ok(error)
    }
}

impl Context {
    /// The Golomb parameter (A.5.1).
    fn shift(&self, magnitude: i32) -> Result<u32, CodecError> {
        (0..24).find(|shift| self.count << shift >= magnitude).ok_or(CodecError::Malformed("JPEG-LS context"))
    }

    fn learn(&mut self, error: i32, parameters: &Parameters) {
        self.bias += error * (2 * parameters.near + 1);
        self.magnitude += error.abs();
        if self.count == parameters.reset {
            self.magnitude >>= 1;
            self.bias >>= 1;
            self.count >>= 1;
        }
        self.count += 1;
        if self.bias <= -self.count {
            self.bias = (self.bias + self.count).max(1 - self.count);
            self.correction = (self.correction - 1).max(-128);
        } else if self.bias > 0 {
            self.bias = (self.bias - self.count).min(0);
            self.correction = (self.correction + 1).min(127);
        }
    }
}

/// A Golomb code of limited length (A.5.3).
fn golomb(bits: &mut Bits, shift: u32, limit: u32, plain_bits: u32) -> Result<i32, CodecError> {
    let escape = limit.saturating_sub(plain_bits + 1);
    let mut zeros = 0;
    loop {
        let ahead = bits.peek16().leading_zeros().min(escape - zeros);
        bits.skip(ahead)?;
        zeros += ahead;
        if zeros == escape || ahead < 16 {
            break;
        }
    }
    bits.skip_one()?;
    let value = if zeros < escape {
        (u64::from(zeros) << shift) + u64::from(bits.take(shift)?.unsigned_abs())
    } else {
        u64::from(bits.take(plain_bits)?.unsigned_abs()) + 1
    };
    // Larger values do not occur: errors are at most half the range.
    i32::try_from(value).ok().filter(|value| *value <= 1 << 18).ok_or(CodecError::Malformed("JPEG-LS code"))
}
