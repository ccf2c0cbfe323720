//! The compiled tables are what the files in `data/` say. With `ADIT_WRITE_TABLES=1` they are written instead of compared.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

/// Keys of the option columns in the data, and the variants of `Column`.
const COLUMNS: [(&str, &str); 10] = [
    ("rsp", "SafePrivate"),
    ("ruid", "Uids"),
    ("rdev", "DeviceIdentity"),
    ("rinst", "InstitutionIdentity"),
    ("rpat", "PatientCharacteristics"),
    ("rfull", "FullDates"),
    ("rmod", "ModifiedDates"),
    ("cdesc", "Descriptors"),
    ("cstruct", "StructuredContent"),
    ("cgraph", "Graphics"),
];

fn data(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn compare_or_write(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tables").join(name);
    if std::env::var_os("ADIT_WRITE_TABLES").is_some_and(|value| value == "1") {
        std::fs::write(path, text).unwrap();
        return;
    }
    let compiled = std::fs::read_to_string(path).unwrap_or_default();
    assert!(compiled == text, "src/tables/{name} is not what data/ says; run with ADIT_WRITE_TABLES=1");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// For a comment: names in the sources may hold line breaks.
fn one_line(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn rows(source: &Value) -> Vec<Vec<&str>> {
    source["rows"].as_array().unwrap().iter().map(|row| row.as_array().unwrap().iter().map(text).collect()).collect()
}

/// `X/Z/U*` as the name of a variant of `Code`.
fn code(action: &str) -> String {
    let code = action.replace(['/', '*'], "");
    assert!(["X", "Z", "D", "U", "XZ", "XD", "ZD", "XZD", "XZU"].contains(&code.as_str()), "action {action}");
    code
}

/// The cells as an expression; `cell` gives what a column of the data says.
fn cells<'a>(cell: impl Fn(&str) -> &'a str) -> String {
    let mut expression = String::from("NONE");
    for (key, column) in COLUMNS {
        match cell(key) {
            "" => {}
            "K" => write!(expression, ".keep({column})").unwrap(),
            "C" => write!(expression, ".clean({column})").unwrap(),
            other => panic!("cell {other} in {key}"),
        }
    }
    expression
}

#[test]
fn the_attributes_are_those_of_table_e_1_1() {
    let source = data("annex_e_table_e1-1.json");
    let edition: Vec<&str> = text(&source["edition"]).split(' ').take(2).collect();
    let mut out = format!(
        "//! PS3.15 Table E.1-1, made from `data/annex_e_table_e1-1.json` by `tests/tables.rs`: {}.\n\n\
         use super::Code::{{self, D, U, X, XD, XZ, XZD, XZU, Z, ZD}};\n\
         use super::Column::*;\n\
         use super::{{Cells, Row}};\n\n\
         /// The edition of the basic profile.\n\
         pub(crate) const EDITION: &str = \"{}\";\n\n\
         const NONE: Cells = Cells::NONE;\n\n\
         const fn r(tag: u32, basic: Code, cells: Cells) -> Row {{\n    Row {{ tag, basic, cells }}\n}}\n\n\
         /// Sorted by tag; 0x50000000 and 0x6000EEEE stand for their repeating groups.\n\
         pub(super) static ROWS: &[Row] = &[\n",
        text(&source["edition"]),
        edition.join(" ")
    );
    // BTreeMap of serde_json: the keys are hexadecimal digits and X, which stands for 0 in the first overlay.
    let sorted: BTreeMap<u32, &Value> = source["rows"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(key, _)| *key != "PRIVATE")
        .map(|(key, row)| (u32::from_str_radix(&key.replace('X', "0"), 16).unwrap(), row))
        .collect();
    assert_eq!(sorted.len() + 1, source["rows"].as_object().unwrap().len());
    for (tag, row) in sorted {
        let options = row["opt"].as_object().unwrap();
        assert!(options.keys().all(|key| COLUMNS.iter().any(|column| column.0 == key)), "{options:?}");
        let cells = cells(|key| options.get(key).map_or("", text));
        writeln!(
            out,
            "    r(0x{tag:08X}, {}, {cells}), // {}",
            code(text(&row["basic"])),
            one_line(text(&row["name"]))
        )
        .unwrap();
    }
    compare_or_write("e1_1.rs", &(out + "];\n"));
}

#[test]
fn the_safe_private_attributes_are_those_of_table_e_3_10_1() {
    let source = data("e3_10_1_safe_private.json");
    let mut blocks: BTreeMap<(&str, u16), BTreeMap<u8, &str>> = BTreeMap::new();
    let rows = rows(&source);
    for row in &rows {
        let [element, creator, vr, ..] = row[..] else { panic!("row {row:?}") };
        let (group, low) = (&element[1..5], &element[8..10]);
        assert_eq!(element[5..8].to_lowercase(), ",xx");
        let vr = if vr.is_empty() { "  " } else { &vr[..2] };
        let block = blocks.entry((creator, u16::from_str_radix(group, 16).unwrap())).or_default();
        assert!(block.insert(u8::from_str_radix(low, 16).unwrap(), vr).is_none(), "{row:?} is there twice");
    }
    let mut out = format!(
        "//! {}, made from `data/e3_10_1_safe_private.json` by `tests/tables.rs`: {}.\n\n\
         use super::SafeBlock;\n\n\
         /// Sorted by creator and group.\n\
         pub(super) static BLOCKS: &[SafeBlock] = &[\n",
        "PS3.15 Table E.3.10-1",
        text(&source["edition"])
    );
    for ((creator, group), elements) in blocks {
        let elements: Vec<String> = elements.iter().map(|(low, vr)| format!("(0x{low:02X}, *b\"{vr}\")")).collect();
        writeln!(out, "    ({creator:?}, 0x{group:04X}, &[").unwrap();
        for line in elements.chunks(7) {
            writeln!(out, "        {},", line.join(", ")).unwrap();
        }
        out.push_str("    ]),\n");
    }
    compare_or_write("safe_private.rs", &(out + "];\n"));
}

#[test]
fn the_content_items_are_those_of_table_e_3_4_1() {
    let source = data("e3_4_1_sr_content.json");
    let columns: Vec<&str> = source["columns"].as_array().unwrap().iter().map(text).collect();
    let mut sorted = BTreeMap::new();
    for row in rows(&source) {
        // "NCDR [2.0b]" is a designator and a version.
        let scheme = row[2].split(" [").next().unwrap();
        let key = (scheme.to_owned(), row[1].to_owned(), row[3].to_owned());
        let cells = cells(|key| columns.iter().position(|column| *column == key).map_or("", |at| row[at]));
        let entry = format!("{}, {cells}), // {}", code(row[6]), one_line(row[0]));
        assert!(sorted.insert(key, entry).is_none(), "{row:?} is there twice");
    }
    let mut out = format!(
        "//! {}, made from `data/e3_4_1_sr_content.json` by `tests/tables.rs`: {}.\n\n\
         use super::Code::{{self, D, X, XD}};\n\
         use super::Column::*;\n\
         use super::{{Cells, Concept}};\n\n\
         const NONE: Cells = Cells::NONE;\n\n\
         const fn c(scheme: &'static str, code: &'static str, value_type: &'static str, basic: Code, cells: Cells) -> Concept {{\n    \
         Concept {{ key: (scheme, code, value_type), basic, cells }}\n}}\n\n\
         /// Sorted by coding scheme designator, code value and value type.\n\
         pub(super) static CONCEPTS: &[Concept] = &[\n",
        "PS3.15 Table E.3.4-1",
        text(&source["edition"])
    );
    for ((scheme, code, value_type), entry) in sorted {
        writeln!(out, "    c({scheme:?}, {code:?}, {value_type:?}, {entry}").unwrap();
    }
    out.push_str("];\n\n/// SNOMED-RT codes and their SNOMED CT successors, sorted.\npub(super) static RETIRED: &[(&str, &str)] = &[\n");
    let retired: BTreeMap<&String, &Value> = source["retired_snomed"].as_object().unwrap().iter().collect();
    for (old, new) in retired {
        writeln!(out, "    ({old:?}, {new}),").unwrap();
    }
    compare_or_write("sr_content.rs", &(out + "];\n"));
}

/// The places of a module with their types: (parent, tag) and 0 to 4 for 1, 1C, 2, 2C, 3.
fn places(module: &Value) -> BTreeMap<(u32, u32), u16> {
    let hex = |digits: &str| u32::from_str_radix(digits, 16).unwrap();
    let mut all = BTreeMap::new();
    for (parent, kinds) in module.as_object().unwrap() {
        for (kind, tags) in kinds.as_object().unwrap() {
            let kind = ["1", "1C", "2", "2C", "3"].iter().position(|name| name == kind).unwrap();
            let kind = u16::try_from(kind).unwrap();
            all.extend(text(tags).split(' ').map(|tag| ((hex(parent), hex(tag)), kind)));
        }
    }
    all
}

/// Numbers in lines of bounded width, in `&[..]`, as one element of an outer slice.
fn numbers(out: &mut String, comment: &str, numbers: &[u16]) {
    writeln!(out, "    &[ // {comment}").unwrap();
    for line in numbers.chunks(20) {
        let line: Vec<String> = line.iter().map(u16::to_string).collect();
        writeln!(out, "        {},", line.join(", ")).unwrap();
    }
    out.push_str("    ],\n");
}

#[test]
fn the_types_are_those_of_the_modules() {
    let source = data("iod_types.json");
    let modules: BTreeMap<&str, BTreeMap<(u32, u32), u16>> =
        source["modules"].as_object().unwrap().iter().map(|(name, module)| (name.as_str(), places(module))).collect();
    let numbered: Vec<(u32, u32)> =
        modules.values().flat_map(BTreeMap::keys).copied().collect::<BTreeSet<_>>().into_iter().collect();
    assert!(numbered.len() < 1 << 13, "a place and its type fit 16 bits");
    let mut out = format!(
        "//! Attribute types, made from `data/iod_types.json` by `tests/tables.rs`: {}.\n//! {}.\n\n\
         /// (parent, tag), sorted.\n\
         pub(super) static PLACES: &[(u32, u32)] = &[\n",
        text(&source["origin"]),
        text(&source["edition"])
    );
    for line in numbered.chunks(4) {
        let line: Vec<String> = line.iter().map(|(parent, tag)| format!("(0x{parent:08X}, 0x{tag:08X})")).collect();
        writeln!(out, "    {},", line.join(", ")).unwrap();
    }
    out.push_str("];\n\n/// Number of the place times eight plus type (1, 1C, 2, 2C, 3), sorted; modules of the same content once.\n");
    out.push_str("pub(super) static MODULES: &[&[u16]] = &[\n");
    // Entries to the number of the module.
    let mut written: BTreeMap<Vec<u16>, u16> = BTreeMap::new();
    let mut number_of: BTreeMap<&str, Option<u16>> = BTreeMap::new();
    for (name, places) in &modules {
        let place = |key| u16::try_from(numbered.binary_search(key).unwrap()).unwrap();
        let entries: Vec<u16> = places.iter().map(|(key, kind)| place(key) * 8 + kind).collect();
        let next = u16::try_from(written.len()).unwrap();
        let number = (!entries.is_empty()).then(|| {
            *written.entry(entries).or_insert_with_key(|entries| {
                numbers(&mut out, &format!("{next} {name}"), entries);
                next
            })
        });
        number_of.insert(*name, number);
    }
    out.push_str("];\n\n/// Number of the module times two, plus one if it is mandatory.\npub(super) static IODS: &[&[u16]] = &[\n");
    let iods: BTreeMap<&String, &Value> = source["iods"].as_object().unwrap().iter().collect();
    for (number, (name, members)) in iods.iter().enumerate() {
        let members = text(members).split(' ').map(|member| member.split_once(':').unwrap());
        let members = members.filter_map(|(module, usage)| Some(number_of[module]? * 2 + u16::from(usage == "M")));
        numbers(&mut out, &format!("{number} {name}"), &members.collect::<Vec<_>>());
    }
    out.push_str(
        "];\n\n/// SOP class and the number of its IOD, sorted.\npub(super) static CLASSES: &[(&str, u16)] = &[\n",
    );
    let classes: BTreeMap<&String, &Value> = source["classes"].as_object().unwrap().iter().collect();
    for (uid, iod) in classes {
        let number = iods.keys().position(|name| *name == text(iod)).unwrap();
        writeln!(out, "    ({uid:?}, {number}), // {}", text(iod)).unwrap();
    }
    compare_or_write("iod_types.rs", &(out + "];\n"));
}
