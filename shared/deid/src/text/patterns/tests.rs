use proptest::prelude::*;

use super::*;

/// The text with what was found as `_`.
fn cleaned(text: &str) -> String {
    let text = Text::plain(text);
    let mut out = String::new();
    let mut at = 0;
    for cut in find(&text) {
        out += &text.slice(at..cut.start);
        out.push('_');
        at = cut.end;
    }
    out + &text.slice(at..text.glyphs.len())
}

#[test]
fn medical_words_and_numbers_stay() {
    let wrong: Vec<_> = KEEP.iter().map(|text| (*text, cleaned(text))).filter(|(text, left)| text != left).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_names_somebody_goes() {
    let wrong: Vec<_> = REMOVE
        .iter()
        .map(|(text, left)| (*text, *left, cleaned(text)))
        .filter(|(_, want, left)| want != left)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const KEEP: &[&str] = &[
    "CT Thorax 1.5 mm B30f",
    "T1 3D SAG 0.9mm",
    "L4/5",
    "L5/S1",
    "TE 2.4/TR 500",
    "TR/TE 500/2.4",
    "3.0 T",
    "120 kV",
    "C5-C6",
    "B1000",
    "10:30",
    "10:30:15",
    "2.5.1",
    "1.5.12",
    "1/2",
    "5.0 x 5.0",
    "SIEMENS",
    "Sequence 2020a",
    "syngo MR E11",
    "syngo.via VB60A_HF04",
    "0.1234567",
    "12.3456789 mm",
    "1234567 ms",
    "TI 2500 TR 9000",
    "b 0, 500, 1000",
    "b=50/400/800",
    "ADC 10^-6 mm^2/s",
    "10^3 ml",
    "R^2 0.98",
    "FOV 256x256",
    "256*256",
    "Series 12 of 24",
    "Image 1/128",
    "5 - 10 mm",
    "5-10-15 mm",
    "Slice thickness 0.625 mm",
    "Head First-Supine",
    "Patient Position: HFS",
    "patient in supine position",
    "Hand links a.p.",
    "DR Thorax pa",
    "DR CHEST PA",
    "MR Schädel nativ",
    "MS Verlauf",
    "MRS Spectroscopy",
    "MR-Mammographie",
    "M. biceps femoris",
    "Fr. colli femoris",
    "Typ Weber B, Danis",
    "MAY 2",
    "mar 10 mm",
    "Ultravist 370, 100 ml",
    "GFR 60 ml/min/1.73",
    "HU 40-60",
    "TNM T2 N1 M0",
    "BI-RADS 4",
    "PI-RADS v2.1",
    "Gleason 3+4=7",
    "kVp 80-120-140",
    "Dose 12.5 mGy*cm",
    "DLP 450.25",
    "Pitch 0.9:1",
    "W 400 L 40",
    "Filter Hr40 3",
    "3D MPRAGE 1mm iso",
    "ep2d_diff_4scan_trace_p2",
    "t2_tse_tra_320_p2",
    "Thorax^Routine_1",
    "Head^HeadSeq (Adult)",
    "Abdomen^AbdRoutine",
    "AXIAL T2 FLAIR, 5mm",
    "Kontrolle in 6 Monaten",
    "follow up in 2020",
    "Segment 4a/b",
    "Case study",
    "ID 3",
    "Acc 2",
    "Name: Thorax",
    "scanned by protocol",
    "for contrast, see report",
    "1.2.840.10008.5.1.4.1.1.2",
    "1.3.12.2.1107.5.9.1",
    "(5 mm)",
    "+/- 5",
    "+5 HU",
    "-1000 HU",
    "0 1 2 3 4 5 6",
    "100 200 300",
    "3.5% 12/24",
    "v1.2.3 build 4567",
    "Software 4.7.1.1",
    "120000",
    "103000",
    "ECG 70 bpm",
    "Phase 30-80%, 75 %",
    "A/P L/R H/F",
    "TE/TR 12/345/6",
    "Kernel I31f\\3",
    "x@y",
    "http://www.siemens.com/mr",
    "Dr. ",
    "Referring: none",
];

const REMOVE: &[(&str, &str)] = &[
    ("19610203", "_"),
    ("1961-02-03", "_"),
    ("born 3.2.1961.", "born _."),
    ("03.02.1961", "_"),
    ("03. 02. 1961", "_"),
    ("vom 03.02.61 links", "vom _ links"),
    ("3.2.61", "_"),
    ("02/03/1961", "_"),
    ("2/3/61", "_"),
    ("1/5/12", "_"),
    ("03-02-1961", "_"),
    ("1961/2/3", "_"),
    ("1961.02.03", "_"),
    ("030261", "_"),
    ("610203", "_"),
    ("scan_2019_02_03_x", "scan___x"),
    ("3 Feb 1961", "_"),
    ("Feb 3, 1961", "_"),
    ("February 3rd, 1961", "_"),
    ("3rd of February 1961", "_"),
    ("03-FEB-1961", "_"),
    ("03FEB1961", "_"),
    ("3. Februar 1961", "_"),
    ("3. März 1961", "_"),
    ("12. Dezember", "_"),
    ("le 3 février 1961", "le _"),
    ("March 2020", "_"),
    ("Okt. 2019", "_"),
    ("02/1961", "_"),
    ("02.2020", "_"),
    ("2020-02", "_"),
    ("2020-01-02T10:20:30Z", "_"),
    ("2020-01-02 10:20", "_"),
    ("2020-01-02, 10:20:30.123 Uhr", "_"),
    ("20200102_102030", "_"),
    ("02.01.2020 8:15 Uhr, nüchtern", "_, nüchtern"),
    ("Tel. 123456", "_"),
    ("Telefon: 030/1234567", "_"),
    ("Fax 12 34 56", "_"),
    ("phone no. 555-1234", "_"),
    ("+49 30 1234567", "_"),
    ("+49 (0)30 1234-567", "_"),
    ("(030) 1234567", "_"),
    ("(555) 123-4567", "_"),
    ("call 555-123-4567 now", "call _ now"),
    ("1-800-555-1234", "_"),
    ("555-1234", "_"),
    ("030 123 45 67", "_"),
    ("0171/1234567", "_"),
    ("01 02 03 04 05", "_"),
    ("jane.doe@example.org", "_"),
    ("mail to j_doe+x@mail.example.org.", "mail to _."),
    ("http://user:secret@host/path", "_"),
    ("see https://pacs.example/view?id=5 there", "see _ there"),
    ("Dr. Meier", "_"),
    ("dr. smith", "_"),
    ("DR. MEIER", "_"),
    ("Prof. Anna Schmidt", "_"),
    ("Prof. Dr. med. Hans Peter Meier", "_"),
    ("Dr. von Bergen", "_"),
    ("Dr. Müller-Lüdenscheidt", "_"),
    ("Dr. J. Smith, CT Thorax", "_, CT Thorax"),
    ("Mr Smith", "_"),
    ("Mrs. Doe CT Head", "_ CT Head"),
    ("Ms Doe", "_"),
    ("Herr Schmidt klagt", "_ klagt"),
    ("FRAU SCHMIDT", "_"),
    ("Frau von der Leyen", "_"),
    ("M. Dupont", "_"),
    ("Mme Dupont", "_"),
    ("Doe^Jane", "_"),
    ("DOE^JANE^M^^Dr", "_"),
    ("Thorax Müller^Hans nativ", "Thorax _ nativ"),
    ("Patient: Doe, Jane", "Patient: _"),
    ("Patient Doe, Jane", "Patient _"),
    ("Patient: Jane Doe", "Patient: _"),
    ("Name: DOE, J.", "Name: _."),
    ("pt: Smith", "pt: _"),
    ("Pat. Meier, Hans", "Pat. _"),
    ("for Doe, Jane", "for _"),
    ("Reported by Smith, John", "Reported by _"),
    ("Überweiser: Meier", "Überweiser: _"),
    ("Arzt: Müller, Hans", "Arzt: _"),
    ("physician: Smith", "physician: _"),
    ("123-45-6789", "_"),
    ("SSN 123-45-6789", "SSN _"),
    ("1234567", "_"),
    ("scan 00123456789 x", "scan _ x"),
    ("A12345678", "_"),
    ("X1234567Y", "_"),
    ("MRN 12345", "MRN _"),
    ("MRN: A-12-345", "MRN: _"),
    ("ID: 123", "ID: _"),
    ("Patient ID: 4711", "Patient ID: _"),
    ("PatientID=4711", "PatientID=_"),
    ("Acc# 99", "Acc# _"),
    ("Accession no. 2019-555", "Accession no. _"),
    ("Fallnummer 123", "Fallnummer _"),
    ("Fall-Nr.: 5512", "Fall-Nr.: _"),
    ("Case no. 5512", "Case no. _"),
    ("Pat.-Nr. 99812", "Pat.-Nr. _"),
    ("Versicherungsnummer X123", "Versicherungsnummer _"),
    ("1.2.276.0.7230010.3.1.4.123456", "_"),
];

#[test]
fn the_tables_are_large() {
    assert!(KEEP.len() >= 60 && REMOVE.len() >= 60);
}

proptest! {
    #[test]
    fn any_text_is_searched(text in "[A-Za-z0-9 .,:/@^+()#=-]{0,80}|\\PC{0,60}") {
        for range in find(&Text::plain(&text)) {
            prop_assert!(range.start < range.end && range.end <= text.chars().count());
        }
    }

    #[test]
    fn words_in_small_letters_stay(text in "(seg|tra|axial|flair|vol|t2|tse){0,10}( (liver|mm|nativ|dixon|p2|iso)){0,6}") {
        prop_assert_eq!(cleaned(&text), text);
    }
}
