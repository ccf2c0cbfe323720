#![no_main]
//! Objects of any bytes: frames and values are found or refused, and a frame that is found is shown or refused.

use adit_deid::locate::{ImageReader, ValueReader, Which, walk};
use adit_pixels::native;
use adit_pixels::render::{Format, View, Viewport, refusal, render};
use libfuzzer_sys::fuzz_target;

const SYNTAXES: [&str; 4] = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.50"];
/// Larger frames take memory, not thought.
const MAX_PIXELS: u32 = 1 << 16;

// The first bytes are the transfer syntax and the number of the frame.
fuzz_target!(|input: &[u8]| {
    let [syntax, frame, bytes @ ..] = input else { return };
    let (syntax, frame) = (SYNTAXES[usize::from(*syntax) % SYNTAXES.len()], u32::from(*frame));
    let _ = walk(bytes, syntax, 0, ValueReader::new(vec![(0x5200_9230, 1)], 0x0028_9132));
    let _ = walk(bytes, syntax, 0, ImageReader::by_fragments(Which::Middle)).map(ImageReader::finish);
    let Ok(Ok(image)) = walk(bytes, syntax, 0, ImageReader::new(Which::These(vec![frame]))).map(ImageReader::finish) else {
        return;
    };
    let (look, geometry) = (image.look(frame), &image.geometry);
    let Some(lies) = image.native(frame) else { return };
    if geometry.rows * geometry.columns > MAX_PIXELS || refusal(geometry, &look).is_some() {
        return;
    }
    let range = lies.bytes.start as usize..(lies.bytes.end as usize).min(bytes.len());
    let octets = native::octets(bytes.get(range).unwrap_or(&[]).to_vec(), geometry, &lies);
    let view = View { window: None, viewport: Some(Viewport::whole(20, 20)), format: Format::Png };
    let _ = render(native::samples(octets, geometry), &native::samples_of(geometry), &look, &view);
});
