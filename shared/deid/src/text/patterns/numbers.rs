//! Numbers that name somebody or something: social security, labelled, very long ones, UIDs.

use std::ops::Range;

use super::tokens::{Sort, Tokens};

/// The tokens of a number that begins here; a label stays.
pub(super) fn end(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    match tokens.sort(at)? {
        Sort::Number => social_security(tokens, at).or_else(|| uid(tokens, at)).or_else(|| long(tokens, at)),
        Sort::Word if !tokens.glued_before(at) => labelled(tokens, at).or_else(|| long(tokens, at)),
        _ => None,
    }
}

/// "123-45-6789"
fn social_security(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    let width = |index: usize| tokens.digits(index).map(str::len);
    let separated = |c: char| tokens.is(at + 1, c) && tokens.is(at + 3, c);
    let shape = width(at) == Some(3) && width(at + 2) == Some(2) && width(at + 4) == Some(4);
    let inside =
        tokens.glued_before(at) || tokens.word(at + 5).is_some() || (tokens.is(at + 5, '-') && width(at + 6).is_some());
    (shape && separated('-') && !inside).then_some(at..at + 5)
}

/// A UID that is not the standard's.
fn uid(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    let mut stop = at + 1;
    while tokens.is(stop, '.') && tokens.digits(stop + 1).is_some() && stop < at + 128 {
        stop += 2;
    }
    let length: usize = (at..stop).filter_map(|index| tokens.at(index)).map(|token| token.text.len()).sum();
    let standard =
        ["1", "2", "840", "10008"].iter().enumerate().all(|(n, part)| tokens.digits(at + 2 * n) == Some(part));
    (length >= 26 && stop - at >= 9 && !standard && !tokens.glued_before(at)).then_some(at..stop)
}

/// Letters and digits without a gap, with seven digits in a row: nothing is measured so finely.
fn long(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    let alnum = |index: usize| matches!(tokens.sort(index), Some(Sort::Word | Sort::Number));
    if tokens.glued_before(at) {
        return None;
    }
    let stop = (at..tokens.len()).find(|index| !alnum(*index)).unwrap_or(tokens.len());
    let number = (at..stop).find(|index| tokens.digits(*index).is_some_and(|digits| digits.len() >= 7))?;
    let point = |index: usize| tokens.is(index, '.') || tokens.is(index, ',');
    let fraction = at >= 2 && point(at - 1) && tokens.digits(at - 2).is_some();
    let decimal = point(stop) && tokens.digits(stop + 1).is_some() && number + 1 == stop;
    let measured = number == at && tokens.unit_at(number + 1);
    (!fraction && !decimal && !measured).then_some(at..stop)
}

/// "MRN 12345", "ID: 123", "Acc# 99", "Case no. 5512"
fn labelled(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    /// Sure by themselves.
    const SURE: &[&str] = &[
        "aufnahmenummer",
        "auftragsnr",
        "auftragsnummer",
        "fallnr",
        "fallnummer",
        "ipp",
        "kvnr",
        "mrn",
        "nhs",
        "patid",
        "patientenid",
        "patientennr",
        "patientennummer",
        "patientid",
        "patnr",
        "pid",
        "ssn",
        "versichertennr",
        "versichertennummer",
        "versicherungsnummer",
    ];
    /// Only with ":", "#", "no." behind them.
    const PERHAPS: &[&str] = &[
        "acc",
        "accession",
        "account",
        "admission",
        "auftrag",
        "case",
        "dossier",
        "encounter",
        "fall",
        "file",
        "id",
        "insurance",
        "order",
        "patient",
        "patienten",
        "pat",
        "record",
        "request",
        "visit",
    ];
    let word = tokens.word(at)?;
    let sure = SURE.contains(&word);
    if !sure && !PERHAPS.contains(&word) {
        return None;
    }
    let (mut index, mut marks, mut words) = (at + 1, 0, 0);
    while index < at + 8 {
        match tokens.sort(index) {
            Some(Sort::Space) => {}
            Some(Sort::Other(':' | '#' | '=' | '.' | '-' | '_')) => marks += usize::from(!tokens.is(index, '-')),
            Some(Sort::Word)
                if matches!(tokens.word(index), Some("no" | "nr" | "number" | "nummer" | "num" | "id")) =>
            {
                words += 1
            }
            _ => break,
        }
        index += 1;
    }
    let digits = value_digits(tokens, index)?;
    let enough = if marks + words > 0 { 2 } else { 3 };
    let shouted = word == "id" && tokens.at(at).is_some_and(|token| token.shout);
    let certain = sure || shouted || marks + words > 0;
    let decimal = tokens.is(digits.1, '.') && tokens.digits(digits.1 + 1).is_some() && !sure;
    (certain && digits.0 >= enough && index > at + 1 && !decimal && !tokens.unit_at(digits.1))
        .then_some(index..digits.1)
}

/// Digits of a value made of letters, digits, dashes and slashes, and where it ends.
fn value_digits(tokens: &Tokens, at: usize) -> Option<(usize, usize)> {
    let alnum = |index: usize| matches!(tokens.sort(index), Some(Sort::Word | Sort::Number));
    if !alnum(at) {
        return None;
    }
    let (mut digits, mut stop) = (0, at);
    while stop < at + 16 {
        if let Some(number) = tokens.digits(stop) {
            digits += number.len();
        } else if tokens.word(stop).is_none() {
            let joins = ['-', '/', '_'].into_iter().any(|c| tokens.is(stop, c)) && alnum(stop + 1);
            if !joins {
                break;
            }
        }
        stop += 1;
    }
    Some((digits, stop))
}
