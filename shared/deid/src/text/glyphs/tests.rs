use proptest::prelude::*;

use super::*;

fn read(raw: &[u8], sets: &str) -> String {
    CharacterSets::of(sets.as_bytes()).read(raw).string()
}

/// Values of PS3.5 Annexes H to K and of common archives.
#[test]
fn the_standards_examples_are_read() {
    let yamada = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
    assert_eq!(read(yamada, "\\ISO 2022 IR 87"), "Yamada^Tarou=山田^太郎=やまだ^たろう");
    let half = b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J";
    assert_eq!(read(half, "ISO 2022 IR 13\\ISO 2022 IR 87"), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎");
    let hong = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf";
    assert_eq!(read(hong, "\\ISO 2022 IR 149"), "Hong^Gildong=洪^吉洞=홍^길동");
    assert_eq!(read(b"\x1b$)C\xc8\xab^\xb1\xe6\xb5\xbf", "\\ISO 2022 IR 149"), "홍^길동", "not repeated after ^");
    assert_eq!(
        read(b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=", "\\ISO 2022 IR 58"),
        "Zhang^XiaoDong=张^小东="
    );
    assert_eq!(read("Wang^XiaoDong=王^小東".as_bytes(), "ISO_IR 192"), "Wang^XiaoDong=王^小東");
    assert_eq!(read(b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab", "GB18030"), "Wang^XiaoDong=王^小东");
    assert_eq!(read(b"\xcd\xf5^\xd0\xa1\xb6\xab", "GBK"), "王^小东");
    assert_eq!(read(b"Buc^J\xe9r\xf4me", "ISO_IR 100"), "Buc^Jérôme");
    assert_eq!(read(b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "ISO_IR 126"), "Διονυσιος");
    assert_eq!(read(b"\xbb\xee\xda\x63eM\xd1yp", "ISO_IR 144"), "ЛюкceMбyp");
    assert_eq!(read(b"\x1b-F\xc4\xe9 \x1b-L\xbb\xee", "\\ISO 2022 IR 126\\ISO 2022 IR 144").chars().count(), 5);
}

#[test]
fn wrong_labels_lose_nothing() {
    for (raw, sets, text) in [
        ("Müller".as_bytes(), "", "Müller"),
        (b"M\xfcller", "", "Müller"),
        (b"M\xfcller", "ISO_IR 192", "Müller"),
        (b"M\xfcller", "NONSENSE", "Müller"),
        ("王小东".as_bytes(), "GB18030", "王小东"),
        (b"\xcd\xf5 \xff \xd0\xa1", "GB18030", "王 \u{FFFD} 小"),
        (b"Doe\x1bX", "", "DoeX"),
    ] {
        assert_eq!(read(raw, sets), text, "{sets}");
    }
}

#[test]
fn only_whole_backslashes_divide_values() {
    let values = |raw: &[u8], sets: &str| {
        let text = CharacterSets::of(sets.as_bytes()).read(raw);
        text.values().into_iter().map(|range| text.slice(range)).collect::<Vec<_>>()
    };
    assert_eq!(values(b"\x81\\\\\x95\\", "GB18030"), ["乗", "昞"]);
    assert_eq!(values(b"\x83\\\\\xb1", "ISO_IR 13"), ["ソ", "ｱ"], "Shift-JIS under the wrong label");
    assert_eq!(values(b"a\\b", "ISO_IR 13"), ["a", "b"]);
    assert_eq!(values(b"", ""), [""]);
}

#[test]
fn escapes_and_what_ends_them_stay() {
    let raw = b"\x1b$)C\xc8\xab^M\xfcller";
    let text = CharacterSets::of(b"ISO 2022 IR 100\\ISO 2022 IR 149").read(raw);
    assert_eq!(text.string(), "홍^Müller");
    assert_eq!(text.without(raw, std::slice::from_ref(&(0..2))), b"\x1b$)C^M\xfcller");
    let kanji = b"x \x1b$B;3ED\x1b(B y";
    let text = CharacterSets::of(b"\\ISO 2022 IR 87").read(kanji);
    assert_eq!(text.without(kanji, std::slice::from_ref(&(2..4))), b"x \x1b$B\x1b(B y");
}

const SETS: &[&str] = &[
    "",
    "ISO_IR 100",
    "ISO_IR 101",
    "ISO_IR 109",
    "ISO_IR 110",
    "ISO_IR 144",
    "ISO_IR 126",
    "ISO_IR 127",
    "ISO_IR 138",
    "ISO_IR 148",
    "ISO_IR 166",
    "ISO_IR 203",
    "ISO_IR 13",
    "ISO_IR 192",
    "GB18030",
    "GBK",
    "\\ISO 2022 IR 87",
    "ISO 2022 IR 13\\ISO 2022 IR 87\\ISO 2022 IR 159",
    "\\ISO 2022 IR 149",
    "\\ISO 2022 IR 58",
];

proptest! {
    #[test]
    fn spans_tile_the_bytes_except_for_escapes(raw in prop::collection::vec(any::<u8>(), 0..80), set in 0..SETS.len()) {
        let text = CharacterSets::of(SETS[set].as_bytes()).read(&raw);
        let mut at = 0;
        for glyph in &text.glyphs {
            let (start, end) = (glyph.start as usize, glyph.end as usize);
            prop_assert!(start >= at && end > start && end <= raw.len());
            prop_assert!(start == at || raw[at] == 0x1B, "bytes without a glyph that are no escape sequence");
            at = end;
        }
        prop_assert!(at == raw.len() || raw[at] == 0x1B);
        prop_assert_eq!(text.without(&raw, &[]), raw);
    }

    #[test]
    fn without_everything_leaves_only_escapes(raw in prop::collection::vec(0x20_u8.., 0..80), set in 0..SETS.len()) {
        let text = CharacterSets::of(SETS[set].as_bytes()).read(&raw);
        prop_assert_eq!(text.without(&raw, std::slice::from_ref(&(0..text.glyphs.len()))), b"");
    }

    #[test]
    fn utf8_is_read_as_it_is(text in "\\PC{0,40}") {
        prop_assert_eq!(read(text.as_bytes(), "ISO_IR 192"), text);
    }
}
