//! Media types and transfer syntaxes that a client takes (PS3.18 8.7, RFC 9110 12.5.1).

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
    /// Whether an instance in this transfer syntax is taken.
    #[must_use]
    pub fn take(&self, transfer_syntax_uid: &str) -> bool {
        match self {
            Self::Stored => true,
            Self::Only(uids) => uids.iter().any(|uid| uid == transfer_syntax_uid),
        }
    }
}

/// How instances go to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instances {
    /// As one file in place of parts; the client asks for one instance and takes no parts.
    pub as_file: bool,
    /// Transfer syntaxes that it takes.
    pub syntaxes: Syntaxes,
}

/// How the client takes instances as DICOM files. Without a transfer syntax they go as they are stored: scripts rely on that, although
/// the standard has Explicit VR Little Endian there.
pub fn instances(header: &str) -> Result<Instances, NotAcceptable> {
    let mut found: Option<Instances> = None;
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
        let syntaxes = match range.parameter("transfer-syntax") {
            None | Some("*" | "") => Syntaxes::Stored,
            Some(uid) => Syntaxes::Only(vec![uid.to_owned()]),
        };
        match &mut found {
            None => found = Some(Instances { as_file, syntaxes }),
            // The best range says in which form; each range of that form adds what is taken.
            Some(known) if known.as_file == as_file => match (&mut known.syntaxes, syntaxes) {
                (Syntaxes::Only(uids), Syntaxes::Only(more)) => uids.extend(more),
                (stored, Syntaxes::Stored) => *stored = Syntaxes::Stored,
                (Syntaxes::Stored, Syntaxes::Only(_)) => {}
            },
            Some(_) => {}
        }
    }
    found.ok_or_else(|| {
        NotAcceptable(
            "Images are given as DICOM files here. Send multipart/related; type=\"application/dicom\" as the header Accept."
                .to_owned(),
        )
    })
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
            assert_eq!(instances(header), Ok(wanted), "{header}");
        }
        assert!(instances("application/dicom; transfer-syntax=*").is_ok_and(|one| one.as_file));
    }

    #[test]
    fn a_client_may_insist_on_transfer_syntaxes() {
        let header = "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.1, multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2";
        let taken = instances(header).unwrap().syntaxes;
        assert!(taken.take("1.2.840.10008.1.2.1") && taken.take("1.2.840.10008.1.2"));
        assert!(!taken.take("1.2.840.10008.1.2.4.50"));
    }

    #[test]
    fn what_is_not_given_here_is_refused() {
        for header in
            ["application/dicom+json", "image/jpeg", "multipart/related; type=\"application/octet-stream\"", "a, b"]
        {
            assert!(instances(header).is_err(), "{header}");
        }
    }
}
