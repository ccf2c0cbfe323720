//! Planes of full size, and YCbCr to RGB (ITU-T T.871).

use super::segments::{Component, Frame};
use crate::CodecError;

/// Cuts the padding off and repeats or interpolates subsampled color.
pub(super) fn full_size(frame: &Frame, component: &Component, plane: Vec<u16>) -> Result<Vec<u16>, CodecError> {
    if !frame.widest.is_multiple_of(component.horizontal) || !frame.tallest.is_multiple_of(component.vertical) {
        return Err(CodecError::Unsupported("this color subsampling"));
    }
    let (wide, tall) = (frame.widest / component.horizontal, frame.tallest / component.vertical);
    if wide == 1 && tall == 1 && component.stride == frame.columns {
        let mut plane = plane;
        plane.truncate(frame.rows * frame.columns);
        return Ok(plane);
    }
    let line = |row: usize| &plane[row * component.stride..row * component.stride + component.width];
    let mut out = Vec::with_capacity(frame.rows * frame.columns);
    let mut wider = Vec::with_capacity(frame.columns + 4);
    for row in 0..frame.rows {
        let near = row / tall;
        wider.clear();
        match (wide, tall) {
            (2, 1) if component.width > 2 => double(line(near), &mut wider),
            (2, 2) if component.width > 2 => {
                let far = if row % 2 == 0 { near.saturating_sub(1) } else { (near + 1).min(component.height - 1) };
                double_both(line(near), line(far), &mut wider);
            }
            _ => wider.extend(line(near).iter().flat_map(|sample| std::iter::repeat_n(*sample, wide))),
        }
        out.extend_from_slice(&wider[..frame.columns]);
    }
    Ok(out)
}

/// Twice as wide: three quarters of the nearer sample and one of the farther.
fn double(line: &[u16], out: &mut Vec<u16>) {
    let last = line.len() - 1;
    for (at, sample) in line.iter().enumerate() {
        let near = u32::from(*sample) * 3;
        let before = if at == 0 { *sample } else { line[at - 1] };
        let behind = if at == last { *sample } else { line[at + 1] };
        out.push(narrow((near + u32::from(before) + 1) >> 2));
        out.push(narrow((near + u32::from(behind) + 2) >> 2));
    }
}

/// The same in both directions.
fn double_both(near: &[u16], far: &[u16], out: &mut Vec<u16>) {
    let sum = |at: usize| u32::from(near[at]) * 3 + u32::from(far[at]);
    let last = near.len() - 1;
    for at in 0..near.len() {
        let (before, behind) = (sum(at.saturating_sub(1)), sum((at + 1).min(last)));
        out.push(narrow((sum(at) * 3 + before + 8) >> 4));
        out.push(narrow((sum(at) * 3 + behind + 7) >> 4));
    }
}

fn narrow(value: u32) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// Turns luminance and chrominance into red, green and blue in place, with the coefficients of T.871 times 2 to the 16.
pub(super) fn to_rgb(first: &mut [u16], second: &mut [u16], third: &mut [u16], precision: u32) {
    let (middle, largest) = (1_i64 << (precision - 1), (1_i64 << precision) - 1);
    let clamp = |value: i64| u16::try_from(value.clamp(0, largest)).unwrap_or(0);
    for ((first, second), third) in first.iter_mut().zip(second).zip(third) {
        let (luminance, blue, red) = (i64::from(*first), i64::from(*second) - middle, i64::from(*third) - middle);
        *first = clamp(luminance + ((91_881 * red + 32_768) >> 16));
        *second = clamp(luminance + ((-22_554 * blue - 46_802 * red + 32_768) >> 16));
        *third = clamp(luminance + ((116_130 * blue + 32_768) >> 16));
    }
}
