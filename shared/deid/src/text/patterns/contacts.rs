//! Phone numbers, mail addresses, addresses of the web that carry a user or a query.

use std::ops::Range;

use super::tokens::{Sort, Tokens};

/// The tokens of a contact that begins, or for a mail address has its "@", here.
pub(super) fn end(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    match tokens.sort(at)? {
        Sort::Other('@') => mail(tokens, at),
        Sort::Word => url(tokens, at).or_else(|| labelled_phone(tokens, at)),
        Sort::Number | Sort::Other('+' | '(') => phone(tokens, at),
        _ => None,
    }
}

fn mail(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    let local = |index: usize| match tokens.sort(index) {
        Some(Sort::Word | Sort::Number) => true,
        Some(Sort::Other(c)) => matches!(c, '.' | '_' | '%' | '+' | '-'),
        _ => false,
    };
    // An address has a limit; so has the look back.
    let start = (at.saturating_sub(32)..at).rev().take_while(|index| local(*index)).last()?;
    let mut stop = at + 1;
    let mut dots = 0;
    while local(stop) && stop < at + 32 {
        dots += usize::from(tokens.is(stop, '.') && tokens.word(stop + 1).is_some_and(|word| word.len() >= 2));
        stop += 1;
    }
    while stop > at && tokens.is(stop - 1, '.') {
        stop -= 1;
    }
    (dots > 0).then_some(start..stop)
}

/// "scheme://user@host/..." and "scheme://host/...?query".
fn url(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    if !(tokens.is(at + 1, ':') && tokens.is(at + 2, '/') && tokens.is(at + 3, '/')) {
        return None;
    }
    let limit = tokens.len().min(at + 256);
    let stop = (at + 4..limit).find(|index| tokens.is_space(*index)).unwrap_or(limit);
    (at + 4..stop).any(|index| tokens.is(index, '@') || tokens.is(index, '?')).then_some(at..stop)
}

/// "Tel. 1234567", "Phone: 030/1234567", "Fax 12 34 56".
fn labelled_phone(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    let word = tokens.word(at).filter(|_| !tokens.glued_before(at))?;
    let label = [
        "tel",
        "telefon",
        "telephone",
        "phone",
        "fon",
        "fax",
        "mobil",
        "mobile",
        "handy",
        "cell",
        "telefax",
        "durchwahl",
        "pager",
    ];
    label.contains(&word).then_some(())?;
    let mut start = at + 1;
    for _ in 0..4 {
        let filler = matches!(tokens.sort(start), Some(Sort::Space | Sort::Other(':' | '.' | '#' | '-')))
            || matches!(tokens.word(start), Some("no" | "nr" | "number" | "nummer"));
        start += usize::from(filler);
    }
    let groups = groups(tokens, start)?;
    (groups.digits() >= 5).then_some(at..groups.end)
}

fn phone(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    let touching =
        tokens.before(at).is_some_and(|token| matches!(token.sort, Sort::Word | Sort::Number | Sort::Other('.' | ',')));
    let groups = groups(tokens, at).filter(|_| !touching)?;
    let shape: Vec<usize> = groups.widths.clone();
    let international = tokens.is(at, '+') && groups.digits() >= 8;
    let bracketed = tokens.is(at, '(') && tokens.is(at + 2, ')') && groups.digits() >= 7 && (2..=5).contains(&shape[0]);
    let national = tokens.digits(at).is_some_and(|first| first.len() >= 2 && first.starts_with('0'))
        && shape.len() >= 2
        && groups.digits() >= 7
        && !groups.dotted;
    let american = matches!(shape[..], [3, 3, 4] | [1, 3, 3, 4]) || (shape[..] == [3, 4] && groups.dashed);
    let number = international || bracketed || national || (american && tokens.digits(at).is_some());
    (number && !tokens.unit_at(groups.end)).then_some(at..groups.end)
}

/// Groups of digits with the separators of phone numbers.
struct Groups {
    widths: Vec<usize>,
    dotted: bool,
    dashed: bool,
    end: usize,
}

impl Groups {
    fn digits(&self) -> usize {
        self.widths.iter().sum()
    }
}

fn groups(tokens: &Tokens, at: usize) -> Option<Groups> {
    let mut groups = Groups { widths: Vec::new(), dotted: false, dashed: false, end: at };
    let mut index = at;
    let mut loose = 0;
    while groups.widths.len() < 8 {
        match tokens.sort(index) {
            Some(Sort::Number) => {
                groups.widths.push(tokens.digits(index)?.len());
                groups.end = index + 1;
                loose = 0;
            }
            Some(Sort::Other('+' | '(')) if groups.widths.len() < 2 && loose < 2 => loose += 1,
            Some(Sort::Space | Sort::Other('-' | '/' | ')' | '.')) if loose < 3 && !groups.widths.is_empty() => {
                loose += 1;
                groups.dotted |= tokens.is(index, '.') && tokens.digits(index + 1).is_some();
                groups.dashed |= tokens.is(index, '-');
            }
            _ => break,
        }
        index += 1;
    }
    // A word directly behind the digits: no number of a phone.
    let glued = tokens.word(groups.end).is_some();
    (!groups.widths.is_empty() && !glued).then_some(groups)
}
