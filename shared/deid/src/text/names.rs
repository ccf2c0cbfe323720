//! Person names taken apart (PS3.5 6.2): what of a name can give a person away, and what stands with every name.

use super::fold::{Umlauts, folded};
use super::vocabulary::{is_noise, is_particle, is_title};

/// One representation of a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Name {
    /// Words of the family name.
    pub family: Vec<String>,
    /// Words of given and middle names, first name first.
    pub given: Vec<String>,
}

impl Name {
    /// The words that are worth searching by themselves.
    pub fn words(&self) -> impl Iterator<Item = &String> {
        self.family.iter().chain(&self.given).filter(|word| {
            let plain = folded(word, Umlauts::Dropped);
            !is_particle(&plain) && !is_title(&plain) && !is_noise(word)
        })
    }
}

/// The representations (alphabetic, ideographic, phonetic) of a value.
pub(crate) fn names(value: &str) -> Vec<Name> {
    value.split('=').map(name).filter(|name| !name.family.is_empty() || !name.given.is_empty()).collect()
}

fn name(group: &str) -> Name {
    if group.contains('^') {
        let mut parts = group.split('^');
        let mut name = Name { family: words(parts.next().unwrap_or_default()), given: Vec::new() };
        for part in parts.by_ref().take(2) {
            name.given.extend(words(part));
        }
        // Prefix and suffix: only what is long enough to be a name in the wrong place.
        name.given.extend(parts.flat_map(words).filter(|word| word.chars().count() >= 6));
        return name;
    }
    if let Some((family, given)) = group.split_once(',') {
        return Name { family: words(family), given: words(given) };
    }
    // "Jane Doe": the last word and the particles before it are the family name.
    let mut given = words(group);
    let last = given.len().saturating_sub(1);
    let particles = given[..last].iter().rev().take_while(|word| is_particle(&folded(word, Umlauts::Dropped))).count();
    let family = given.split_off(last - particles);
    Name { family, given }
}

/// Words without titles.
fn words(part: &str) -> Vec<String> {
    let inside = |c: char| c.is_alphanumeric() || matches!(u32::from(c), 0x300..=0x36F | 0x3099 | 0x309A);
    let found = part.split(|c: char| !inside(c)).filter(|word| !word.is_empty());
    found.filter(|word| !is_title(&folded(word, Umlauts::Dropped))).map(str::to_owned).collect()
}

/// A character of a script that is written without spaces between words.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF | 0x1100..=0x11FF | 0x3040..=0x30FF | 0x3130..=0x318F | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFF66..=0xFF9F | 0x2_0000..=0x3_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Vec<(String, String)> {
        names(value).iter().map(|name| (name.family.join(" "), name.given.join(" "))).collect()
    }

    #[test]
    fn names_are_taken_apart() {
        for (value, family, given) in [
            ("Doe^Jane^Mary^Dr.^MD", "Doe", "Jane Mary"),
            ("Müller-Lüdenscheidt^Hans", "Müller Lüdenscheidt", "Hans"),
            ("O'Neil^Shaquille", "O Neil", "Shaquille"),
            ("Dr. Hans von der Leyen", "von der Leyen", "Hans"),
            ("Meier, Hans Prof. Dr. med.", "Meier", "Hans"),
            ("Doe", "Doe", ""),
            ("^Jane", "", "Jane"),
            ("Doe^J^^Rosenbaum", "Doe", "J Rosenbaum"),
        ] {
            assert_eq!(of(value), [(family.to_owned(), given.to_owned())], "{value}");
        }
        assert_eq!(of("Yamada^Tarou=山田^太郎=やまだ^たろう").len(), 3);
        assert_eq!(of("^^="), []);
    }

    #[test]
    fn particles_are_no_names_by_themselves() {
        let names = names("von der Leyen^Ursula");
        assert_eq!(names[0].words().collect::<Vec<_>>(), ["Leyen", "Ursula"]);
    }
}
