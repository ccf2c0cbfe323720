#![no_main]
//! Metadata of a store: any text gives instances or a reason, and what is encoded is a whole number of elements.

use adit_deid::Glance;
use adit_dicomweb::json::{Piece, element_header, instances};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    for instance in instances(input).unwrap_or_default() {
        let Ok(pieces) = instance.pieces else { continue };
        let mut glance = Glance::new("1.2.840.10008.1.2.1", Vec::new());
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) => glance.push(&bytes),
                Piece::Elsewhere(value) => glance.push(&element_header(value.tag, 0)),
            }
        }
        assert!(glance.is_whole());
    }
});
