//! The studies of the demo: several modalities, names in several character sets, studies without date, documents.

use crate::generate::{SeriesSpec, StudySpec};

/// Studies for the demo archives, the same every time.
#[must_use]
pub fn demo_studies() -> Vec<StudySpec> {
    let people: [(&str, &[u8], &str, &str, &str); 10] = [
        ("DEMO-0001", b"M\xfcller^Hannelore", "ISO_IR 100", "19480317", "F"),
        ("DEMO-0002", "Παπαδόπουλος^Νίκος".as_bytes(), "ISO_IR 192", "19721104", "M"),
        ("DEMO-0003", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "\\ISO 2022 IR 87", "19850630", "M"),
        ("DEMO-0004", "王^小東".as_bytes(), "ISO_IR 192", "19911225", "F"),
        ("DEMO-0005", b"Garc\xeda^Luc\xeda", "ISO_IR 100", "20010515", "F"),
        ("DEMO-0006", b"Smith^John^Q", "", "19550909", "M"),
        ("DEMO-0007", b"\xb8\xd2\xd0\xdd\xde\xd2^\xb8\xd2\xd0\xdd", "ISO_IR 144", "19660721", "M"),
        ("DEMO-0008", b"J\xf8rgensen^S\xf8ren", "", "19790202", "M"),
        ("DEMO-0009", b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", "\\ISO 2022 IR 149", "19880808", "M"),
        ("DEMO-0010", b"O'Neill^Aoife", "ISO_IR 192", "19990101", "F"),
    ];
    let mut studies = Vec::new();
    for (number, (id, name, charset, birth_date, sex)) in people.iter().enumerate() {
        let base = StudySpec {
            patient_id: (*id).to_owned(),
            patient_name: name.to_vec(),
            charset: (*charset).to_owned(),
            birth_date: (*birth_date).to_owned(),
            sex: (*sex).to_owned(),
            study_date: format!("2024{:02}{:02}", number % 12 + 1, number * 2 + 3),
            study_time: format!("{:02}3015", 8 + number),
            description: String::new(),
            accession_number: format!("ACC{:05}", number + 1),
            series: Vec::new(),
        };
        studies.push(first_study(base.clone(), number));
        if number % 2 == 0 {
            let date = if number == 4 { String::new() } else { base.study_date.clone() };
            let time = if number == 4 { String::new() } else { base.study_time.clone() };
            let series =
                vec![SeriesSpec::new("CR", "Thorax pa", 1, 256), SeriesSpec::new("CR", "Thorax lateral", 1, 256)];
            studies.push(StudySpec {
                study_date: date,
                study_time: time,
                description: "Chest X-ray".into(),
                accession_number: format!("ACC{:05}", number + 101),
                series,
                ..base
            });
        }
    }
    studies
}

fn first_study(base: StudySpec, number: usize) -> StudySpec {
    let (description, series) = match number % 4 {
        0 => (
            "CT Thorax with contrast",
            vec![
                SeriesSpec::new("CT", "Scout", 2, 128),
                SeriesSpec::new("CT", "Lung 1.0", 40, 128),
                SeriesSpec::new("CT", "Mediastinum 3.0", 20, 128),
                SeriesSpec::new("SR", "Dose report", 1, 0),
            ],
        ),
        1 => (
            "MR Head",
            vec![
                SeriesSpec::new("MR", "T1 sag", 24, 128),
                SeriesSpec { rle: true, ..SeriesSpec::new("MR", "T2 tra", 24, 128) },
                SeriesSpec::new("MR", "FLAIR", 24, 128),
                SeriesSpec::new("KO", "Key images", 1, 0),
            ],
        ),
        2 => ("US Abdomen", vec![SeriesSpec::new("US", "Liver", 6, 256), SeriesSpec::new("US", "Kidneys", 4, 256)]),
        _ => (
            "CT Abdomen",
            vec![
                SeriesSpec::new("CT", "Portal venous", 60, 128),
                SeriesSpec::new("CT", "Coronal MPR", 30, 128),
                SeriesSpec::new("DOC", "Report", 1, 0),
            ],
        ),
    };
    StudySpec { description: description.into(), series, ..base }
}
