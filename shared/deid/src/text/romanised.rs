//! Greek and Cyrillic names in Latin letters: as passports write them, and in the other common spelling.

use super::fold::greek_plain;

/// A way to write Cyrillic letters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Passports: Yuliya, Khrushchev.
    Passport,
    /// International civil aviation: Iuliia, Hruschev.
    Aviation,
    /// Scholars and Central Europe: Julija.
    Scholar,
    /// By ear behind a consonant: Luksemburg.
    Loose,
}

/// The spellings of a text that has Greek or Cyrillic letters; none for any other.
pub(crate) fn romanised(text: &str) -> Vec<String> {
    if !text.chars().any(|c| matches!(u32::from(c), 0x370..=0x52F)) {
        return Vec::new();
    }
    let mut all: Vec<String> =
        [Style::Passport, Style::Aviation, Style::Scholar, Style::Loose].map(|style| spelled(text, style)).to_vec();
    all.sort_unstable();
    all.dedup();
    all
}

fn spelled(text: &str, style: Style) -> String {
    let letters: Vec<char> = text.chars().flat_map(char::to_lowercase).map(greek_plain).collect();
    let mut out = String::with_capacity(letters.len() + 8);
    let mut at = 0;
    while let Some(c) = letters.get(at) {
        let pair = letters.get(at + 1).and_then(|next| digraph(*c, *next));
        match pair.or_else(|| greek(*c)).or_else(|| cyrillic(*c, style)) {
            Some(latin) => out.push_str(latin),
            None => out.push(*c),
        }
        at += if pair.is_some() { 2 } else { 1 };
    }
    out
}

fn digraph(c: char, next: char) -> Option<&'static str> {
    Some(match (c, next) {
        ('ο', 'υ') => "ou",
        ('α', 'υ') => "av",
        ('ε', 'υ') => "ev",
        ('γ', 'γ') => "ng",
        ('μ', 'π') => "mp",
        _ => return None,
    })
}

fn greek(c: char) -> Option<&'static str> {
    Some(match c {
        'α' => "a",
        'β' => "v",
        'γ' => "g",
        'δ' => "d",
        'ε' => "e",
        'ζ' => "z",
        'η' | 'ι' => "i",
        'θ' => "th",
        'κ' => "k",
        'λ' => "l",
        'μ' => "m",
        'ν' => "n",
        'ξ' => "x",
        'ο' | 'ω' => "o",
        'π' => "p",
        'ρ' => "r",
        'σ' => "s",
        'τ' => "t",
        'υ' => "y",
        'φ' => "f",
        'χ' => "ch",
        'ψ' => "ps",
        _ => return None,
    })
}

fn cyrillic(c: char, style: Style) -> Option<&'static str> {
    let by = |passport, aviation, scholar, loose| match style {
        Style::Passport => passport,
        Style::Aviation => aviation,
        Style::Scholar => scholar,
        Style::Loose => loose,
    };
    Some(match c {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' => "g",
        'д' => "d",
        'е' | 'э' | 'є' => "e",
        'ё' => by("e", "e", "e", "yo"),
        'ж' => "zh",
        'з' => "z",
        'и' | 'і' => "i",
        'ї' | 'й' => by("y", "i", "j", "y"),
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' => "u",
        'ф' => "f",
        'х' => by("kh", "h", "ch", "kh"),
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ы' => "y",
        'ю' => by("yu", "iu", "ju", "u"),
        'я' => by("ya", "ia", "ja", "ya"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_in_passports() {
        assert_eq!(romanised("Διονυσίου"), ["dionysiou"]);
        assert_eq!(romanised("Юлия"), ["iuliia", "julija", "uliya", "yuliya"]);
        assert!(romanised("Люксембургова").contains(&"luksemburgova".to_owned()));
        assert_eq!(romanised("Doe"), Vec::<String>::new());
    }
}
