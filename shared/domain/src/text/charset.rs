//! Defined terms of Specific Character Set and the encodings behind them.

use encoding_rs::Encoding;

/// One character set without code extensions, or the initial one with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// ISO_IR 6: ASCII.
    Ascii,
    /// ISO_IR 100: Latin-1. Not Windows-1252: the control range stays.
    Latin1,
    /// Another single-byte or multi-byte set.
    Other(&'static Encoding),
    /// ISO_IR 13: half-width katakana and JIS X 0201 letters.
    Katakana,
    /// JIS X 0208 or 0212, only through escape sequences.
    Kanji,
}

impl Charset {
    /// The set behind a defined term (PS3.3 Tables C.12-2 to C.12-5); terms in careless spelling are understood too.
    #[must_use]
    pub fn from_term(term: &str) -> Option<Self> {
        let plain: String = term.to_ascii_uppercase().chars().filter(char::is_ascii_alphanumeric).collect();
        let number = plain.strip_prefix("ISOIR").or_else(|| plain.strip_prefix("ISO2022IR"));
        Some(match number.unwrap_or(&plain) {
            "" | "6" => Self::Ascii,
            "100" | "ISO88591" | "LATIN1" => Self::Latin1,
            "101" => Self::Other(encoding_rs::ISO_8859_2),
            "109" => Self::Other(encoding_rs::ISO_8859_3),
            "110" => Self::Other(encoding_rs::ISO_8859_4),
            "144" => Self::Other(encoding_rs::ISO_8859_5),
            "127" => Self::Other(encoding_rs::ISO_8859_6),
            "126" => Self::Other(encoding_rs::ISO_8859_7),
            "138" => Self::Other(encoding_rs::ISO_8859_8),
            "148" => Self::Other(encoding_rs::WINDOWS_1254),
            "203" => Self::Other(encoding_rs::ISO_8859_15),
            "166" => Self::Other(encoding_rs::WINDOWS_874),
            "192" | "UTF8" => Self::Other(encoding_rs::UTF_8),
            "149" => Self::Other(encoding_rs::EUC_KR),
            "58" => Self::Other(encoding_rs::GBK),
            "GB18030" => Self::Other(encoding_rs::GB18030),
            "GBK" | "GB2312" => Self::Other(encoding_rs::GBK),
            "13" => Self::Katakana,
            "87" | "159" => Self::Kanji,
            _ => return None,
        })
    }

    /// Decodes bytes without escape sequences; `None`: they are not of this set.
    #[must_use]
    pub fn decode(self, raw: &[u8]) -> Option<String> {
        match self {
            Self::Ascii | Self::Kanji => raw.is_ascii().then(|| String::from_utf8_lossy(raw).into_owned()),
            Self::Latin1 => Some(raw.iter().map(|byte| char::from(*byte)).collect()),
            Self::Katakana => strict(encoding_rs::SHIFT_JIS, raw),
            Self::Other(encoding) => strict(encoding, raw),
        }
    }
}

/// Decodes and refuses malformed input.
pub(super) fn strict(encoding: &'static Encoding, raw: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(raw).map(std::borrow::Cow::into_owned)
}
