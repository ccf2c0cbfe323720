//! Decoding and rendering: work for the processor, on threads of its own, so much at once as there is memory for.

use std::sync::{Arc, LazyLock};

use adit_pixels::encapsulated::is_encapsulated;
use adit_pixels::render::{self, Look, RenderError, View};
use adit_pixels::{CodecError, Geometry, native};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::Frames;
use super::object::{damaged, too_large};
use crate::Refusal;

/// Frames in work at the same time; each may take some hundred megabytes.
static AT_ONCE: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

impl Frames {
    /// A frame without compression, little endian, planes as the header says; lossy JPEG in color comes as RGB.
    ///
    /// # Errors
    /// There is no such frame, or it cannot be decoded.
    pub async fn uncompressed(&mut self, number: u32) -> Result<Vec<u8>, Refusal> {
        let stored = self.stored(number).await?;
        if is_encapsulated(self.transfer_syntax_uid()) { self.decompressed(stored).await } else { Ok(stored) }
    }

    pub(super) async fn decompressed(&mut self, stored: Vec<u8>) -> Result<Vec<u8>, Refusal> {
        let syntax = self.transfer_syntax_uid().to_owned();
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
        let samples = adit_pixels::decode(syntax, &stored, &geometry.shape()).map_err(undecoded)?;
        (samples, adit_pixels::decoded(syntax, &stored, geometry))
    } else {
        (native::samples(stored, geometry), native::samples_of(geometry))
    };
    render::render(samples, &shape, look, view).map_err(unrendered)
}

async fn working<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    working_within(&AT_ONCE, work).await
}

/// The work keeps its place until it is done: nobody stops it, even if nobody waits for it any more.
async fn working_within<T: Send + 'static>(
    at_once: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let broken = |_| Refusal::unavailable("The image could not be worked on. Try again.");
    let stopping = |_| Refusal::unavailable("ADIT is stopping. Try again.");
    let permit = Arc::clone(at_once).acquire_owned().await.map_err(stopping)?;
    let working = spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    working.await.map_err(broken)
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_keeps_its_place_until_it_is_done() {
        let at_once = Arc::new(Semaphore::new(1));
        let (begun, begins) = tokio::sync::oneshot::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let work = move || {
            begun.send(()).unwrap();
            goes_on.recv().unwrap();
        };
        let waiting = tokio::spawn({
            let at_once = Arc::clone(&at_once);
            async move { working_within(&at_once, work).await }
        });
        begins.await.unwrap();
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert_eq!(at_once.available_permits(), 0, "it is still at work");
        go_on.send(()).unwrap();
        drop(at_once.acquire().await.unwrap());
    }
}
