//! Media types and transfer syntaxes that a client takes (PS3.18 8.7, RFC 9110 12.5.1).

use adit_dimse::uids::UNCOMPRESSED;
use adit_pixels::encapsulated::is_encapsulated;
use thiserror::Error;

/// Media ranges that are looked at; nobody means more.
const MAX_RANGES: usize = 64;

/// Nothing that the client takes can be given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NotAcceptable(pub String);

/// One media range of an `Accept` header, or a content type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    /// In small letters, such as `multipart/related`.
    pub essence: String,
    /// Names in small letters, values without quotes.
    pub parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Reads one media type with its parameters.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = split(text, ';').into_iter();
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let parameters = parts.filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), unquoted(value.trim())))
        });
        Self { essence, parameters: parameters.collect() }
    }

    /// A parameter's value.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// How much it is wanted, 0 to 1.
    fn quality(&self) -> f32 {
        self.parameter("q").and_then(|text| text.parse().ok()).unwrap_or(1.0)
    }

    fn is_any_of(&self, all: &[&str]) -> bool {
        all.contains(&self.essence.as_str())
    }
}

/// The media ranges of an `Accept` header, best first; those that the client refuses (`q=0`) are left out. Nothing: it takes everything.
#[must_use]
pub fn ranges(header: &str) -> Vec<MediaType> {
    let all = split(header, ',').into_iter().filter(|part| !part.trim().is_empty()).take(MAX_RANGES);
    let mut all: Vec<MediaType> = all.map(|part| MediaType::parse(&part)).filter(|one| one.quality() > 0.0).collect();
    all.sort_by(|a, b| b.quality().total_cmp(&a.quality()));
    if all.is_empty() && header.trim().is_empty() {
        all.push(MediaType { essence: "*/*".to_owned(), parameters: Vec::new() });
    }
    all
}

/// Whether the client takes the DICOM JSON model.
pub fn json(header: &str) -> Result<(), NotAcceptable> {
    let taken = ["application/dicom+json", "application/json", "application/*", "*/*"];
    if ranges(header).iter().any(|range| range.is_any_of(&taken)) {
        return Ok(());
    }
    Err(NotAcceptable(
        "This is given as application/dicom+json only. Send that, or */*, as the header Accept.".to_owned(),
    ))
}

/// Whether the client takes files of any kind in parts.
pub fn files(header: &str) -> Result<(), NotAcceptable> {
    let is_taken = |range: &MediaType| match range.essence.as_str() {
        "multipart/related" => {
            let kind = range.parameter("type").map(str::to_ascii_lowercase);
            kind.is_none_or(|kind| ["application/octet-stream", "application/*", "*/*"].contains(&kind.as_str()))
        }
        "multipart/*" | "*/*" => true,
        _ => false,
    };
    if ranges(header).iter().any(is_taken) {
        return Ok(());
    }
    Err(NotAcceptable(
        "Files are given in parts here. Send multipart/related; type=\"application/octet-stream\" as the header Accept.".to_owned(),
    ))
}

/// In which transfer syntaxes a client takes instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syntaxes {
    /// As they are stored.
    Stored,
    /// In these only.
    Only(Vec<String>),
}

impl Syntaxes {
    /// In which transfer syntax an instance goes out that is stored in `stored`: as it is if that is taken, else without compression.
    ///
    /// # Errors
    /// None that is taken can be given.
    pub fn form<'a>(&'a self, stored: &'a str) -> Result<&'a str, NotAcceptable> {
        let Self::Only(uids) = self else { return Ok(stored) };
        if uids.iter().any(|uid| uid == stored) {
            return Ok(stored);
        }
        let plain = UNCOMPRESSED.into_iter().find(|plain| uids.iter().any(|uid| uid == plain));
        let can_be_plain = !is_encapsulated(stored) || adit_pixels::supports(stored);
        plain.filter(|_| can_be_plain).ok_or_else(|| {
            let how = match (can_be_plain, plain) {
                (true, _) => "is given so, or in Explicit VR Little Endian (1.2.840.10008.1.2.1)",
                (false, Some(_)) => "cannot be decoded here",
                (false, None) => "is given so only",
            };
            NotAcceptable(format!(
                "An image is stored in the transfer syntax {stored} and {how}. Send transfer-syntax=* in the header Accept."
            ))
        })
    }
}

/// How instances go to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instances {
    /// As one file in place of parts.
    pub as_file: bool,
    /// Transfer syntaxes that it takes so.
    pub syntaxes: Syntaxes,
}

/// How the client takes instances as DICOM files, the best way first; as a file only if there `is_one`. Without a transfer syntax they go
/// as they are stored: scripts rely on that, although the standard has Explicit VR Little Endian there.
pub fn instances(header: &str, is_one: bool) -> Result<Vec<Instances>, NotAcceptable> {
    let mut ways: Vec<Instances> = Vec::new();
    let mut wants_file = false;
    for range in ranges(header) {
        let as_file = match range.essence.as_str() {
            "multipart/related" => match range.parameter("type").map(str::to_ascii_lowercase).as_deref() {
                None | Some("application/dicom" | "*/*" | "application/*") => false,
                Some(_) => continue,
            },
            "multipart/*" | "*/*" => false,
            "application/dicom" | "application/*" => true,
            _ => continue,
        };
        wants_file |= as_file;
        if as_file && !is_one {
            continue;
        }
        let syntaxes = match range.parameter("transfer-syntax") {
            None | Some("*" | "") => Syntaxes::Stored,
            Some(uid) => Syntaxes::Only(vec![uid.to_owned()]),
        };
        // Each range of a form adds what is taken.
        match ways.iter_mut().find(|way| way.as_file == as_file).map(|way| &mut way.syntaxes) {
            None => ways.push(Instances { as_file, syntaxes }),
            Some(Syntaxes::Stored) => {}
            Some(known) => match (known, syntaxes) {
                (Syntaxes::Only(uids), Syntaxes::Only(more)) => uids.extend(more),
                (known, syntaxes) => *known = syntaxes,
            },
        }
    }
    if !ways.is_empty() {
        return Ok(ways);
    }
    let how = if wants_file { "Several images are given in parts" } else { "Images are given as DICOM files here" };
    Err(NotAcceptable(format!("{how}. Send multipart/related; type=\"application/dicom\" as the header Accept.")))
}

/// Splits at a separator outside of quotes.
fn split(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut part, mut is_quoted, mut is_escaped) = (Vec::new(), String::new(), false, false);
    for letter in text.chars() {
        if letter == separator && !is_quoted {
            parts.push(std::mem::take(&mut part));
            continue;
        }
        is_quoted ^= letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && is_quoted && !is_escaped;
        part.push(letter);
    }
    parts.push(part);
    parts
}

/// A token, or what is between quotes.
fn unquoted(text: &str) -> String {
    let Some(inside) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return text.to_owned() };
    let (mut plain, mut is_escaped) = (String::new(), false);
    for letter in inside.chars() {
        if letter == '\\' && !is_escaped {
            is_escaped = true;
            continue;
        }
        is_escaped = false;
        plain.push(letter);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_read_with_quotes() {
        let one = MediaType::parse("Multipart/Related; Type=\"application/dicom\"; boundary=\"a;\\\"b\"; q=0.5");
        assert_eq!(one.essence, "multipart/related");
        assert_eq!((one.parameter("type"), one.parameter("boundary")), (Some("application/dicom"), Some("a;\"b")));
    }

    #[test]
    fn json_is_given_to_who_takes_it() {
        for header in
            ["", "*/*", "application/json", "application/dicom+json, application/json", "text/html, */*;q=0.1"]
        {
            assert!(json(header).is_ok(), "{header}");
        }
        for header in ["text/html", "application/dicom+json;q=0", "multipart/related; type=\"application/dicom+xml\""] {
            assert!(json(header).is_err(), "{header}");
        }
    }

    #[test]
    fn files_are_given_in_parts_only() {
        for header in ["", "*/*", "multipart/related; type=application/octet-stream", "multipart/related"] {
            assert!(files(header).is_ok(), "{header}");
        }
        for header in ["multipart/related; type=\"application/dicom\"", "application/octet-stream"] {
            assert!(files(header).is_err(), "{header}");
        }
    }

    #[test]
    fn the_clients_that_people_use_get_stored_instances_in_parts() {
        for header in [
            "",
            "*/*",
            "multipart/related; type=\"application/dicom\"",
            "multipart/related; type=\"application/dicom\"; transfer-syntax=*",
            "multipart/related;type=application/dicom;transfer-syntax=*, application/dicom;q=0.1",
            "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.3, multipart/related; type=\"application/dicom\"",
        ] {
            let wanted = Instances { as_file: false, syntaxes: Syntaxes::Stored };
            assert_eq!(instances(header, false), Ok(vec![wanted.clone()]), "{header}");
            assert_eq!(instances(header, true).unwrap()[0], wanted, "{header}");
        }
        assert!(instances("application/dicom; transfer-syntax=*", true).is_ok_and(|all| all[0].as_file));
    }

    #[test]
    fn ranges_of_a_form_that_is_not_possible_do_not_count() {
        let parts = Instances { as_file: false, syntaxes: Syntaxes::Stored };
        for header in ["application/dicom, multipart/related; type=\"application/dicom\"", "application/*, */*"] {
            assert_eq!(instances(header, false), Ok(vec![parts.clone()]), "{header}");
            let both = vec![Instances { as_file: true, syntaxes: Syntaxes::Stored }, parts.clone()];
            assert_eq!(instances(header, true), Ok(both), "{header}");
        }
        for header in ["application/dicom", "application/*"] {
            assert!(instances(header, false).unwrap_err().0.starts_with("Several images"), "{header}");
        }
    }

    #[test]
    fn a_client_may_insist_on_transfer_syntaxes() {
        let header = "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.1, multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2";
        let (explicit, implicit, jpeg, video) =
            ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.102");
        let form =
            |header: &str, stored: &str| instances(header, false).unwrap()[0].syntaxes.form(stored).map(str::to_owned);
        let given = [explicit, implicit, jpeg, "1.2.840.10008.1.2.2"].map(|stored| form(header, stored).unwrap());
        assert_eq!(given, [explicit, implicit, explicit, explicit]);
        assert!(form(header, video).unwrap_err().0.contains("cannot be decoded"));
        let jpeg_only = format!("multipart/related; type=\"application/dicom\"; transfer-syntax={jpeg}");
        assert_eq!(form(&jpeg_only, jpeg).as_deref(), Ok(jpeg));
        assert!(form(&jpeg_only, explicit).is_err(), "nothing is compressed");
    }

    #[test]
    fn what_is_not_given_here_is_refused() {
        for header in
            ["application/dicom+json", "image/jpeg", "multipart/related; type=\"application/octet-stream\"", "a, b"]
        {
            assert!(instances(header, true).is_err(), "{header}");
        }
    }
}
