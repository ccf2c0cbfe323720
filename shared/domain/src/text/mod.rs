//! DICOM text: character sets (PS3.3 C.12.1.1.2, PS3.5 6.1 and Annexes H to K).
//!
//! Values are decoded first and split at backslashes afterwards: in GB 18030, GBK and Shift-JIS a backslash byte may be half of
//! a character. A missing or wrong character set gives the best guess and says so; nothing here fails or panics.

mod charset;
mod iso2022;

pub use charset::Charset;

/// Decoded text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoded {
    /// The text; undecodable bytes appear as U+FFFD.
    pub text: String,
    /// The character set was missing or wrong: the text is a guess.
    pub guessed: bool,
}

/// Decodes a value in the character sets that (0008,0005) names (the raw value of that element, possibly with several values).
#[must_use]
pub fn decode(raw: &[u8], specific_character_set: &[u8]) -> Decoded {
    if raw.iter().all(|byte| (0x20..0x7F).contains(byte)) {
        return Decoded { text: String::from_utf8_lossy(raw).into_owned(), guessed: false };
    }
    let terms: Vec<String> =
        String::from_utf8_lossy(specific_character_set).split('\\').map(|term| term.trim().to_owned()).collect();
    let declared: Vec<Option<Charset>> = terms.iter().map(|term| Charset::from_term(term)).collect();
    let known: Vec<Charset> = declared.iter().flatten().copied().collect();
    let complete = known.len() == declared.len();
    let strict = match known.first() {
        Some(_) if raw.contains(&0x1B) => iso2022::decode(raw, &known),
        Some(first) => first.decode(raw),
        None => None,
    };
    match strict {
        Some(text) if complete => Decoded { text, guessed: false },
        Some(text) => Decoded { text, guessed: true },
        None => Decoded { text: guess(raw), guessed: true },
    }
}

/// UTF-8 if it is valid, else Latin-1: what wrongly labelled text mostly is.
fn guess(raw: &[u8]) -> String {
    match std::str::from_utf8(raw) {
        Ok(text) => text.to_owned(),
        Err(_) => raw.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Encodes a query value: ASCII needs no character set, then Latin-1, then UTF-8. Answers with the bytes and the term for (0008,0005), empty for none.
#[must_use]
pub fn encode_for_query(text: &str) -> (Vec<u8>, &'static str) {
    if text.is_ascii() {
        return (text.as_bytes().to_vec(), "");
    }
    let latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    latin.map_or_else(|| (text.as_bytes().to_vec(), "ISO_IR 192"), |bytes| (bytes, "ISO_IR 100"))
}

/// A person name as people write it: "Last, First Middle". Of several representations (PS3.5 6.2.1.1) the first that is not empty.
#[must_use]
pub fn person_name(value: &str) -> String {
    let group = value.split('=').map(str::trim).find(|group| !group.trim_matches('^').is_empty()).unwrap_or_default();
    let mut parts = group.split('^').map(str::trim);
    let last = parts.next().unwrap_or_default();
    let given: Vec<&str> = parts.by_ref().take(2).filter(|part| !part.is_empty()).collect();
    match (last.is_empty(), given.is_empty()) {
        (false, false) => format!("{last}, {}", given.join(" ")),
        (true, _) => given.join(" "),
        (false, true) => last.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &[u8], charset: &str) -> (String, bool) {
        let decoded = decode(raw, charset.as_bytes());
        (decoded.text, decoded.guessed)
    }

    /// Values of PS3.5 Annexes H to K and of common archives.
    #[test]
    fn the_standards_examples_are_decoded() {
        let yamada = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
        assert_eq!(text(yamada, "\\ISO 2022 IR 87"), ("Yamada^Tarou=山田^太郎=やまだ^たろう".into(), false));
        let half = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J";
        assert_eq!(text(half, "ISO 2022 IR 13\\ISO 2022 IR 87"), ("ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎".into(), false));
        let hong = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf";
        assert_eq!(text(hong, "\\ISO 2022 IR 149"), ("Hong^Gildong=洪^吉洞=홍^길동".into(), false));
        let wang = b"Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1";
        assert_eq!(text(wang, "ISO_IR 192"), ("Wang^XiaoDong=王^小東".into(), false));
        assert_eq!(
            text(b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab", "GB18030"),
            ("Wang^XiaoDong=王^小东".into(), false)
        );
        assert_eq!(text(b"Buc^J\xe9r\xf4me", "ISO_IR 100"), ("Buc^Jérôme".into(), false));
        assert_eq!(text(b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "ISO_IR 126"), ("Διονυσιος".into(), false));
        assert!(!text(b"\xbb\xee\xda\x63eM\xd1yp", "ISO_IR 144").1);
    }

    #[test]
    fn wrong_and_missing_character_sets_give_a_marked_guess() {
        assert_eq!(text("Müller".as_bytes(), ""), ("Müller".into(), true));
        assert_eq!(text(b"M\xfcller", ""), ("Müller".into(), true));
        assert_eq!(text(b"M\xfcller", "ISO_IR 192"), ("Müller".into(), true));
        assert_eq!(text(b"M\xfcller", "NONSENSE"), ("Müller".into(), true));
        assert_eq!(text(b"Mueller", "NONSENSE"), ("Mueller".into(), false));
    }

    #[test]
    fn queries_say_their_character_set() {
        assert_eq!(encode_for_query("Mueller*"), (b"Mueller*".to_vec(), ""));
        assert_eq!(encode_for_query("Müller"), (b"M\xfcller".to_vec(), "ISO_IR 100"));
        assert_eq!(encode_for_query("王").1, "ISO_IR 192");
    }

    #[test]
    fn names_are_shown_as_people_write_them() {
        assert_eq!(person_name("Doe^Jane^Mary^Dr."), "Doe, Jane Mary");
        assert_eq!(person_name("=山田^太郎"), "山田, 太郎");
        assert_eq!(person_name("Doe"), "Doe");
        assert_eq!(person_name("^^^="), "");
    }
}
