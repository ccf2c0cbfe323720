#![no_main]
//! PDU assembly: any bytes in any pieces end in events or an error, with bounded memory.

use adit_dimse::raw::Assembler;
use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;

// The first byte is the size of the pieces.
fuzz_target!(|input: &[u8]| {
    let [piece, bytes @ ..] = input else { return };
    let mut assembler = Assembler::new(16_384);
    let mut waiting = BytesMut::new();
    for chunk in bytes.chunks(usize::from(*piece).max(1)) {
        waiting.extend_from_slice(chunk);
        loop {
            match assembler.next(&mut waiting) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
});
