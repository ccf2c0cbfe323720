//! Properties that hold for every data set: identifiers planted anywhere are gone, what no rule names stays byte for byte, mapping is
//! consistent, and a second run changes nothing that the first has settled.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::Arc;

use adit_deid::{Deidentifier, Instructions, Limits, PixelRules, Profile, ProjectKey, Report, RewriteError, Rewriter};
use common::{BIG_ENDIAN, EXPLICIT, IMPLICIT, Maker, contains};
use proptest::prelude::*;

/// What names the patient; `{}` in a text stands for one of them.
#[derive(Debug, Clone)]
struct Person {
    family: String,
    given: String,
    id: String,
    birth: (u32, u32, u32),
    accession: String,
}

impl Person {
    fn name(&self) -> String {
        format!("{}^{}", self.family, self.given)
    }

    fn birth_date(&self) -> String {
        let (year, month, day) = self.birth;
        format!("{year:04}{month:02}{day:02}")
    }

    /// Ways in which people write what names a patient.
    fn written(&self, way: usize) -> String {
        let (year, month, day) = self.birth;
        let upper = self.family.to_uppercase();
        match way % 12 {
            0 => format!("{}, {}", self.family, self.given),
            1 => format!("{upper} {}", self.given.to_uppercase()),
            2 => format!("{} {}", self.given, self.family),
            3 => format!("{}. {}", &self.given[..1], self.family),
            4 => self.id.clone(),
            5 => self.id.chars().map(|c| format!("{c}-")).collect::<String>().trim_end_matches('-').to_owned(),
            6 => self.accession.clone(),
            7 => self.birth_date(),
            8 => format!("{day:02}.{month:02}.{year}"),
            9 => format!("{year}-{month:02}-{day:02}"),
            10 => format!("{}_{}", self.family.to_lowercase(), self.id),
            _ => format!("{upper}^{}", self.given.to_uppercase()),
        }
    }

    /// What must not be found afterwards, ignoring case.
    fn secrets(&self) -> Vec<String> {
        let (year, month, day) = self.birth;
        vec![
            self.family.to_lowercase(),
            self.given.to_lowercase(),
            self.id.to_lowercase(),
            self.accession.to_lowercase(),
            self.birth_date(),
            format!("{day:02}.{month:02}.{year}"),
            format!("{year}-{month:02}-{day:02}"),
        ]
    }
}

fn person() -> impl Strategy<Value = Person> {
    let names = ("[A-Z][a-z]{2}q[a-z]{3,6}", "[A-Z][a-z]{2}w[a-z]{2,5}");
    (names, "[A-Z]{2}[0-9]{6}", "A[0-9]{7}", (1930_u32..2010, 1_u32..13, 1_u32..29))
        .prop_map(|((family, given), id, accession, birth)| Person { family, given, id, birth, accession })
}

/// Where something is planted: attributes that some profile lets stay, text and binary, public and private.
const PLACES: [(u32, &str); 16] = [
    (0x0008_0008, "CS"),
    (0x0008_0070, "LO"),
    (0x0008_1030, "LO"),
    (0x0008_103E, "LO"),
    (0x0008_1090, "LO"),
    (0x0008_2111, "ST"),
    (0x0010_4000, "LT"),
    (0x0018_0024, "SH"),
    (0x0018_1000, "LO"),
    (0x0018_1030, "LO"),
    (0x0018_1251, "SH"),
    (0x0020_4000, "LT"),
    (0x0028_3006, "OW"),
    (0x0040_0254, "LO"),
    (0x0040_2016, "LO"),
    (0x0040_A160, "UT"),
];

/// Numbers that no rule names.
const NUMBERS: [(u32, &str); 5] =
    [(0x0018_0050, "DS"), (0x0018_0060, "DS"), (0x0020_0032, "DS"), (0x0028_0030, "DS"), (0x0028_1052, "DS")];

#[derive(Debug, Clone)]
struct Planted {
    person: Person,
    places: Vec<(usize, usize, String, String, usize)>,
    numbers: Vec<(usize, String)>,
}

fn planted() -> impl Strategy<Value = Planted> {
    let place = (0..PLACES.len(), 0..12_usize, "[A-Z]?[a-z]{0,6}", "[a-z]{0,6}[0-9]{0,2}", 0..3_usize);
    let number = (0..NUMBERS.len(), "-?[0-9]{1,3}\\.[0-9]{1,3}");
    (person(), proptest::collection::vec(place, 1..12), proptest::collection::vec(number, 0..5))
        .prop_map(|(person, places, numbers)| Planted { person, places, numbers })
}

impl Planted {
    fn data_set(&self, m: Maker, instance: &str) -> Vec<u8> {
        let person = &self.person;
        let mut elements: Vec<(u32, Vec<u8>)> = vec![
            (0x0008_0005, m.element(0x0008_0005, "CS", b"ISO_IR 100")),
            (0x0008_0016, m.element(0x0008_0016, "UI", b"1.2.840.10008.5.1.4.1.1.2")),
            (0x0008_0018, m.element(0x0008_0018, "UI", instance.as_bytes())),
            (0x0008_0020, m.element(0x0008_0020, "DA", b"20240301")),
            (0x0008_0050, m.element(0x0008_0050, "SH", person.accession.as_bytes())),
            (0x0010_0010, m.element(0x0010_0010, "PN", person.name().as_bytes())),
            (0x0010_0020, m.element(0x0010_0020, "LO", person.id.as_bytes())),
            (0x0010_0030, m.element(0x0010_0030, "DA", person.birth_date().as_bytes())),
            (0x0020_000D, m.element(0x0020_000D, "UI", b"1.2.276.0.99.1.1")),
        ];
        for (place, way, before, behind, depth) in &self.places {
            let (tag, vr) = PLACES[*place];
            let text = format!("{before} {} {behind}", person.written(*way));
            let text = if vr == "CS" { text.to_uppercase() } else { text };
            // As deep as three sequences: request attributes, and what is asked for there.
            let mut element = (tag, m.element(tag, vr, text.trim().as_bytes()));
            for outer in [0x0040_0275, 0x0008_1140, 0x0040_0260].into_iter().take(*depth) {
                element = (outer, m.sequence(outer, &[element.1]));
            }
            elements.push(element);
        }
        for (number, value) in &self.numbers {
            let (tag, vr) = NUMBERS[*number];
            elements.push((tag, m.element(tag, vr, value.as_bytes())));
        }
        elements.sort_by_key(|(tag, _)| *tag);
        elements.dedup_by_key(|(tag, _)| *tag);
        elements.into_iter().flat_map(|(_, bytes)| bytes).collect()
    }
}

fn instructions(profile: usize, key: u8) -> Arc<Instructions> {
    let profile = Profile::named(Profile::NAMES[profile % 3]).unwrap();
    let deidentifier = Deidentifier::new(profile, &ProjectKey::from_bytes([key; 32]), PixelRules::default());
    Arc::new(Instructions { deidentifier: Some(Arc::new(deidentifier)), ..Instructions::default() })
}

fn run(syntax: &str, input: &[u8], instructions: &Arc<Instructions>) -> Result<(Vec<u8>, Report), RewriteError> {
    let mut rewriter = Rewriter::new(syntax, Arc::clone(instructions), Limits::default());
    let mut out = Vec::new();
    rewriter.push(input, &mut out)?;
    let report = rewriter.finish(&mut out)?;
    Ok((out, report))
}

fn count(haystack: &[u8], needle: &[u8]) -> usize {
    haystack.windows(needle.len()).filter(|window| *window == needle).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn planted_identifiers_are_gone_and_numbers_stay(planted in planted(), profile in 0..3_usize, syntax in 0..3_usize, defined: bool) {
        let syntax = [IMPLICIT, EXPLICIT, BIG_ENDIAN][syntax];
        let maker = Maker::of(syntax, defined);
        let input = planted.data_set(maker, "1.2.276.0.99.1.2.1");
        let (out, report) = run(syntax, &input, &instructions(profile, 7)).unwrap();
        let lower = out.to_ascii_lowercase();
        for secret in planted.person.secrets() {
            prop_assert!(!contains(&lower, secret.as_bytes()), "{secret} is left");
        }
        prop_assert!(!contains(&out, b"1.2.276.0.99.1"), "an original UID is left");
        for (number, value) in &planted.numbers {
            let (tag, vr) = NUMBERS[*number];
            let element = maker.element(tag, vr, value.as_bytes());
            prop_assert_eq!(contains(&input, &element), contains(&out, &element), "{} has changed", value);
        }
        prop_assert!(report.changes.iter().all(|change| change.old.is_none() && change.new.is_none()), "no values");
    }

    #[test]
    fn a_second_run_finds_its_marks_and_writes_them_once(planted in planted(), profile in 0..3_usize) {
        let input = planted.data_set(Maker::of(EXPLICIT, true), "1.2.276.0.99.1.2.1");
        let rules = instructions(profile, 7);
        let (first, _) = run(EXPLICIT, &input, &rules).unwrap();
        let (second, _) = run(EXPLICIT, &first, &rules).unwrap();
        for mark in [&b"113100"[..], b"Basic Application Confidentiality Profile", b"PS3.15 2026c"] {
            prop_assert_eq!((count(&first, mark), count(&second, mark)), (1, 1));
        }
    }

    #[test]
    fn the_same_patient_matches_up_within_a_project_and_with_no_other(one in planted(), other in planted(), profile in 0..3_usize) {
        let other = Planted { person: one.person.clone(), ..other };
        let maker = Maker::of(EXPLICIT, false);
        let (mine, theirs) = (instructions(profile, 7), instructions(profile, 8));
        let of = |planted: &Planted, instance, rules| run(EXPLICIT, &planted.data_set(maker, instance), rules).unwrap().1;
        let (first, second) = (of(&one, "1.2.276.0.99.1.2.1", &mine), of(&other, "1.2.276.0.99.1.2.2", &mine));
        prop_assert_eq!((&first.pseudonym, &first.patient), (&second.pseudonym, &second.patient));
        prop_assert_ne!(&first.sop_instance_uid, &second.sop_instance_uid);
        let elsewhere = of(&one, "1.2.276.0.99.1.2.1", &theirs);
        prop_assert_ne!(&first.pseudonym, &elsewhere.pseudonym);
        prop_assert_ne!(&first.sop_instance_uid, &elsewhere.sop_instance_uid);
    }
}

#[test]
fn an_instance_without_a_patient_is_held_back_with_a_reason() {
    let maker = Maker::of(EXPLICIT, true);
    let input = [maker.element(0x0008_0018, "UI", b"1.2.3.4"), maker.element(0x0010_0020, "LO", b"")].concat();
    let error = run(EXPLICIT, &input, &instructions(0, 7)).unwrap_err();
    assert!(matches!(error, RewriteError::HeldBack(reason) if reason.contains("Patient ID")));
}
