//! Times of day and moments as keys (PS3.4 C.2.2.2.1 and C.2.2.2.5).

/// Digits of a moment down to a microsecond.
const DIGITS: usize = 20;
/// The largest offset from UTC, as it is written.
const LARGEST_OFFSET: u16 = 1400;

/// Whether a time (TM) or a moment (DT) lies in what is wanted, a time or a range of times. What is written without seconds means all
/// of them. Offsets from UTC are left to the archive, which alone knows its own.
pub(super) fn lies_in(wanted: &str, value: &str) -> bool {
    if [wanted, value].iter().any(|text| has_offset(text)) {
        return true;
    }
    let (from, until) = wanted.split_once('-').unwrap_or((wanted, wanted));
    let value = padded(value, '0');
    padded(from, '0') <= value && (until.trim().is_empty() || value <= padded(until, '9'))
}

/// Digits fall from years, or hours, to parts of seconds, so that texts are in order as times are.
fn padded(text: &str, with: char) -> String {
    let digits = text.chars().filter(char::is_ascii_digit).chain(std::iter::repeat(with));
    digits.take(DIGITS).collect()
}

fn has_offset(text: &str) -> bool {
    // No moment of a range lies in a year that could be an offset.
    let is_offset = |part: &str| part.len() == 4 && part.parse().is_ok_and(|number: u16| number <= LARGEST_OFFSET);
    let is_moment = |part: &str| part.split('.').next().is_some_and(|whole| whole.len() >= 8);
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    text.contains('+') || (is_moment(first) && parts.any(is_offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_compared_as_far_as_they_are_written() {
        for (wanted, value) in [
            ("0830", "083059.999"),
            ("08", "0859"),
            ("083000", "08:30"),
            ("0800-0900", "090059"),
            ("-0900", "0000"),
            ("0800-", "235959"),
            ("0800-1200", "10"),
            ("20240101-20240131", "20240131235959"),
            ("2024", "20241231"),
            ("20240101080000-0500", "20200101"),
            ("20240101", "20200101080000+0100"),
        ] {
            assert!(lies_in(wanted, value), "{wanted} {value}");
        }
        for (wanted, value) in [
            ("0830", "083100"),
            ("0800-0900", "0901"),
            ("0800-0900", "0759"),
            ("-0900", "1000"),
            ("0900-1000", "0859"),
            ("20240101-20240131", "20240201"),
            ("20240101-2025", "2026"),
        ] {
            assert!(!lies_in(wanted, value), "{wanted} {value}");
        }
    }
}
