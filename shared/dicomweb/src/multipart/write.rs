//! Writing a body of parts: delimiters and headers; what is in a part the caller sends itself, between them.

/// Writes the text around the parts.
///
/// A body is [`Writer::opening`], then for each part [`Writer::part`] and its content, then [`Writer::close`].
#[derive(Debug, Clone)]
pub struct Writer {
    boundary: String,
    is_open: bool,
}

impl Writer {
    /// With a boundary that no content has in it: 128 random bits.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        Ok(Self::with_boundary(format!("adit-{}", hex::encode(random))))
    }

    /// With this boundary: 1 to 70 letters, digits, `-` or `_`.
    #[must_use]
    pub fn with_boundary(boundary: String) -> Self {
        Self { boundary, is_open: false }
    }

    /// The content type of the body, whose parts are of type `part`.
    #[must_use]
    pub fn content_type(&self, part: &str) -> String {
        format!("multipart/related; type=\"{part}\"; boundary=\"{}\"", self.boundary)
    }

    /// What may be sent long before the first part: the line break of its delimiter.
    #[must_use]
    pub fn opening(&self) -> &'static [u8] {
        b"\r\n"
    }

    /// The beginning of the next part. Header values come from the caller's own hand: line breaks in them are taken out.
    #[must_use]
    pub fn part(&mut self, headers: &[(&str, &str)]) -> Vec<u8> {
        [self.begin_part(), Self::headers(headers)].concat()
    }

    /// The delimiter alone. Its headers may follow one by one, the last of them by [`Writer::headers`]: so a body can go on while a part
    /// is still being made.
    #[must_use]
    pub fn begin_part(&mut self) -> Vec<u8> {
        let break_before = if std::mem::replace(&mut self.is_open, true) { "\r\n" } else { "" };
        format!("{break_before}--{}\r\n", self.boundary).into_bytes()
    }

    /// Headers and the end of them; content follows.
    #[must_use]
    pub fn headers(headers: &[(&str, &str)]) -> Vec<u8> {
        let mut text = String::new();
        for (name, value) in headers {
            let value = value.replace(['\r', '\n'], " ");
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    /// The end of the body.
    #[must_use]
    pub fn close(&self) -> Vec<u8> {
        let break_before = if self.is_open { "\r\n" } else { "" };
        format!("{break_before}--{}--\r\n", self.boundary).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_delimited_as_clients_expect() {
        let mut writer = Writer::with_boundary("B".into());
        let mut body = writer.opening().to_vec();
        body.extend(writer.part(&[("Content-Type", "application/dicom")]));
        body.extend(b"one");
        body.extend(writer.part(&[("Content-Location", "a\r\nb")]));
        body.extend(b"two");
        body.extend(writer.close());
        let expected = "\r\n--B\r\nContent-Type: application/dicom\r\n\r\none\r\n--B\r\nContent-Location: a  b\r\n\r\ntwo\r\n--B--\r\n";
        assert_eq!(String::from_utf8(body).unwrap(), expected);
        assert_eq!(
            writer.content_type("application/dicom"),
            "multipart/related; type=\"application/dicom\"; boundary=\"B\""
        );
    }

    #[test]
    fn without_parts_there_is_an_end_all_the_same() {
        let writer = Writer::with_boundary("B".into());
        assert_eq!([writer.opening(), &writer.close()].concat(), b"\r\n--B--\r\n");
        let (one, two) = (Writer::new().unwrap(), Writer::new().unwrap());
        assert_ne!(one.content_type("a/b"), two.content_type("a/b"));
    }
}
