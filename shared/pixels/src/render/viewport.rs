//! Part of an image, turned over and scaled to fit (PS3.18 8.3.5.1.3).

use resize::Type::Triangle;
use resize::px::{Gray, RGB};

use super::{Picture, RenderError};

/// Longest side of a viewport, in pixels.
pub const MAX_SIDE: u32 = 8192;

/// A part of an image.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Crop {
    /// Pixels left of it.
    pub left: f64,
    /// Pixels above it.
    pub top: f64,
    /// Its width in pixels; negative: left and right change places. None: to the right edge.
    pub width: Option<f64>,
    /// Its height in pixels; negative: top and bottom change places. None: to the lower edge.
    pub height: Option<f64>,
}

/// Where an image has to fit in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Viewport {
    /// In pixels, at most [`MAX_SIDE`].
    pub width: u32,
    /// In pixels, at most [`MAX_SIDE`].
    pub height: u32,
    /// What is shown; default: everything.
    pub crop: Crop,
}

impl Viewport {
    /// A viewport that shows everything.
    #[must_use]
    pub fn whole(width: u32, height: u32) -> Self {
        Self { width, height, crop: Crop::default() }
    }

    pub(super) fn show(&self, picture: Picture) -> Result<Picture, RenderError> {
        let side = 1..=MAX_SIDE;
        if !side.contains(&self.width) || !side.contains(&self.height) {
            return Err(RenderError::Viewport);
        }
        let (left, right, is_mirrored) = span(self.crop.left, self.crop.width, picture.width)?;
        let (top, bottom, is_upside_down) = span(self.crop.top, self.crop.height, picture.height)?;
        let part = cut(picture, (left, right, is_mirrored), (top, bottom, is_upside_down));
        let scale = (f64::from(self.width) / part.width as f64).min(f64::from(self.height) / part.height as f64);
        let fitted = |length: usize, most: u32| ((length as f64 * scale).round() as usize).clamp(1, most as usize);
        let (width, height) = (fitted(part.width, self.width), fitted(part.height, self.height));
        if (width, height) == (part.width, part.height) { Ok(part) } else { scaled(&part, width, height) }
    }
}

/// From and to in whole pixels, and whether it is turned over. Nothing of the image in it is an error.
fn span(start: f64, length: Option<f64>, whole: usize) -> Result<(usize, usize, bool), RenderError> {
    let length = length.unwrap_or(whole as f64 - start);
    if !start.is_finite() || !length.is_finite() || start < 0.0 {
        return Err(RenderError::Viewport);
    }
    // Both are in range by then.
    let from = start.floor().min(whole as f64) as usize;
    let to = (start + length.abs()).ceil().min(whole as f64) as usize;
    if from < to { Ok((from, to, length < 0.0)) } else { Err(RenderError::Viewport) }
}

fn cut(picture: Picture, across: (usize, usize, bool), down: (usize, usize, bool)) -> Picture {
    let (left, right, is_mirrored) = across;
    let (top, bottom, is_upside_down) = down;
    if (left, right, top, bottom) == (0, picture.width, 0, picture.height) && !is_mirrored && !is_upside_down {
        return picture;
    }
    let (size, stride) = (picture.samples, picture.width * picture.samples);
    let mut bytes = Vec::with_capacity((right - left) * (bottom - top) * size);
    for row in 0..bottom - top {
        let row = if is_upside_down { bottom - 1 - row } else { top + row };
        let line = &picture.bytes[row * stride + left * size..row * stride + right * size];
        if is_mirrored {
            line.chunks_exact(size).rev().for_each(|pixel| bytes.extend_from_slice(pixel));
        } else {
            bytes.extend_from_slice(line);
        }
    }
    Picture { width: right - left, height: bottom - top, samples: size, bytes }
}

/// By a triangle filter, wide enough to take every pixel into account when it becomes smaller.
fn scaled(part: &Picture, width: usize, height: usize) -> Result<Picture, RenderError> {
    let refused = |_| RenderError::Viewport;
    let bytes = if part.samples == 1 {
        let source: Vec<Gray<u8>> = part.bytes.iter().map(|byte| Gray::new(*byte)).collect();
        let mut target = vec![Gray::new(0_u8); width * height];
        let mut resizer =
            resize::new(part.width, part.height, width, height, resize::Pixel::Gray8, Triangle).map_err(refused)?;
        resizer.resize(&source, &mut target).map_err(refused)?;
        target.into_iter().map(|pixel| pixel.value()).collect()
    } else {
        let source: Vec<RGB<u8>> =
            part.bytes.chunks_exact(3).map(|three| RGB::new(three[0], three[1], three[2])).collect();
        let mut target = vec![RGB::new(0_u8, 0, 0); width * height];
        let mut resizer =
            resize::new(part.width, part.height, width, height, resize::Pixel::RGB8, Triangle).map_err(refused)?;
        resizer.resize(&source, &mut target).map_err(refused)?;
        target.into_iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect()
    };
    Ok(Picture { width, height, samples: part.samples, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 4 by 2: 0 1 2 3 above 4 5 6 7.
    fn picture() -> Picture {
        Picture { width: 4, height: 2, samples: 1, bytes: (0..8).collect() }
    }

    fn shown(width: u32, height: u32, crop: Crop) -> (usize, usize, Vec<u8>) {
        let shown = Viewport { width, height, crop }.show(picture()).unwrap();
        (shown.width, shown.height, shown.bytes)
    }

    #[test]
    fn parts_are_cut_out_and_turned_over() {
        let crop = |left, top, width, height| Crop { left, top, width: Some(width), height: Some(height) };
        assert_eq!(shown(4, 2, Crop::default()), (4, 2, (0..8).collect()));
        assert_eq!(shown(2, 2, crop(1.0, 0.0, 2.0, 2.0)), (2, 2, vec![1, 2, 5, 6]));
        assert_eq!(shown(4, 2, crop(0.0, 0.0, -4.0, 2.0)), (4, 2, vec![3, 2, 1, 0, 7, 6, 5, 4]));
        assert_eq!(shown(4, 2, crop(0.0, 0.0, 4.0, -2.0)), (4, 2, vec![4, 5, 6, 7, 0, 1, 2, 3]));
        assert_eq!(shown(1, 1, crop(3.0, 1.0, 9.0, 9.0)), (1, 1, vec![7]));
        for nothing in [
            crop(4.0, 0.0, 1.0, 1.0),
            crop(0.0, 0.0, 0.0, 1.0),
            crop(f64::NAN, 0.0, 1.0, 1.0),
            crop(-1.0, 0.0, 2.0, 1.0),
        ] {
            assert!(Viewport { width: 2, height: 2, crop: nothing }.show(picture()).is_err(), "{nothing:?}");
        }
    }

    #[test]
    fn images_fit_in_and_keep_their_shape() {
        let (width, height, bytes) = shown(100, 100, Crop::default());
        assert_eq!((width, height, bytes.len()), (100, 50, 5000));
        assert_eq!((bytes[0], bytes[4999]), (0, 7));
        let (width, height, bytes) = shown(2, 100, Crop::default());
        assert_eq!((width, height), (2, 1));
        assert!(bytes[0] < bytes[1]);
        assert_eq!(shown(1, 100, Crop::default()).0, 1);
        assert!(Viewport::whole(0, 5).show(picture()).is_err() && Viewport::whole(5, 9000).show(picture()).is_err());
        let color = Picture { width: 2, height: 1, samples: 3, bytes: vec![10, 20, 30, 10, 20, 30] };
        assert_eq!(Viewport::whole(1, 1).show(color).unwrap().bytes, [10, 20, 30]);
    }
}
