//! What stands before a part, and what a content type says.

use crate::accept::MediaType;

/// The media type of the parts of a `multipart/related` body, in small letters and without parameters of its own.
#[must_use]
pub fn part_type(body: &MediaType) -> Option<String> {
    let of = body.parameter("type")?;
    Some(of.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
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

    /// The part's media type, if it says one.
    #[must_use]
    pub fn content_type(&self) -> Option<MediaType> {
        self.get("content-type").map(MediaType::parse)
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
            let found = MediaType::parse(text);
            assert_eq!(
                (found.essence.as_str(), found.parameter("boundary"), part_type(&found).as_deref()),
                ("multipart/related", Some("a b;c"), Some("application/dicom")),
                "{text}"
            );
        }
    }

    #[test]
    fn folded_headers_are_joined() {
        let headers =
            PartHeaders::parse(b"Content-Type: application/dicom;\r\n transfer-syntax=1.2\r\nX:\r\n").unwrap();
        assert_eq!(headers.content_type().unwrap().parameter("transfer-syntax"), Some("1.2"));
        assert_eq!((headers.get("x"), headers.get("y")), (Some(""), None));
        assert_eq!(PartHeaders::parse(b"no header"), None);
        assert_eq!(PartHeaders::parse(b" folded: nowhere"), None);
    }
}
