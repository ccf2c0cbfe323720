//! Value representations, as far as several crates have to know them.

/// Bytes of one number in values of this VR; 1: it holds none (PS3.5 6.2, 7.3).
#[must_use]
pub fn word(vr: [u8; 2]) -> usize {
    match &vr {
        b"AT" | b"OW" | b"SS" | b"US" => 2,
        b"FL" | b"OF" | b"OL" | b"SL" | b"UL" => 4,
        b"FD" | b"OD" | b"OV" | b"SV" | b"UV" => 8,
        _ => 1,
    }
}
