#![no_main]
//! What people write: project rules and pixel scripts are read or refused with a line.

use adit_deid::{Overrides, PixelRules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Overrides::parse(text);
    let _ = PixelRules::parse(text);
});
