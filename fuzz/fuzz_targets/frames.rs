#![no_main]
//! Compressed frames: decoded or refused, never more memory than the shape allows.

use adit_pixels::{FrameShape, decode, rle};
use libfuzzer_sys::fuzz_target;

const SYNTAXES: [&str; 8] = [
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
];

fuzz_target!(|input: (u8, u8, u8, u8, Vec<u8>)| {
    let (syntax, rows, columns, flags, bytes) = input;
    let shape = FrameShape {
        rows: u32::from(rows),
        columns: u32::from(columns),
        samples: if flags & 1 == 0 { 1 } else { 3 },
        bits_allocated: if flags & 2 == 0 { 8 } else { 16 },
        signed: flags & 4 != 0,
        ybr: flags & 8 != 0,
    };
    if let Ok(samples) = decode(SYNTAXES[usize::from(syntax) % SYNTAXES.len()], &bytes, &shape) {
        let _ = rle::encode(&samples, &shape);
    }
});
