//! What the images of a SOP class usually show besides the patient's body (PS3.4 B.5).

/// Kinds of instances that the policy tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Made by the modality, without text.
    Image,
    /// Screens of ultrasound devices.
    Ultrasound,
    /// Screens, scans, films.
    Capture,
    /// Visible light: a face, a label.
    Photo,
    /// Visible light, moving; hours of it may hold a face or a screen.
    Video,
    /// Whole slides.
    Slide,
    /// Encapsulated documents and models.
    Document,
    /// Voices.
    Audio,
    /// Bytes that only their maker can read.
    Raw,
    /// A class that is not listed here.
    Unknown,
}

const STORAGE: &str = "1.2.840.10008.5.1.4.1.1.";

/// Suffixes behind [`STORAGE`] of classes whose pixels have no text unless something else says so.
const IMAGES: [&str; 58] = [
    "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "2", "2.1", "2.2", "4", "4.1", "4.2", "4.3", "4.4", "5",
    "6.2", "6.3", "12.1", "12.1.1", "12.2", "12.2.1", "12.3", "13.1.1", "13.1.2", "13.1.3", "13.1.4", "13.1.5", "14.1",
    "14.2", "20", "30", "66.1", "66.2", "66.3", "66.4", "66.5", "66.6", "66.7", "66.8", "68.1", "68.2", "77.1.5.4",
    "77.1.5.7", "77.1.5.8", "80.1", "81.1", "82.1", "90.1", "128", "128.1", "130", "481.1", "481.2", "481.3", "601.1",
    "601.2", "601.3",
];

/// The kind of a SOP class.
pub(super) fn kind_of(sop_class_uid: &str) -> Kind {
    if matches!(sop_class_uid, "1.2.840.10008.5.1.1.29" | "1.2.840.10008.5.1.1.30") {
        return Kind::Capture; // hardcopy, retired
    }
    let Some(class) = sop_class_uid.strip_prefix(STORAGE) else { return Kind::Unknown };
    match class {
        "3" | "3.1" | "6" | "6.1" => Kind::Ultrasound,
        "7" | "7.1" | "7.2" | "7.3" | "7.4" => Kind::Capture,
        "77.1.1.1" | "77.1.2.1" | "77.1.4.1" => Kind::Video,
        "77.1.6" => Kind::Slide,
        "9.4.1" | "9.4.2" => Kind::Audio,
        "66" => Kind::Raw,
        _ if class.starts_with("104.") => Kind::Document,
        _ if IMAGES.contains(&class) => Kind::Image,
        _ if class.starts_with("77.1.") || class.starts_with("77.2") => Kind::Photo,
        _ => Kind::Unknown,
    }
}

/// Transfer syntaxes of MPEG-2, MPEG-4 and HEVC video, and SMPTE ST 2110 (PS3.5 8.2.5 to 8.2.8, 8.2.15).
pub(super) fn is_video(transfer_syntax_uid: &str) -> bool {
    let in_range = |prefix: &str, range: std::ops::RangeInclusive<u32>| {
        transfer_syntax_uid
            .strip_prefix(prefix)
            .and_then(|rest| rest.split('.').next()?.parse().ok())
            .is_some_and(|number: u32| range.contains(&number))
    };
    in_range("1.2.840.10008.1.2.4.", 100..=108) || in_range("1.2.840.10008.1.2.7.", 1..=3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (class, kind) in [
            ("1.2.840.10008.5.1.4.1.1.2", Kind::Image),
            ("1.2.840.10008.5.1.4.1.1.6.1", Kind::Ultrasound),
            ("1.2.840.10008.5.1.4.1.1.7.4", Kind::Capture),
            ("1.2.840.10008.5.1.4.1.1.104.2", Kind::Document),
            ("1.2.840.10008.5.1.4.1.1.77.1.4", Kind::Photo),
            ("1.2.840.10008.5.1.4.1.1.77.1.5.4", Kind::Image),
            ("1.2.840.10008.5.1.4.1.1.77.1.6", Kind::Slide),
            ("1.3.12.2.1107.5.9.1", Kind::Unknown),
            ("", Kind::Unknown),
        ] {
            assert_eq!(kind_of(class), kind, "{class}");
        }
        assert!(is_video("1.2.840.10008.1.2.4.102") && is_video("1.2.840.10008.1.2.4.100.1"));
        assert!(!is_video("1.2.840.10008.1.2.4.90") && !is_video("1.2.840.10008.1.2.4.110"));
    }
}
