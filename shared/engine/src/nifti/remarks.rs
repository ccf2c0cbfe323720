//! What people are told of the converter's words: its warnings and errors, without the values and paths that it quotes.

/// Different remarks on one series at most.
const MOST: usize = 5;
/// Letters of one remark at most.
const LONGEST: usize = 200;
/// How lines begin that are meant for people.
const BEGINNINGS: [&str; 2] = ["Warning: ", "Error: "];

/// The remarks in what it has printed.
pub(super) fn remarks(printed: &[u8]) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    for line in String::from_utf8_lossy(printed).lines() {
        let Some(said) = BEGINNINGS.iter().find_map(|beginning| line.trim().strip_prefix(beginning)) else { continue };
        let remark = without_values(said);
        if !remark.is_empty() && !remarks.contains(&remark) {
            remarks.push(remark);
        }
        if remarks.len() == MOST {
            break;
        }
    }
    remarks
}

/// Without what stands in quotation marks, which may come from a header, and without paths.
fn without_values(said: &str) -> String {
    let mut plain = String::new();
    for (number, piece) in said.split(['\'', '"']).enumerate() {
        plain.push_str(if number % 2 == 0 { piece } else { "[..]" });
    }
    let words = plain.split_whitespace().filter(|word| !word.contains(['/', '\\', '^']));
    let text: String = words.collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
    text.trim_end_matches(['.', ':', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_come_through_once_and_without_what_they_quote() {
        let printed = "Chris Rorden's dcm2niiX version v1\nFound 6 DICOM file(s)\n\
            Warning: Missing images? Expected 20 images, but found 6.\n\
            Warning: Missing images? Expected 20 images, but found 6.\n\
            Warning: Slices not stacked: protocol name varies 'Doe^Jane' != 'PAT-1'\n\
            Warning: Unsupported transfer syntax '1.2' (see www.nitrc.org/plugins) /scratch/in/0.dcm\n\
            Error: Unable to open /scratch/in/1.dcm\n\
            Convert 6 DICOM as /scratch/out/1-Axial (32x32x6x1)\n";
        let said = remarks(printed.as_bytes());
        assert_eq!(
            said,
            [
                "Missing images? Expected 20 images, but found 6",
                "Slices not stacked: protocol name varies [..] != [..]",
                "Unsupported transfer syntax [..] (see",
                "Unable to open",
            ]
        );
    }

    #[test]
    fn a_talkative_converter_is_cut_short() {
        let printed: String = (0..50).map(|n| format!("Warning: number {n} {}\n", "x".repeat(500))).collect();
        let said = remarks(printed.as_bytes());
        assert!(said.len() == MOST && said.iter().all(|remark| remark.chars().count() <= LONGEST));
    }
}
