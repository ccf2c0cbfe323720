//! A frame as people see it (PS3.18 8.3.5): modality transform, window, palette, color, viewport; out comes JPEG or PNG.
//!
//! What the header says comes as a [`Look`], what a client asks for as a [`View`].

mod color;
mod encode;
mod gray;
mod viewport;
mod window;

pub use encode::Format;
pub use viewport::{Crop, MAX_SIDE, Viewport};
pub use window::{Function, Lut, Window};

use thiserror::Error;

use crate::Geometry;

/// Most pixels of a frame that is rendered.
pub const MAX_PIXELS: u64 = 1 << 26;

/// What an instance says of how it wants to be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Rescale Slope (0028,1053)
    pub slope: f64,
    /// Rescale Intercept (0028,1052)
    pub intercept: f64,
    /// Modality LUT (0028,3000), in place of slope and intercept.
    pub lut: Option<Lut>,
    /// First Window Center and Width.
    pub window: Option<Window>,
    /// First VOI LUT (0028,3010), in place of a window.
    pub voi: Option<Lut>,
    /// Stored values that are no image, from and to.
    pub padding: Option<(i64, i64)>,
    /// Colors of PALETTE COLOR.
    pub palette: Option<Palette>,
}

impl Default for Look {
    fn default() -> Self {
        Self { slope: 1.0, intercept: 0.0, lut: None, window: None, voi: None, padding: None, palette: None }
    }
}

impl Look {
    /// The value of a stored value.
    fn modality(&self, stored: i64) -> f64 {
        match &self.lut {
            Some(lut) => f64::from(lut.entry(stored)),
            None => stored as f64 * self.slope + self.intercept,
        }
    }
}

/// Red, green and blue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette(pub [Lut; 3]);

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// In place of the image's own; color has none and goes without.
    pub window: Option<Window>,
    /// None: every pixel as it is.
    pub viewport: Option<Viewport>,
    /// How it goes out.
    pub format: Format,
}

/// A frame that cannot be rendered. Says nothing of its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RenderError {
    /// Correct, but not understood here.
    #[error("{0} cannot be rendered")]
    Unsupported(&'static str),
    /// There are fewer samples than the shape asks for.
    #[error("the frame is cut short")]
    Truncated,
    /// More than [`MAX_PIXELS`], or longer than the format allows.
    #[error("the frame is too large to be rendered")]
    TooLarge,
    /// Nothing of the image is in it, or it is larger than [`MAX_SIDE`].
    #[error("the viewport shows nothing of the image, or is larger than 8192 pixels")]
    Viewport,
    /// The encoder failed.
    #[error("the image could not be written")]
    Written,
}

/// 8-bit pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Picture {
    width: usize,
    height: usize,
    /// 1 or 3.
    samples: usize,
    bytes: Vec<u8>,
}

/// Why frames of this shape cannot be rendered, if so; known before they are read.
#[must_use]
pub fn refusal(geometry: &Geometry, look: &Look) -> Option<RenderError> {
    if u64::from(geometry.rows) * u64::from(geometry.columns) > MAX_PIXELS {
        return Some(RenderError::TooLarge);
    }
    let unsupported = |what| Some(RenderError::Unsupported(what));
    match (geometry.photometric.as_str(), geometry.samples) {
        _ if geometry.refusal().is_some() || geometry.bits_allocated > 32 => unsupported("an image of this shape"),
        ("MONOCHROME1" | "MONOCHROME2", 1) => None,
        ("PALETTE COLOR", 1) if look.palette.is_some() => None,
        ("PALETTE COLOR", 1) => unsupported("an image with a segmented or damaged palette"),
        ("RGB" | "YBR_FULL" | "YBR_FULL_422" | "YBR_PARTIAL" | "YBR_PARTIAL_422" | "YBR_RCT" | "YBR_ICT", 3) => None,
        _ => unsupported("this photometric interpretation"),
    }
}

/// Renders one frame. `samples` are little endian and by pixel, as [`decode`](crate::decode) and [`native::samples`](crate::native::samples)
/// give them, `geometry` is theirs.
pub fn render(samples: Vec<u8>, geometry: &Geometry, look: &Look, view: &View) -> Result<Vec<u8>, RenderError> {
    if let Some(refusal) = refusal(geometry, look) {
        return Err(refusal);
    }
    let (width, height) = (geometry.columns as usize, geometry.rows as usize);
    let count = width * height * geometry.samples as usize;
    if geometry.bits_allocated < 8 || samples.len() < count * (geometry.bits_allocated as usize / 8) {
        return Err(RenderError::Truncated);
    }
    let bytes = match (&look.palette, geometry.photometric.as_str()) {
        (Some(palette), "PALETTE COLOR") => color::from_palette(&samples, geometry, palette)?,
        _ if geometry.samples == 1 => gray::shades(&samples, geometry, look, view.window)?,
        _ => color::from_samples(samples, geometry)?,
    };
    let samples = if bytes.len() >= width * height * 3 { 3 } else { 1 };
    let picture = Picture { width, height, samples, bytes };
    let shown = match view.viewport {
        Some(viewport) => viewport.show(picture)?,
        None => picture,
    };
    view.format.write(&shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(rows: u32, columns: u32) -> Geometry {
        let photometric = "MONOCHROME2".to_owned();
        Geometry {
            rows,
            columns,
            frames: 1,
            samples: 1,
            bits_allocated: 8,
            bits_stored: 8,
            photometric,
            ..Geometry::default()
        }
    }

    #[test]
    fn what_is_too_large_or_no_image_is_refused() {
        let view = View { window: None, viewport: None, format: Format::Png };
        let look = Look::default();
        assert!(render(vec![1, 2, 3, 4], &gray(2, 2), &look, &view).is_ok());
        assert_eq!(render(vec![1, 2, 3], &gray(2, 2), &look, &view), Err(RenderError::Truncated));
        assert_eq!(refusal(&gray(65_535, 65_535), &look), Some(RenderError::TooLarge));
        assert!(refusal(&gray(0, 2), &look).is_some());
        for (photometric, samples) in [("PALETTE COLOR", 1), ("CMYK", 4), ("RGB", 1), ("", 1)] {
            let other = Geometry { photometric: photometric.to_owned(), samples, ..gray(2, 2) };
            assert!(refusal(&other, &look).is_some(), "{photometric}");
        }
    }
}
