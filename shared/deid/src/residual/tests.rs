use proptest::prelude::*;

use super::*;
use IdentifierKind::{Address, BirthDate, Id, Institution, Mail, OtherName, PatientName, Phone, Uid};

fn scan_for(values: &[(IdentifierKind, &str)], sets: &str) -> ResidualScan {
    let mut ids = Identifiers::default();
    for (kind, value) in values {
        ids.add(*kind, value);
    }
    ResidualScan::new(&ids, &CharacterSets::of(sets.as_bytes()))
}

fn in_piece(kind: IdentifierKind, value: &str, sets: &str, bytes: &[u8]) -> bool {
    let mut scan = scan_for(&[(kind, value)], sets);
    scan.piece(bytes, &[]);
    scan.hit() == Some(kind)
}

fn in_pixels(kind: IdentifierKind, value: &str, bytes: &[u8]) -> bool {
    let mut scan = scan_for(&[(kind, value)], "");
    scan.pixels(bytes);
    scan.hit() == Some(kind)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn identifiers_are_found_in_pieces() {
    for (kind, value, text) in [
        (PatientName, "Doe^Jane", "PN\u{8}\0DOE^JANE"),
        (PatientName, "Doe^Jane", "to jane."),
        (PatientName, "Doe^Jane", "doe_2"),
        (PatientName, "Miller^Ann", "x 2MILLER2 x"),
        (PatientName, "Müller^Hans", "MUELLER"),
        (PatientName, "Müller^Hans", "muller"),
        (PatientName, "Müller^Hans", "MÜLLER"),
        (OtherName, "Schmidt^Anna", "Dr. Schmidt"),
        (Id, "PID-4711", "xpid4711x"),
        (Id, "4711", " 4711 "),
        (Id, "123456", "MRN00123456."),
        (Id, "12-345-678", "12345678"),
        (Id, "ORBIS", " orbis "),
        (Phone, "+49 30 1234567", "49301234567"),
        (Mail, "jane.doe@example.org", "JANE.DOE@example.org"),
        (Address, "Hauptstr. 12^^Musterstadt", "hauptstr. 12"),
        (Address, "Hauptstr. 12^^Musterstadt", "Musterstadt"),
        (Institution, "Klinik Nord", "Klinik Nord"),
        (BirthDate, "19610203", "DA\u{8}\u{0}19610203"),
        (BirthDate, "19610203", "born 3.2.1961"),
        (BirthDate, "19610203", "02/03/1961"),
        (Uid, "1.2.276.0.1.2", "1.2.276.0.1.2\0"),
        (Uid, "1.2.276.0.1.2", "x1.2.276.0.1.2.5"),
        (Uid, "1.2.276.0.1.2", "61.2.276.0.1.2"),
        (Uid, "1.2.276.0.1.2", "1.2.276.0.1.28\0"),
    ] {
        assert!(in_piece(kind, value, "", text.as_bytes()), "{value} in {text}");
        if text.is_ascii() && !text.contains('\0') && !matches!(value, "ORBIS" | "Doe^Jane") {
            assert!(in_piece(kind, value, "", &utf16(text)), "{value} in UTF-16 {text}");
            assert!(
                in_piece(kind, value, "", &[b"\0", &utf16(text)[..]].concat()),
                "{value} in big-endian UTF-16 {text}"
            );
        }
    }
}

#[test]
fn other_words_and_numbers_are_no_hits() {
    for (kind, value, text) in [
        (PatientName, "Doe^Jane", "does janet DOES"),
        (PatientName, "Doe^Jane", "\u{1}dOe\u{1} Doe\u{1}"),
        (PatientName, "Li^Wei", "Li LI li"),
        (PatientName, "Head^John", "HEAD"),
        (PatientName, "Siemens^Eva", "SIEMENS"),
        (PatientName, "Miller^Ann", "millers Hamiller"),
        (PatientName, "ANONYMOUS", "anonymous"),
        (Id, "4711", "0.4711 47112 1.4711.2 A4711"),
        (Id, "123456", "0.123456 1.2.123456.3 1234567"),
        (Id, "ORBIS", "orbispectral"),
        (Id, "A12", "A12"),
        (BirthDate, "19610203", "119610203 196102031"),
        (Uid, "1.2.276.0.1.2", "1.2.276.0.1.25.3 1.2.276.0.1"),
    ] {
        assert!(!in_piece(kind, value, "", text.as_bytes()), "{value} in {text}");
    }
}

#[test]
fn names_are_found_in_the_sets_of_the_file() {
    for (sets, name, raw) in [
        ("ISO_IR 100", "Jérôme", &b"J\xe9r\xf4me"[..]),
        ("ISO_IR 100", "Jérôme", b"J\xc9R\xd4ME"),
        ("ISO_IR 144", "Люксембург", b"\xbb\xee\xda\xe1\xd5\xdc\xd1\xe3\xe0\xd3"),
        ("GB18030", "王^小东", b"\xd0\xa1\xb6\xab"),
        ("\\ISO 2022 IR 87", "山田^太郎", b"\x1b$B;3ED\x1b(B"),
        ("\\ISO 2022 IR 149", "홍^길동", b"\x1b$)C\xb1\xe6\xb5\xbf"),
        ("ISO_IR 13", "ﾔﾏﾀﾞ", b"\xd4\xcf\xc0\xde"),
        ("", "王^小东", "小东".as_bytes()),
        ("", "王^伟", "王伟".as_bytes()),
    ] {
        assert!(in_piece(PatientName, name, sets, raw), "{name} {sets}");
    }
    assert!(in_piece(PatientName, "王^小东", "", &utf16("小东")));
    assert!(!in_piece(PatientName, "山田^太郎", "\\ISO 2022 IR 87", b";3ED"), "no escape sequence, no kanji");
}

#[test]
fn what_we_made_does_not_count() {
    let mut scan = scan_for(&[(Id, "AB1234"), (Uid, "1.2.276.0.1.2")], "");
    let bytes = b"..AB1234..1.2.276.0.1.2 ";
    scan.piece(bytes, &[2..8, 10..23]);
    assert_eq!(scan.hit(), None);
    scan.piece(bytes, &[3..8, 10..23]);
    assert_eq!(scan.hit(), Some(Id));
}

#[test]
fn strong_identifiers_are_found_in_pixels() {
    for (kind, value, text) in [
        (PatientName, "Miller^Ann", "\u{1}MILLER\u{1}"),
        (PatientName, "Miller^Ann", "Miller"),
        (PatientName, "Doe^Jane", "..Doe^Jane.."),
        (PatientName, "Doe^Jane", "..DOE, JANE.."),
        (PatientName, "Doe^Jane", "Jane Doe"),
        (Id, "PID-4711", "xPID-4711x"),
        (Id, "12345678", "\u{0}12345678"),
        (Mail, "jane@example.org", "<jane@example.org>"),
    ] {
        assert!(in_pixels(kind, value, text.as_bytes()), "{value} in {text}");
    }
    assert!(in_pixels(PatientName, "Miller^Ann", &utf16("..MILLER..")));
    for (value, text) in [("Doe^Jane", " DOE "), ("Miller^Ann", "MILLERS"), ("Miller^Ann", "xMILLER")] {
        assert!(!in_pixels(PatientName, value, text.as_bytes()), "{value} in {text}");
    }
    assert!(!in_pixels(Id, "1234567", b" 1234567 "), "digits need eight");
}

proptest! {
    #[test]
    fn a_hit_is_found_across_any_cuts(
        before in prop::collection::vec(any::<u8>(), 0..60),
        after in prop::collection::vec(any::<u8>(), 0..60),
        cuts in prop::collection::vec(1_usize..30, 0..12),
        which in 0_usize..4,
    ) {
        let (kind, value, text) = [
            (PatientName, "Miller^Ann", &b"\0MILLER\0"[..]),
            (Id, "PID-4711", b"PID-4711"),
            (PatientName, "Doe^Jane", b"\0Doe^Jane\0"),
            (PatientName, "Miller^Ann", b"\0\0M\0I\0L\0L\0E\0R\0\0\0"),
        ][which];
        let stream = [&before[..], text, &after].concat();
        let mut scan = scan_for(&[(kind, value), (OtherName, "Lüdenscheidt^Hans")], "");
        let mut rest = &stream[..];
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            scan.pixels(now);
            rest = later;
        }
        scan.pixels(rest);
        prop_assert_eq!(scan.hit(), Some(kind));
    }

    /// Cuts change nothing, whatever the bytes are.
    #[test]
    fn cuts_change_no_answer(stream in "[MILERmiler\\x00 ]{0,80}", cut in 0_usize..80) {
        let whole = in_pixels(PatientName, "Miller^Ann", stream.as_bytes());
        let mut scan = scan_for(&[(PatientName, "Miller^Ann")], "");
        let (a, b) = stream.as_bytes().split_at(cut.min(stream.len()));
        scan.pixels(a);
        scan.pixels(b);
        prop_assert_eq!(scan.hit().is_some(), whole);
        let words: Vec<&str> = stream.split(|c: char| !c.is_ascii_alphabetic()).collect();
        prop_assert_eq!(whole, words.iter().any(|word| matches!(*word, "MILLER" | "Miller")));
    }

    #[test]
    fn other_bytes_have_no_hits(bytes in prop::collection::vec(0x80_u8.., 0..300), text in "[g-y .0-9]{0,100}") {
        let mut scan = scan_for(&[(PatientName, "Adam^Barbara"), (Id, "PAD-4711"), (Uid, "1.2.276.0.1.2.3.4.5.6.7")], "");
        scan.piece(&bytes, &[]);
        scan.piece(text.as_bytes(), &[]);
        scan.pixels(&bytes);
        scan.pixels(text.as_bytes());
        prop_assert_eq!(scan.hit(), None);
    }

    /// Whatever the search in texts takes out is enough for this one.
    #[test]
    fn cleaned_text_has_no_hits(words in prop::collection::vec("(Doe|JANE|jane|Miller|miller|2|_|\\^|, | |x|S|-|4711|PID|03\\.02\\.1961|19610203|\\.)", 0..12)) {
        let mut ids = Identifiers::default();
        for (kind, value) in [(PatientName, "Doe^Jane"), (OtherName, "Miller^Tom"), (Id, "PID-4711"), (BirthDate, "19610203")] {
            ids.add(kind, value);
        }
        let sets = CharacterSets::of(b"");
        let needles = crate::text::needles::Needles::of(&ids);
        let mut raw = words.concat().into_bytes();
        for _ in 0..4 {
            let text = sets.read(&raw);
            raw = text.without(&raw, &needles.find(&text));
        }
        let mut scan = ResidualScan::new(&ids, &sets);
        scan.piece(&raw, &[]);
        prop_assert_eq!(scan.hit(), None, "{}", String::from_utf8_lossy(&raw));
    }
}
