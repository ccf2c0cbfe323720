#![no_main]
//! Metadata of a store: any text in any pieces gives the same data sets or none, and what is encoded is a whole number of elements.

use adit_deid::Glance;
use adit_dicomweb::json::{DataSets, Piece, element_header, instance};
use libfuzzer_sys::fuzz_target;

/// The texts of data sets before a mistake, and whether there was none.
fn cut(bytes: &[u8], piece: usize) -> (Vec<Vec<u8>>, bool) {
    let (mut sets, mut all) = (DataSets::default(), Vec::new());
    for chunk in bytes.chunks(piece) {
        sets.push(chunk);
        loop {
            match sets.next_text() {
                Ok(Some(text)) => all.push(text.to_vec()),
                Ok(None) => break,
                Err(_) => return (all, false),
            }
        }
    }
    let is_whole = sets.finish().is_ok();
    (all, is_whole)
}

fuzz_target!(|input: &[u8]| {
    let whole = cut(input, input.len().max(1));
    assert_eq!(cut(input, 3), whole);
    for text in whole.0 {
        let Ok(pieces) = instance(&text).and_then(|instance| instance.pieces) else { continue };
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
