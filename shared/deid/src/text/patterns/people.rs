//! Names that something announces: a title, a caret, "Patient:".

use std::ops::Range;

use super::tokens::{Sort, Tokens};
use crate::text::vocabulary::{is_particle, is_title, is_vocabulary};

/// The tokens of a name that begins, or is announced, here.
pub(super) fn end(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    if tokens.sort(at) != Some(Sort::Word) || tokens.glued_before(at) {
        return None;
    }
    caret(tokens, at).or_else(|| titled(tokens, at)).or_else(|| announced(tokens, at)).or_else(|| place(tokens, at))
}

/// "Last^First^^Dr": letters on both sides of a caret; "10^3" and "Thorax^Routine" are something else.
fn caret(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    let mut stop = at + 1;
    while stop < at + 12
        && matches!(tokens.sort(stop), Some(Sort::Other('-' | '\'' | '.')))
        && tokens.word(stop + 1).is_some()
    {
        stop += 2;
    }
    let letters = |index: usize| tokens.word(index).is_some_and(|word| word.chars().count() >= 2);
    let protocol = |index: usize| tokens.word(index).is_some_and(is_vocabulary);
    if !(letters(stop - 1) && tokens.is(stop, '^') && letters(stop + 1)) || protocol(stop - 1) || protocol(stop + 1) {
        return None;
    }
    while matches!(tokens.sort(stop), Some(Sort::Word | Sort::Other('^' | '-' | '\'' | '.' | '='))) {
        stop += 1;
    }
    Some(at..stop)
}

/// "Klinik Sonnenhof", "Ward 7": where a patient lies, and who sends.
fn place(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    let names_a_house = matches!(
        tokens.at(at)?.text.as_str(),
        "hospital" | "klinik" | "klinikum" | "krankenhaus" | "praxis" | "spital" | "station" | "ward"
    );
    if !names_a_house {
        return None;
    }
    let is_name = |index: usize| match tokens.sort(index) {
        Some(Sort::Number) => true,
        Some(Sort::Word) => {
            tokens.at(index).is_some_and(|token| token.capital)
                && tokens.word(index).is_some_and(|word| !is_vocabulary(word))
        }
        _ => false,
    };
    let mut stop = at + 1;
    while stop < at + 7 && tokens.is_space(stop) && is_name(stop + 1) {
        stop += 2;
    }
    (stop > at + 1).then_some(at..stop)
}

/// "Dr. med. Meier", "Prof. Y Z", "Mrs Doe", "Frau von Bergen".
fn titled(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    let token = tokens.at(at)?;
    let dotted = tokens.is(at + 1, '.');
    let exact = |title: &str| token.text == title && token.capital && !all_capitals(tokens, at);
    let sure = matches!(
        token.text.as_str(),
        "dr" | "drs"
            | "prof"
            | "professor"
            | "doctor"
            | "doktor"
            | "herr"
            | "herrn"
            | "frau"
            | "mme"
            | "mlle"
            | "madame"
            | "monsieur"
            | "dott"
            | "signora"
            | "sra"
    );
    let careful = ["mr", "mrs", "ms", "miss"].iter().any(|title| exact(title))
        || (dotted && ["hr", "hrn"].iter().any(|title| exact(title)));
    let initial = token.text == "m" && token.capital && dotted && tokens.is_space(at + 2);
    if !sure && !careful && !initial {
        return None;
    }
    let mut index = at + 1;
    // Further titles: "Dr. med. dent. habil."
    for _ in 0..8 {
        let more =
            tokens.word(index).is_some_and(|word| is_title(word) || matches!(word, "dent" | "rer" | "nat" | "phil"));
        let filler = tokens.is(index, '.') || tokens.is(index, '-') || tokens.is_space(index);
        index += usize::from(more || filler);
    }
    let stop = words(tokens, index, 3, sure && token.text != "dr" || dotted && !initial)?;
    Some(at..stop)
}

/// Behind "Patient:", "Name", "by" ... a name as names are written.
fn announced(tokens: &Tokens, at: usize) -> Option<Range<usize>> {
    let label = tokens.word(at)?;
    let names = matches!(
        label,
        "patient" | "patientin" | "name" | "pt" | "pat" | "patientenname" | "vorname" | "nachname" | "surname"
    );
    let people = matches!(
        label,
        "for"
            | "by"
            | "ref"
            | "referring"
            | "physician"
            | "uberweiser"
            | "uberweisender"
            | "arzt"
            | "arztin"
            | "radiologist"
            | "radiologe"
            | "operator"
            | "technologist"
            | "tech"
            | "mtra"
            | "mta"
            | "von"
            | "fur"
            | "par"
            | "durch"
            | "gez"
            | "signed"
            | "befunder"
            | "zuweiser"
            | "mother"
            | "father"
            | "mutter"
            | "vater"
    );
    if !names && !people {
        return None;
    }
    let mut index = at + 1;
    let mut colon = false;
    for _ in 0..4 {
        colon |= tokens.is(index, ':') || tokens.is(index, '=');
        let filler = tokens.is_space(index) || [':', '=', '.'].into_iter().any(|c| tokens.is(index, c));
        let more = matches!(tokens.word(index), Some("name" | "physician"));
        index += usize::from(filler || more);
    }
    if index == at + 1 {
        return None;
    }
    let first = words(tokens, index, 2, false)?;
    let comma = tokens.is(first, ',');
    let given = tokens.skip_space(first + 1);
    let initial =
        || tokens.at(given).filter(|token| token.capital && token.text.chars().count() == 1).map(|_| given + 1);
    let second = if comma { words(tokens, given, 2, false).or_else(initial) } else { None };
    match second {
        Some(stop) => Some(index..stop),
        None if colon => Some(index..first),
        None => None,
    }
}

/// The end of up to `most` words as names are written, with particles, initials and hyphens. With `lower`, the first may be small.
fn words(tokens: &Tokens, at: usize, most: usize, lower: bool) -> Option<usize> {
    let (mut index, mut stop, mut count) = (at, None, 0);
    while count < most && index < at + 24 {
        let Some(word) = tokens.word(index) else { break };
        let token = tokens.at(index)?;
        let initial = word.chars().count() == 1 && token.capital && tokens.is(index + 1, '.');
        let particle = is_particle(word) && tokens.is_space(index + 1) && stop.is_none() && word.len() > 1;
        let name = word.chars().count() >= 2 && !is_vocabulary(word) && !abbreviation(tokens, index);
        let small = lower && count == 0 && word.chars().count() >= 4 && !is_stop(word);
        if particle {
            index += 2;
            continue;
        }
        if tokens.digits(index + 1).is_some() || !(initial || (name && (token.capital || small))) {
            break;
        }
        index += 1 + usize::from(initial);
        count += usize::from(!initial);
        if !initial {
            stop = Some(index);
        }
        let joined = tokens.is(index, '-') || tokens.is(index, '\'');
        if joined && tokens.word(index + 1).is_some() {
            count -= 1;
            index += 1;
        } else if tokens.is_space(index) && tokens.at(index)?.text == " " {
            index += 1;
        } else if !initial {
            break;
        }
    }
    stop
}

/// Two or three capitals are rather a technique than a name.
fn abbreviation(tokens: &Tokens, index: usize) -> bool {
    tokens.word(index).is_some_and(|word| word.chars().count() <= 2) && all_capitals(tokens, index)
}

fn all_capitals(tokens: &Tokens, index: usize) -> bool {
    tokens.at(index).is_some_and(|token| token.shout)
}

fn is_stop(word: &str) -> bool {
    matches!(
        word,
        "with"
            | "from"
            | "this"
            | "that"
            | "kommt"
            | "klagt"
            | "hatte"
            | "wird"
            | "wurde"
            | "nach"
            | "about"
            | "asked"
            | "says"
    )
}
