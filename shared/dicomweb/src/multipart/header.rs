//! What stands before a part, and what a content type says.

/// A media type with its parameters, as `Content-Type` gives it (RFC 9110 8.3.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContentType {
    /// `type/subtype` in small letters.
    pub essence: String,
    /// Names in small letters, values without quotes, in their order.
    pub parameters: Vec<(String, String)>,
}

impl ContentType {
    /// Reads a header's value; none: it has no `type/subtype`, or a quote that does not end.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let pieces = pieces(text)?;
        let (essence, rest) = pieces.split_first()?;
        let essence = essence.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if kind.is_empty() || subtype.is_empty() || essence.contains(char::is_whitespace) {
            return None;
        }
        let parameters = rest.iter().filter_map(|piece| {
            let (name, value) = piece.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), unquoted(value.trim())))
        });
        Some(Self { parameters: parameters.collect(), essence })
    }

    /// The value of a parameter; the first one counts.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The media type of the parts of a `multipart/related` body, in small letters and without parameters of its own.
    #[must_use]
    pub fn part_type(&self) -> Option<String> {
        let of = self.parameter("type")?;
        Some(of.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

/// Cuts at the semicolons that stand outside of quotes.
fn pieces(text: &str) -> Option<Vec<&str>> {
    let (mut pieces, mut start) = (Vec::new(), 0);
    let (mut quoted, mut escaped) = (false, false);
    for (place, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                pieces.push(&text[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    (!quoted).then_some(pieces)
}

fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return value.to_owned() };
    let (mut out, mut escaped) = (String::with_capacity(inside.len()), false);
    for letter in inside.chars() {
        if letter == '\\' && !escaped {
            escaped = true;
        } else {
            out.push(letter);
            escaped = false;
        }
    }
    out
}

/// The headers of one part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartHeaders(Vec<(String, String)>);

impl PartHeaders {
    /// Reads a block of lines; none: a line is no header. Folded lines (RFC 5322 2.2.3) are joined.
    pub(super) fn parse(block: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(block);
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in text.split("\r\n").filter(|line| !line.is_empty()) {
            if line.starts_with([' ', '\t']) {
                let (_, value) = headers.last_mut()?;
                value.push(' ');
                value.push_str(line.trim());
                continue;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        Some(Self(headers))
    }

    /// The value of a header by its name in small letters; the first one counts.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The part's media type, if it has a readable one.
    #[must_use]
    pub fn content_type(&self) -> Option<ContentType> {
        self.get("content-type").and_then(ContentType::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_are_read_quoted_or_not() {
        for text in [
            "multipart/related; type=\"application/dicom\"; boundary=\"a b;c\"",
            "Multipart/Related;boundary=\"a b;c\" ; Type=application/dicom",
            "multipart/related; type=\"application/dicom; transfer-syntax=*\"; boundary=\"a\\ b;c\"",
        ] {
            let found = ContentType::parse(text).unwrap();
            assert_eq!(
                (found.essence.as_str(), found.parameter("boundary"), found.part_type().as_deref()),
                ("multipart/related", Some("a b;c"), Some("application/dicom")),
                "{text}"
            );
        }
        for text in ["", "text", "/x", "a b/c", "text/plain; x=\"", ";"] {
            assert_eq!(ContentType::parse(text), None, "{text}");
        }
    }

    #[test]
    fn folded_headers_are_joined() {
        let headers = PartHeaders::parse(b"Content-Type: application/dicom;\r\n transfer-syntax=1.2\r\nX:\r\n").unwrap();
        assert_eq!(headers.content_type().unwrap().parameter("transfer-syntax"), Some("1.2"));
        assert_eq!((headers.get("x"), headers.get("y")), (Some(""), None));
        assert_eq!(PartHeaders::parse(b"no header"), None);
        assert_eq!(PartHeaders::parse(b" folded: nowhere"), None);
    }
}
