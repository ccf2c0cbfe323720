use proptest::prelude::*;

use super::super::glyphs::CharacterSets;
use super::*;
use IdentifierKind::{Address, BirthDate, Id, Mail, OtherName, PatientName, Phone, Uid};

fn needles_of(values: &[(IdentifierKind, &str)]) -> Needles {
    let mut ids = Identifiers::default();
    for (kind, value) in values {
        ids.add(*kind, value);
    }
    Needles::of(&ids)
}

/// The text without what was found.
fn cleaned(kind: IdentifierKind, value: &str, text: &str) -> String {
    let needles = needles_of(&[(kind, value)]);
    let text = Text::plain(text);
    let cuts = needles.find(&text);
    let kept = |index: &usize| !cuts.iter().any(|cut| cut.contains(index));
    (0..text.glyphs.len()).filter(kept).map(|index| text.glyphs[index].c).collect()
}

#[track_caller]
fn goes(kind: IdentifierKind, value: &str, text: &str) {
    let left = cleaned(kind, value, text);
    assert!(left.chars().all(|c| !c.is_alphanumeric()), "{value:?} in {text:?} leaves {left:?}");
    if text.is_ascii() {
        assert!(needles_of(&[(kind, value)]).may_occur(text.as_bytes()), "{value:?} may be in {text:?}");
    }
}

#[track_caller]
fn stays(kind: IdentifierKind, value: &str, text: &str) {
    assert_eq!(cleaned(kind, value, text), text, "{value:?}");
}

#[test]
fn names_in_every_order_and_spelling() {
    for text in [
        "Doe",
        "DOE",
        "doe",
        "Doe Jane",
        "Jane Doe",
        "DOE, J.",
        "Doe^Jane",
        "J. Doe",
        "DOE_JANE",
        "DoeJane",
        "JaneDoe2",
        "doe.jane",
        "JANEDOE",
        "janedoe",
        "jdoe",
        "doej",
        "DOE1",
        "2019_DOE_2",
        "Doe-Jane",
        "(Doe)",
        "Doe\r\nJane",
        "JaneMaryDoe",
    ] {
        let left = cleaned(PatientName, "Doe^Jane^Mary", text).to_lowercase();
        assert!(!left.contains("doe") && !left.contains("jane"), "{text} leaves {left}");
    }
    for (value, text) in [
        ("Müller^Hans", "MUELLER"),
        ("Müller^Hans", "Muller"),
        ("Müller^Hans", "Mu\u{308}ller"),
        ("Mueller^Hans", "Müller Hans"),
        ("Groß^A", "GROSS"),
        ("Gross^A", "Groß"),
        ("Dvořák^Antonín", "dvorak antonin"),
        ("von der Leyen^Ursula", "von der Leyen"),
        ("von der Leyen^Ursula", "Leyen, Ursula"),
        ("O'Neil^Jo", "ONEIL"),
        ("O'Neil^Jo", "O'Neil"),
        ("Garcia Lopez^Maria", "Lopez Garcia"),
        ("Müller-Lüdenscheidt^X", "Luedenscheidt"),
        ("Müller-Lüdenscheidt^X", "Müller-Lüdenscheidt"),
        ("Li^Wei", "Li"),
        ("Wu^Na", "WU"),
        ("Doe^Jane^^Rosenbaum", "Rosenbaum"),
        ("Miller^Ann", "PATMILLER".trim_start_matches("PAT")),
        ("Miller^Ann", "AnnMiller"),
        ("Wang^XiaoDong=王^小东", "王小东"),
        ("Wang^XiaoDong=王^小东", "小东"),
        ("Wang^XiaoDong=王^小东", "王 小东"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "ヤマダ"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "홍길동"),
        ("Иванов^Пётр", "ПЕТР ИВАНОВ"),
        ("Παπαδόπουλος^Άρης", "ΠΑΠΑΔΟΠΟΥΛΟΣ"),
    ] {
        goes(PatientName, value, text);
    }
}

#[test]
fn names_inside_other_words_stay() {
    for (value, text) in [
        ("Head^John", "Headache"),
        ("Doe^Jane", "does it do estrogen"),
        ("Rad^Jane", "Radius gradient"),
        ("Li^Wei", "liver li LIMB"),
        ("Ra^Pa", "CT RA Thorax PA"),
        ("Anna^B", "Hannaver"),
        ("Dr. von^X", "von Dr. X"),
        ("王^小东", "国王的"),
        ("Max^X", "Maximum MAXIMA"),
        ("Stein^Eva", "Holsteiner evaluation"),
    ] {
        stays(PatientName, value, text);
    }
}

#[test]
fn numbers_with_and_without_separators() {
    for (value, text) in [
        ("PID123456", "PID123456"),
        ("PID123456", "pid-123456"),
        ("PID00123456", "123456"),
        ("12-345-678", "12345678"),
        ("12345678", "12 345 678"),
        ("12345678", "12.345.678"),
        ("A1", "a1"),
        ("A-123", "A123"),
        ("00123456^^^HOSP", "123456"),
    ] {
        goes(Id, value, text);
    }
    assert_eq!(cleaned(Id, "4711X", "scan_4711x_2"), "scan__2");
    for (value, text) in [("123", "123 kV"), ("A1", "A12 BA1"), ("ORBIS", "orbispectral")] {
        stays(Id, value, text);
    }
}

#[test]
fn birth_dates_in_every_notation() {
    for text in [
        "19610203",
        "1961-02-03",
        "1961/02/03",
        "1961.02.03",
        "03.02.1961",
        "3.2.1961",
        "03/02/1961",
        "02/03/1961",
        "2/3/1961",
        "03-02-1961",
        "03021961",
        "02031961",
        "610203",
        "61-02-03",
        "030261",
        "3.2.61",
        "3 Feb 1961",
        "Feb 3, 1961",
        "03-FEB-1961",
        "3. Februar 1961",
        "3 février 1961",
        "February 3, 1961",
        "03FEB61",
        "03. 02. 1961",
        "1961-FEB-03",
    ] {
        goes(BirthDate, "19610203", text);
    }
    for text in ["119610203", "1961020", "19610204", "13.2.1961", "3.2.19612", "321961", "3.12.1961"] {
        stays(BirthDate, "19610203", text);
    }
}

#[test]
fn addresses_phones_and_contacts() {
    let home = "Hauptstraße 12^^Musterstadt^^12345^DE";
    for text in ["Hauptstr. 12", "HAUPTSTRASSE 12", "Hauptstraße 12", "musterstadt", "12345"] {
        goes(Address, home, text);
    }
    goes(Address, "Am Ring 5, 10115 Berlin", "Berlin");
    for text in ["+49 30 1234567", "030 1234567", "(030) 123-4567", "0049301234567", "030/1234567"] {
        goes(Phone, "+49 (30) 1234567", text);
    }
    goes(Mail, "jane.doe@example.org", "Jane.Doe@example.org");
    goes(Uid, "1.2.276.0.7230010.3", "1.2.276.0.7230010.3");
    assert_eq!(cleaned(Uid, "1.2.276.0.7230010.3", "see 1.2.276.0.7230010.3.1!"), "see .1!");
    stays(Uid, "1.2.276.0.7230010.3", "1.2.276.0.7230010.31");
    goes(OtherName, "Dr. Hans von Bergen", "Bergen");
}

/// (0008,0005) and names it can hold.
const NAMES: &[(&str, &[u8])] = &[
    ("", b"Doe^Jane"),
    ("ISO_IR 100", b"M\xfcller^J\xe9r\xf4me"),
    ("ISO_IR 101", b"Wa\xb3\xeasa^Lech"),
    ("ISO_IR 110", b"\xc5bols^Andris"),
    ("ISO_IR 144", b"\xb8\xd2\xd0\xdd\xde\xd2^\xbf\xd5\xe2\xe0"),
    ("ISO_IR 126", b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2"),
    ("ISO_IR 127", b"\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1"),
    ("ISO_IR 138", b"\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4"),
    ("ISO_IR 148", b"\xd6zt\xfcrk^\xddbrahim"),
    ("ISO_IR 166", b"\xca\xc1\xaa\xd2\xc2^\xe3\xa8\xb4\xd5"),
    ("ISO_IR 13", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3"),
    ("ISO_IR 192", "王^小东".as_bytes()),
    ("GB18030", b"\xcd\xf5^\xd0\xa1\xb6\xab"),
    ("GBK", b"\xcd\xf5^\x81\\\xb6\xab"),
    ("\\ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"),
    ("\\ISO 2022 IR 149", b"\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"),
    ("\\ISO 2022 IR 58", b"\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab"),
];

proptest! {
    /// Whatever surrounds a name: it is found, and gone after its bytes were taken out.
    #[test]
    fn planted_names_go_in_every_character_set(which in 0..NAMES.len(), before in "[a-z 0-9,]{0,12}", after in "[a-z 0-9,]{0,12}") {
        let (set, name) = NAMES[which];
        let sets = CharacterSets::of(set.as_bytes());
        let mut ids = Identifiers::default();
        ids.add(PatientName, &sets.read(name).string());
        let needles = Needles::of(&ids);
        let raw = [before.as_bytes(), b" ", name, b" ", after.as_bytes()].concat();
        prop_assert!(needles.may_occur(&raw));
        let text = sets.read(&raw);
        let cuts = needles.find(&text);
        prop_assert!(!cuts.is_empty());
        let clean = text.without(&raw, &cuts);
        let left = sets.read(&clean);
        prop_assert!(needles.find(&left).is_empty(), "{}", left.string());
        let lost = left.string().contains('\u{FFFD}');
        prop_assert!(!lost);
    }

    /// The quick check never says no where there is something.
    #[test]
    fn the_quick_check_misses_nothing(text in "[A-Da-d1-3 ._^-]{0,40}") {
        let needles = needles_of(&[
            (PatientName, "Abca^Bab^Cd"), (Id, "A1"), (Id, "ab1221"), (BirthDate, "12121211"), (PatientName, "Bc^Ca"), (Id, "12-2"),
        ]);
        let found = !needles.find(&Text::plain(&text)).is_empty();
        prop_assert!(!found || needles.may_occur(text.as_bytes()));
    }

    #[test]
    fn texts_without_identifiers_are_left_alone(text in "[e-y ]{0,60}") {
        let needles = needles_of(&[(PatientName, "Adam^Barbara"), (Id, "4711X"), (BirthDate, "19610203")]);
        prop_assert!(needles.find(&Text::plain(&text)).is_empty());
    }

    #[test]
    fn any_text_is_searched(text in "\\PC{0,60}", name in "\\PC{0,20}") {
        let needles = needles_of(&[(PatientName, &name), (Address, &name), (Id, &name), (Phone, &name)]);
        for range in needles.find(&Text::plain(&text)) {
            prop_assert!(range.start < range.end && range.end <= text.chars().count());
        }
    }
}
