//! Dates in the usual notations, with the time that may be attached.

use std::ops::Range;

use super::tokens::{Sort, Tokens};
use crate::text::spellings::{Day, MONTHS};

/// The tokens of a date that begins here.
pub(super) fn end(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    let found = match tokens.sort(at)? {
        Sort::Number => numeric(tokens, at).or_else(|| compact(tokens, at)).or_else(|| day_first(tokens, at)),
        Sort::Word => month_first(tokens, at),
        _ => None,
    }?;
    Some(at..time(tokens, found).unwrap_or(found))
}

/// Three numbers, or month and year, between equal separators.
fn numeric(tokens: &Tokens, at: usize) -> Option<usize> {
    let separator = ['-', '/', '.', '_'].into_iter().find(|c| tokens.is(at + 1, *c))?;
    let inside_number = |index: usize| tokens.is(index, separator) || tokens.is(index, '.') || tokens.is(index, ',');
    if at > 0
        && (tokens.glued_before(at) && separator != '_'
            || (inside_number(at - 1) && at > 1 && tokens.digits(at - 2).is_some()))
    {
        return None;
    }
    let second = if separator == '.' { tokens.skip_space(at + 2) } else { at + 2 };
    let (first, second_number) = (tokens.number(at)?, tokens.number(second)?);
    let continued = |after: usize| inside_number(after) && tokens.digits(after + 1).is_some();
    if tokens.is(second + 1, separator) {
        let third = if separator == '.' { tokens.skip_space(second + 2) } else { second + 2 };
        if let Some(number) = tokens.number(third) {
            let spaced = second > at + 2 || third > second + 2;
            let fits = three(first, second_number, number, separator) && !(spaced && number.1 < 4);
            return (fits && !continued(third + 1)).then_some(third + 1);
        }
    }
    let month_year = match (first, second_number) {
        ((month, width), (year, 4)) | ((year, 4), (month, width)) => {
            let clear = width == 2 || (separator == '/' && width == 1);
            clear && Day::of(year, month, 1).is_some() && (1900..2100).contains(&year)
        }
        _ => false,
    };
    (month_year && second == at + 2 && !continued(second + 1) && !tokens.unit_at(second + 1)).then_some(second + 1)
}

/// Year, month, day; day, month, year; month, day, year.
fn three(a: (u32, usize), b: (u32, usize), c: (u32, usize), separator: char) -> bool {
    let either = |year: u32, a: u32, b: u32| Day::of(year, a, b).is_some() || Day::of(year, b, a).is_some();
    match (a, b, c) {
        ((year, 4), (month, 1 | 2), (day, 1 | 2)) => Day::of(year, month, day).is_some(),
        ((a, 1 | 2), (b, 1 | 2), (year, 4)) => either(year, a, b),
        ((a, first), (b, second), (c, 2)) if first <= 2 && second <= 2 => {
            // "1.5.12" is a version as well as a day: a day needs two digits everywhere, a slash or a year that is no day.
            let clear = (first == 2 && second == 2) || separator == '/' || c > 31;
            clear && (either(2000 + c, a, b) || (first == 2 && Day::of(2000 + a, b, c).is_some()))
        }
        _ => false,
    }
}

/// Six or eight digits by themselves. (Eight go as a long number anyway, but not with the time behind them.)
fn compact(tokens: &Tokens, at: usize) -> Option<usize> {
    let digits = tokens.digits(at).filter(|digits| matches!(digits.len(), 6 | 8))?;
    let glued = tokens.glued_before(at) || tokens.word(at + 1).is_some_and(|word| word != "t");
    let decimal = |index: usize| tokens.is(index, '.') || tokens.is(index, ',');
    let fraction = (at > 0 && decimal(at - 1)) || (decimal(at + 1) && tokens.digits(at + 2).is_some());
    let number = |from: usize, to: usize| digits[from..to].parse::<u32>().unwrap_or(0);
    let day = if digits.len() == 8 {
        Day::of(number(0, 4), number(4, 6), number(6, 8))
    } else {
        let (a, b, c) = (number(0, 2), number(2, 4), number(4, 6));
        Day::of(2000 + a, b, c).or(Day::of(2000 + c, b, a))
    };
    (day.is_some() && !glued && !fraction && !tokens.unit_at(at + 1)).then_some(at + 1)
}

/// "3 Feb 1961", "03-FEB-61", "3. Februar", "03FEB1961".
fn day_first(tokens: &Tokens, at: usize) -> Option<usize> {
    let (day, _) = tokens.number(at).filter(|(day, width)| (1..=31).contains(day) && *width <= 2)?;
    if tokens.before(at).is_some_and(|before| matches!(before.sort, Sort::Word | Sort::Number | Sort::Other('.'))) {
        return None;
    }
    let ordinal = matches!(tokens.word(at + 1), Some("st" | "nd" | "rd" | "th"));
    let name = gap(tokens, at + 1 + usize::from(ordinal));
    let name = behind_of(tokens, name);
    let clear = month(tokens, name)?;
    Day::of(2000, 1, day)?;
    let year = behind_of(tokens, gap(tokens, name + 1));
    match tokens.number(year) {
        Some((1850..=2099, 4)) => Some(year + 1),
        Some((_, 2)) if tokens.word(year + 1).is_none() && !tokens.is(year + 1, '.') && !tokens.unit_at(year + 1) => {
            Some(year + 1)
        }
        _ => clear.then_some(name + 1),
    }
}

/// "3rd of February", "3 de febrero del 1961"
fn behind_of(tokens: &Tokens, at: usize) -> usize {
    if matches!(tokens.word(at), Some("of" | "de" | "del")) { gap(tokens, at + 1) } else { at }
}

/// "Feb 3, 1961", "February 1961", "Feb-1961".
fn month_first(tokens: &Tokens, at: usize) -> Option<usize> {
    if tokens.glued_before(at) {
        return None;
    }
    let clear = month(tokens, at)?;
    let next = gap(tokens, at + 1);
    match tokens.number(next)? {
        (1850..=2099, 4) => Some(next + 1),
        (1..=31, 1 | 2) => {
            let ordinal = matches!(tokens.word(next + 1), Some("st" | "nd" | "rd" | "th"));
            let after = next + 1 + usize::from(ordinal);
            let year = gap(tokens, after);
            match tokens.number(year) {
                Some((1850..=2099, 4)) => Some(year + 1),
                _ => (clear && !tokens.unit_at(after)).then_some(after),
            }
        }
        _ => None,
    }
}

/// Whether a word is a month, and one that cannot be another word.
fn month(tokens: &Tokens, at: usize) -> Option<bool> {
    let word = tokens.word(at)?;
    MONTHS
        .iter()
        .any(|names| names.contains(&word))
        .then_some(word.len() >= 4 && !matches!(word, "mars" | "march" | "marco" | "mayo" | "sept" | "janv"))
}

/// What stands between the parts of a date: space, dot, comma, dash, slash, underscore.
fn gap(tokens: &Tokens, mut at: usize) -> usize {
    if [',', '.', '-', '/', '_', '\''].into_iter().any(|c| tokens.is(at, c)) {
        at += 1;
    }
    tokens.skip_space(at)
}

/// The end of a time that is attached to a date.
fn time(tokens: &Tokens, at: usize) -> Option<usize> {
    let mut start = at;
    if tokens.is(start, ',') || tokens.is(start, '_') || tokens.is(start, '-') || tokens.word(start) == Some("t") {
        start += 1;
    }
    start = tokens.skip_space(start);
    if start == at {
        return None;
    }
    let (_, width) = tokens.number(start).filter(|(hour, _)| *hour < 240_000)?;
    let mut end = start + 1;
    if width == 6 && !tokens.is_space(start - 1) {
        return Some(end);
    }
    let mut parts = 0;
    while width <= 2
        && tokens.is(end, ':')
        && tokens.number(end + 1).is_some_and(|(part, width)| width == 2 && part < 60)
    {
        end += 2;
        parts += 1;
    }
    if parts == 2 && tokens.is(end, '.') && tokens.digits(end + 1).is_some() {
        end += 2;
    }
    let suffix = tokens.skip_space(end);
    if parts > 0 && matches!(tokens.word(suffix), Some("am" | "pm" | "z" | "uhr" | "h")) {
        end = suffix + 1;
    }
    (parts > 0).then_some(end)
}
