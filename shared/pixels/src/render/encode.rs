//! Pictures as PNG and JPEG.

use jpeg_encoder::{ColorType as JpegColor, Encoder as Jpeg};
use png::{BitDepth, ColorType, Compression, Encoder as Png};

use super::{Picture, RenderError};

/// Form of a rendered image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `image/jpeg` with a quality of 1 to 100.
    Jpeg(u8),
    /// `image/png`, without loss.
    Png,
}

impl Format {
    /// The quality of a JPEG image when nobody asks for another one.
    pub const QUALITY: u8 = 90;

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg(_) => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    pub(super) fn write(self, picture: &Picture) -> Result<Vec<u8>, RenderError> {
        let mut out = Vec::with_capacity(picture.bytes.len() / 4 + 1024);
        match self {
            Self::Jpeg(quality) => {
                let side = |length: usize| u16::try_from(length).map_err(|_| RenderError::TooLarge);
                let color = if picture.samples == 1 { JpegColor::Luma } else { JpegColor::Rgb };
                let encoder = Jpeg::new(&mut out, quality.clamp(1, 100));
                encoder
                    .encode(&picture.bytes, side(picture.width)?, side(picture.height)?, color)
                    .map_err(|_| RenderError::Written)?;
            }
            Self::Png => {
                let side = |length: usize| u32::try_from(length).map_err(|_| RenderError::TooLarge);
                let mut encoder = Png::new(&mut out, side(picture.width)?, side(picture.height)?);
                encoder.set_color(if picture.samples == 1 { ColorType::Grayscale } else { ColorType::Rgb });
                encoder.set_depth(BitDepth::Eight);
                encoder.set_compression(Compression::Fast);
                let written = encoder.write_header().and_then(|mut writer| {
                    writer.write_image_data(&picture.bytes)?;
                    writer.finish()
                });
                written.map_err(|_| RenderError::Written)?;
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_an_image_of_that_size() {
        let picture = Picture { width: 3, height: 2, samples: 3, bytes: (0..18).collect() };
        let png = Format::Png.write(&picture).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        assert_eq!((info.width, info.height, bytes), (3, 2, picture.bytes.clone()));
        let gray = Picture { width: 16, height: 16, samples: 1, bytes: vec![77; 256] };
        let jpeg = Format::Jpeg(Format::QUALITY).write(&gray).unwrap();
        let shape =
            crate::FrameShape { rows: 16, columns: 16, samples: 1, bits_allocated: 8, signed: false, ybr: false };
        assert_eq!(crate::decode("1.2.840.10008.1.2.4.50", &jpeg, &shape).unwrap(), gray.bytes);
    }
}
