//! Dates: DA and DT values moved by whole days, inside the calendar. Whole days keep the times of day, so TM stays as it is.

use time::{Date, Duration, Month};

/// Moves every value of a DA element (PS3.5 6.2). `None`: one of them is no date, or leaves the calendar.
pub(crate) fn shift_da(value: &str, days: i32) -> Option<String> {
    join(value, |one| {
        // ACR-NEMA wrote dots; they are understood and go.
        let plain: String = one.chars().filter(|c| *c != '.').collect();
        if plain.len() != 8 {
            return None;
        }
        Some(digits_of(moved(&plain, days)?))
    })
}

/// Moves every value of a DT element: `YYYYMMDDHHMMSS.FFFFFF&ZZXX`, cut off anywhere behind the year. The precision stays.
pub(crate) fn shift_dt(value: &str, days: i32) -> Option<String> {
    join(value, |one| {
        let end = one.find(['+', '-']).unwrap_or(one.len());
        let (local, zone) = one.split_at(end);
        if !local.is_ascii() || !is_zone(zone) {
            return None;
        }
        let date = &local[..local.len().min(8)];
        let rest = &local[date.len()..];
        let full = match date.len() {
            4 => format!("{date}0101"),
            6 => format!("{date}01"),
            8 => date.to_owned(),
            _ => return None,
        };
        is_time(rest).then_some(())?;
        let moved = digits_of(moved(&full, days)?);
        Some(format!("{}{rest}{zone}", &moved[..date.len()]))
    })
}

/// Whether every value of a TM element is a time.
pub(crate) fn is_tm(value: &str) -> bool {
    join(value, |one| {
        let plain: String = one.chars().filter(|c| *c != ':').collect();
        is_time(&plain).then(String::new)
    })
    .is_some()
}

fn join(value: &str, each: impl Fn(&str) -> Option<String>) -> Option<String> {
    let moved: Option<Vec<String>> = value
        .split('\\')
        .map(str::trim)
        .map(|one| if one.is_empty() { Some(String::new()) } else { each(one) })
        .collect();
    Some(moved?.join("\\"))
}

/// `HH`, `HHMM`, `HHMMSS` and a fraction; or nothing.
fn is_time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let below = |range: std::ops::Range<usize>, limit: u8| {
        whole.get(range).is_none_or(|two| two.is_empty() || two.parse::<u8>().is_ok_and(|number| number < limit))
    };
    (text.is_empty() || (digits(whole) && digits(fraction) && fraction.len() <= 6))
        && matches!(whole.len(), 0 | 2 | 4 | 6)
        && (below(0..2, 24) && below(2..4, 60) && below(4..6, 61))
}

fn is_zone(text: &str) -> bool {
    text.is_empty() || (text.len() == 5 && text[1..].bytes().all(|byte| byte.is_ascii_digit()))
}

fn moved(digits: &str, days: i32) -> Option<Date> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let month = Month::try_from(digits[4..6].parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(digits[..4].parse().ok()?, month, digits[6..8].parse().ok()?).ok()?;
    date.checked_add(Duration::days(i64::from(days))).filter(|date| (1..=9999).contains(&date.year()))
}

fn digits_of(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), u8::from(date.month()), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_move_by_whole_days() {
        assert_eq!(shift_da("20240301", -1).unwrap(), "20240229");
        assert_eq!(shift_da("20240301 ", -366).unwrap(), "20230301");
        assert_eq!(shift_da("1993.08.22\\\\19930823", -1).unwrap(), "19930821\\\\19930822");
        for wrong in ["19991332", "2020-01-01", "????", "2020", "20230229"] {
            assert_eq!(shift_da(wrong, -1), None, "{wrong}");
        }
        assert_eq!(shift_da("00010101", -1), None, "outside of the calendar");
    }

    #[test]
    fn date_times_keep_their_precision_time_and_zone() {
        assert_eq!(shift_dt("20240301101112.123456+0100", -1).unwrap(), "20240229101112.123456+0100");
        assert_eq!(shift_dt("202403", -1).unwrap(), "202402");
        assert_eq!(shift_dt("2024", -1).unwrap(), "2023");
        assert_eq!(shift_dt("2024030110-0500", -1).unwrap(), "2024022910-0500");
        for wrong in ["20240301T10", "2024030125", "20240301101112+1", "x"] {
            assert_eq!(shift_dt(wrong, -1), None, "{wrong}");
        }
    }

    #[test]
    fn times_are_told_from_anything_else() {
        assert!(is_tm("101112.5") && is_tm("10:11:12") && is_tm("10") && is_tm("") && is_tm("1011\\1012"));
        assert!(!is_tm("Doe") && !is_tm("251112") && !is_tm("1") && !is_tm("101112.Doe"));
    }
}
