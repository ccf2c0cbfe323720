#![no_main]
//! Command sets and identifiers: decoding never panics, and what was decoded can be encoded and decoded again.

use adit_dimse::raw::Command;
use adit_dimse::{Identifier, uids};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(command) = Command::decode(bytes) {
        let _ = Command::decode(&command.encode());
    }
    for syntax in uids::UNCOMPRESSED {
        let _ = Identifier::decode(bytes, syntax);
    }
});
