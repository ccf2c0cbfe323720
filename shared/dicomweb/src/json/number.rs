//! Numbers: binary ones and those that are text. What is no number, or none that JSON can hold, becomes a string (PS3.18 Table F.2.3-1).

use super::value::string;

/// Whole numbers beyond this lose digits where numbers are read as IEEE doubles.
const EXACT: u64 = 1 << 53;

/// Bytes of one binary number.
pub(super) fn size(vr: [u8; 2]) -> usize {
    match &vr {
        b"US" | b"SS" => 2,
        b"UV" | b"SV" | b"FD" => 8,
        _ => 4,
    }
}

/// Appends a binary number; `bytes` are as many as its [`size`].
pub(super) fn binary(vr: [u8; 2], bytes: &[u8], out: &mut Vec<u8>) {
    let mut eight = [0; 8];
    eight[..bytes.len()].copy_from_slice(bytes);
    let raw = u64::from_le_bytes(eight);
    let [b0, b1, b2, b3, ..] = eight;
    let text = match &vr {
        b"SS" => i16::from_le_bytes([b0, b1]).to_string(),
        b"SL" => i32::from_le_bytes([b0, b1, b2, b3]).to_string(),
        b"FL" => {
            return real(f64::from(f32::from_le_bytes([b0, b1, b2, b3])), &f32::from_le_bytes([b0, b1, b2, b3]), out);
        }
        b"FD" => return real(f64::from_le_bytes(eight), &f64::from_le_bytes(eight), out),
        b"SV" => {
            let number = i64::from_le_bytes(eight);
            return whole(&number.to_string(), number.unsigned_abs() <= EXACT, out);
        }
        b"UV" => return whole(&raw.to_string(), raw <= EXACT, out),
        _ => raw.to_string(),
    };
    out.extend_from_slice(text.as_bytes());
}

fn whole(text: &str, fits: bool, out: &mut Vec<u8>) {
    if fits { out.extend_from_slice(text.as_bytes()) } else { string(text, out) }
}

/// `shown` is the number with as many digits as it has, not more.
fn real(number: f64, shown: &dyn std::fmt::Display, out: &mut Vec<u8>) {
    match number {
        _ if number.is_nan() => string("NaN", out),
        _ if number.is_infinite() && number > 0.0 => string("Infinity", out),
        _ if number.is_infinite() => string("-Infinity", out),
        _ => out.extend_from_slice(shown.to_string().as_bytes()),
    }
}

/// A number as a value of VR DS, which has 16 characters at most.
pub(super) fn decimal_text(number: &serde_json::Number) -> String {
    let text = number.to_string();
    let value = number.as_f64().filter(|_| text.len() > 16);
    let shorter =
        value.and_then(|value| (0..=15).rev().map(|digits| format!("{value:.digits$e}")).find(|t| t.len() <= 16));
    shorter.unwrap_or(text)
}

/// Appends a value of VR IS.
pub(super) fn integer(text: &str, out: &mut Vec<u8>) {
    match text.parse::<i64>() {
        Ok(number) => whole(&number.to_string(), number.unsigned_abs() <= EXACT, out),
        Err(_) => decimal(text, out),
    }
}

/// Appends a value of VR DS with the digits that were sent.
pub(super) fn decimal(text: &str, out: &mut Vec<u8>) {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    match text.parse::<f64>() {
        Ok(number) if digits && number.is_finite() => match serde_json::from_str::<serde_json::Number>(text) {
            Ok(_) => out.extend_from_slice(text.as_bytes()),
            // JSON has no plus, no leading zeros and no bare point.
            Err(_) => out.extend_from_slice(number.to_string().as_bytes()),
        },
        _ => string(text, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_that_are_numbers_become_numbers() {
        for (given, json) in [
            ("1.50", "1.50"),
            ("-0012", "-12"),
            (".5", "0.5"),
            ("+3", "3"),
            ("1.", "1"),
            ("1e5", "1e5"),
            ("inf", "\"inf\""),
            ("1,5", "\"1,5\""),
            ("1e999", "\"1e999\""),
        ] {
            assert_eq!(text(|out| decimal(given, out)), json);
            assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{json}");
        }
        assert_eq!(text(|out| integer("+007", out)), "7");
        assert_eq!(text(|out| integer("9007199254740993", out)), "\"9007199254740993\"");
    }

    #[test]
    fn binary_numbers_keep_their_value() {
        assert_eq!(text(|out| binary(*b"SS", &(-5_i16).to_le_bytes(), out)), "-5");
        assert_eq!(text(|out| binary(*b"UL", &u32::MAX.to_le_bytes(), out)), u32::MAX.to_string());
        assert_eq!(text(|out| binary(*b"FL", &0.1_f32.to_le_bytes(), out)), "0.1");
        assert_eq!(text(|out| binary(*b"FD", &f64::NAN.to_le_bytes(), out)), "\"NaN\"");
        assert_eq!(text(|out| binary(*b"SV", &i64::MIN.to_le_bytes(), out)), format!("\"{}\"", i64::MIN));
    }
}
