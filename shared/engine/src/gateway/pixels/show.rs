//! Decoding and rendering: work for the processor, on threads of its own, so much at once as there is memory for.

use adit_pixels::encapsulated::is_encapsulated;
use adit_pixels::render::{self, Look, RenderError, View};
use adit_pixels::{CodecError, Geometry, native};
use tokio::sync::Semaphore;

use super::Frames;
use super::object::{damaged, too_large};
use crate::Refusal;

/// Frames in work at the same time; each may take some hundred megabytes.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

impl Frames {
    /// A frame without compression, little endian, planes as the header says; lossy JPEG in color comes as RGB.
    ///
    /// # Errors
    /// There is no such frame, or it cannot be decoded.
    pub async fn uncompressed(&mut self, number: u32) -> Result<Vec<u8>, Refusal> {
        let stored = self.stored(number).await?;
        let syntax = self.transfer_syntax_uid().to_owned();
        if !is_encapsulated(&syntax) {
            return Ok(stored);
        }
        let geometry = self.image.geometry.clone();
        let decoded = working(move || {
            let samples = adit_pixels::decode(&syntax, &stored, &geometry.shape())?;
            let is_by_plane = geometry.by_plane && geometry.samples > 1;
            Ok(if is_by_plane { native::by_plane(&samples, &geometry) } else { samples })
        });
        decoded.await?.map_err(undecoded)
    }

    /// A frame as people see it.
    ///
    /// # Errors
    /// There is no such frame, or it cannot be rendered.
    pub async fn rendered(&mut self, number: u32, view: View) -> Result<Vec<u8>, Refusal> {
        let look = self.image.look(number);
        if self.image.is_float {
            return Err(unrendered(RenderError::Unsupported("an image of floating-point numbers")));
        }
        if let Some(refusal) = render::refusal(&self.image.geometry, &look) {
            return Err(unrendered(refusal));
        }
        let stored = self.stored(number).await?;
        let (syntax, geometry) = (self.transfer_syntax_uid().to_owned(), self.image.geometry.clone());
        working(move || picture(stored, &syntax, &geometry, &look, &view)).await?
    }
}

fn picture(stored: Vec<u8>, syntax: &str, geometry: &Geometry, look: &Look, view: &View) -> Result<Vec<u8>, Refusal> {
    let (samples, shape) = if is_encapsulated(syntax) {
        (adit_pixels::decode(syntax, &stored, &geometry.shape()).map_err(undecoded)?, geometry.decoded(syntax))
    } else {
        (native::samples(stored, geometry), native::samples_of(geometry))
    };
    render::render(samples, &shape, look, view).map_err(unrendered)
}

async fn working<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    let broken = |_| Refusal::unavailable("The image could not be worked on. Try again.");
    let _permit = AT_ONCE.acquire().await.map_err(|_| Refusal::unavailable("ADIT is stopping. Try again."))?;
    tokio::task::spawn_blocking(work).await.map_err(broken)
}

fn undecoded(error: CodecError) -> Refusal {
    match error {
        CodecError::Unsupported(what) => Refusal::not_acceptable(format!(
            "The frame cannot be decoded here: {what} is not supported. Fetch it as it is stored, with transfer-syntax=* in the header Accept."
        )),
        CodecError::Malformed(_) | CodecError::Truncated | CodecError::Shape => damaged(),
    }
}

fn unrendered(error: RenderError) -> Refusal {
    match error {
        RenderError::Unsupported(what) => Refusal::not_acceptable(format!(
            "The image cannot be shown: {what} is not supported. Fetch it as application/dicom."
        )),
        RenderError::Viewport => Refusal::invalid(
            "The viewport shows nothing of the image. Name a part that lies in it, with at least one pixel.",
        ),
        RenderError::TooLarge => too_large(),
        RenderError::Truncated | RenderError::Written => damaged(),
    }
}
