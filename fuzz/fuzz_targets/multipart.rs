#![no_main]
//! Multipart bodies: any bytes in any pieces give the same events, and no more bytes come out than went in.

use adit_dicomweb::multipart::{Event, Limits, Reader};
use libfuzzer_sys::fuzz_target;

/// Parts with whether each was whole, and whether the body was.
fn read(bytes: &[u8], piece: usize) -> (Vec<(Vec<u8>, bool)>, bool) {
    let limits = Limits { preamble: 64, header: 64, parts: 8 };
    let (mut reader, mut parts) = (Reader::new("b", limits).expect("a boundary"), Vec::new());
    for chunk in bytes.chunks(piece) {
        reader.push(chunk);
        loop {
            match reader.next() {
                Ok(Some(Event::Part(_))) => parts.push((Vec::new(), false)),
                Ok(Some(Event::Data(data))) => {
                    if let Some((part, _)) = parts.last_mut() {
                        part.extend_from_slice(&data);
                    }
                }
                Ok(Some(Event::PartEnd)) => parts.iter_mut().rev().take(1).for_each(|part| part.1 = true),
                Ok(Some(Event::End)) => {}
                Ok(None) => break,
                Err(_) => return (parts, false),
            }
        }
    }
    (parts, reader.finish().is_ok())
}

// The first byte is the size of the pieces.
fuzz_target!(|input: &[u8]| {
    let [piece, bytes @ ..] = input else { return };
    let whole = read(bytes, bytes.len().max(1));
    assert!(whole.0.iter().map(|(part, _)| part.len()).sum::<usize>() <= bytes.len());
    assert_eq!(read(bytes, usize::from(*piece).max(1)), whole);
});
