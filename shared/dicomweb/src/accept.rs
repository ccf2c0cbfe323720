//! Media types and transfer syntaxes that a client takes (PS3.18 8.7, RFC 9110 12.5.1).

use std::cmp::Reverse;

use adit_dimse::uids::UNCOMPRESSED;
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

/// In which transfer syntaxes a client takes instances, the most wanted first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Syntaxes(Vec<Wanted>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    /// None: whatever it is stored in.
    uid: Option<String>,
    /// In thousandths.
    quality: u16,
}

impl Syntaxes {
    /// Whether everything goes as it is stored.
    #[must_use]
    pub fn are_stored(&self) -> bool {
        self.best().any(|wanted| wanted.uid.is_none())
    }

    /// Those that nothing is wanted more than.
    fn best(&self) -> impl Iterator<Item = &Wanted> {
        let most = self.0.first().map(|wanted| wanted.quality);
        self.0.iter().filter(move |wanted| Some(wanted.quality) == most)
    }

    /// In which transfer syntaxes an instance can go out that is stored in `stored`, the best first: what is wanted more, then as it is,
    /// then what was named first. All but `stored` are uncompressed, and whether it can be decoded shows with its pixels.
    ///
    /// # Errors
    /// None that is taken can be given.
    pub fn forms<'a>(&'a self, stored: &'a str) -> Result<Vec<&'a str>, NotAcceptable> {
        let wanted = self.0.iter().map(|one| (one.quality, one.uid.as_deref().unwrap_or(stored)));
        let mut forms: Vec<(u16, &str)> =
            wanted.filter(|(_, uid)| *uid == stored || UNCOMPRESSED.contains(uid)).collect();
        forms.sort_by_key(|(quality, uid)| (Reverse(*quality), *uid != stored));
        if forms.is_empty() {
            return Err(NotAcceptable(format!(
                "An image is stored in the transfer syntax {stored} and is given so, or in Explicit VR Little Endian (1.2.840.10008.1.2.1) if it can be decoded. Send transfer-syntax=* in the header Accept."
            )));
        }
        Ok(forms.into_iter().map(|(_, uid)| uid).collect())
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
        let uid = range.parameter("transfer-syntax").filter(|uid| !matches!(*uid, "*" | "")).map(str::to_owned);
        let wanted = Wanted { uid, quality: (range.quality() * 1000.0).round() as u16 };
        // Each range of a form adds what is taken.
        match ways.iter_mut().find(|way| way.as_file == as_file) {
            None => ways.push(Instances { as_file, syntaxes: Syntaxes(vec![wanted]) }),
            Some(way) => way.syntaxes.0.push(wanted),
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

    /// The ways, and whether all goes as it is stored.
    fn ways(header: &str, is_one: bool) -> Vec<(bool, bool)> {
        let all = instances(header, is_one).unwrap();
        all.iter().map(|way| (way.as_file, way.syntaxes.are_stored())).collect()
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
            assert_eq!(ways(header, false), [(false, true)], "{header}");
            assert_eq!(ways(header, true)[0], (false, true), "{header}");
        }
        assert!(instances("application/dicom; transfer-syntax=*", true).is_ok_and(|all| all[0].as_file));
    }

    #[test]
    fn ranges_of_a_form_that_is_not_possible_do_not_count() {
        for header in ["application/dicom, multipart/related; type=\"application/dicom\"", "application/*, */*"] {
            assert_eq!(ways(header, false), [(false, true)], "{header}");
            assert_eq!(ways(header, true), [(true, true), (false, true)], "{header}");
        }
        for header in ["application/dicom", "application/*"] {
            assert!(instances(header, false).unwrap_err().0.starts_with("Several images"), "{header}");
        }
    }

    #[test]
    fn a_client_may_insist_on_transfer_syntaxes() {
        let (explicit, implicit, jpeg, other) =
            ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70");
        let forms = |wanted: &[&str], stored: &str| {
            let range =
                |wanted: &&str| format!("multipart/related; type=\"application/dicom\"; transfer-syntax={wanted}");
            let header = wanted.iter().map(range).collect::<Vec<_>>().join(", ");
            let all = instances(&header, false).unwrap().swap_remove(0).syntaxes;
            all.forms(stored).map(|forms| forms.into_iter().map(str::to_owned).collect::<Vec<_>>().join(" "))
        };
        let plain = format!("{explicit} {implicit}");
        for (wanted, stored, expected) in [
            ([explicit, implicit], explicit, plain.as_str()),
            ([explicit, implicit], implicit, &format!("{implicit} {explicit}")),
            ([explicit, implicit], jpeg, &plain),
            ([implicit, explicit], jpeg, &format!("{implicit} {explicit}")),
            // What is wanted more goes before what is stored; of what is wanted as much, nothing is written anew without need.
            ([explicit, "*;q=0.1"], jpeg, &format!("{explicit} {jpeg}")),
            (["*;q=0.1", explicit], jpeg, &format!("{explicit} {jpeg}")),
            ([explicit, "1.2.840.10008.1.2.4.50;q=0.1"], jpeg, &format!("{explicit} {jpeg}")),
            ([explicit, "*"], jpeg, &format!("{jpeg} {explicit}")),
            ([explicit, jpeg], jpeg, &format!("{jpeg} {explicit}")),
            (["1.2.840.10008.1.2.1;q=0.5", "*;q=0.9"], jpeg, &format!("{jpeg} {explicit}")),
            ([explicit, "*;q=0"], jpeg, explicit),
            ([explicit, jpeg], other, explicit),
        ] {
            assert_eq!(forms(&wanted, stored).as_deref(), Ok(expected), "{wanted:?} {stored}");
        }
        assert_eq!(forms(&[jpeg], jpeg).as_deref(), Ok(jpeg));
        assert!(forms(&[jpeg], explicit).is_err(), "nothing is compressed");
        let many = format!("multipart/related; transfer-syntax={explicit}, multipart/related; transfer-syntax=*;q=0.1");
        assert_eq!(ways(&many, false), [(false, false)]);
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
