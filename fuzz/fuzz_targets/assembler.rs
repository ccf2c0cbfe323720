#![no_main]
//! PDU assembly: any bytes in any pieces end in events or an error, with bounded memory.

use adit_dimse::raw::Assembler;
use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<u8>, u8)| {
    let (bytes, piece) = input;
    let mut assembler = Assembler::new(16_384);
    let mut waiting = BytesMut::new();
    for chunk in bytes.chunks(usize::from(piece).max(1)) {
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
