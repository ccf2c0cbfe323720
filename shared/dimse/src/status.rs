//! Status codes of DIMSE responses in one table (PS3.7 Annex C; PS3.4 B.2.3, C.4.1.1.4, C.4.2.1.5, C.4.3.1.4).

use std::fmt;

/// A status (0000,0900).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a refused instance is a failed instance"]
pub struct Status(pub u16);

/// What a status means for the operation (PS3.7 Annex C).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusClass {
    /// Done.
    Success,
    /// More is to come.
    Pending,
    /// Ended because of a C-CANCEL.
    Cancel,
    /// Done, with a remark.
    Warning,
    /// Not done.
    Failure,
}

/// The service in whose light a status is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// C-STORE.
    Store,
    /// C-FIND.
    Find,
    /// C-GET and C-MOVE.
    Retrieve,
}

/// One line of the table: from, to, services (None: all), whether trying again may help, the sentence.
struct Line(u16, u16, Option<Service>, bool, &'static str);

const TABLE: [Line; 27] = [
    Line(0x0000, 0x0000, None, false, "success"),
    Line(0xFF00, 0xFF01, None, false, "more is to come"),
    Line(0xFE00, 0xFE00, None, false, "ended on request"),
    // PS3.4 B.2.3
    Line(0xA700, 0xA7FF, Some(Service::Store), true, "refused: out of resources"),
    Line(0xA900, 0xA9FF, Some(Service::Store), false, "refused: the data set does not match the SOP class"),
    Line(0xC000, 0xCFFF, Some(Service::Store), false, "refused: the data set cannot be understood"),
    Line(0xB000, 0xB000, Some(Service::Store), false, "stored, but some values were changed to another type"),
    Line(0xB006, 0xB006, Some(Service::Store), false, "stored, but some elements were discarded"),
    Line(0xB007, 0xB007, Some(Service::Store), false, "stored, although the data set does not match the SOP class"),
    // PS3.4 C.4.1.1.4
    Line(0xA700, 0xA700, Some(Service::Find), true, "refused: out of resources"),
    Line(0xA900, 0xA900, Some(Service::Find), false, "the query does not match the SOP class"),
    Line(0xC000, 0xCFFF, Some(Service::Find), false, "the server was unable to process the query"),
    // PS3.4 C.4.2.1.5 and C.4.3.1.4
    Line(
        0xA701,
        0xA701,
        Some(Service::Retrieve),
        true,
        "refused: out of resources, the number of matches cannot be calculated",
    ),
    Line(
        0xA702,
        0xA702,
        Some(Service::Retrieve),
        true,
        "refused: out of resources, the sub-operations cannot be performed",
    ),
    Line(
        0xA801,
        0xA801,
        Some(Service::Retrieve),
        false,
        "the server does not know the AE title to which it should send",
    ),
    Line(0xA900, 0xA900, Some(Service::Retrieve), false, "the request does not match the SOP class"),
    Line(0xAA00, 0xAA04, Some(Service::Retrieve), false, "the server cannot deliver the study in this form"),
    Line(0xB000, 0xB000, Some(Service::Retrieve), false, "done, but some images failed or came with a warning"),
    Line(0xC000, 0xCFFF, Some(Service::Retrieve), true, "the server was unable to process the request"),
    // PS3.7 Annex C
    Line(0x0105, 0x0107, None, false, "done with a remark on attributes"),
    Line(0x0110, 0x0110, None, true, "processing failure"),
    Line(0x0111, 0x0112, None, false, "no such or duplicate SOP instance"),
    Line(0x0117, 0x0119, None, false, "invalid instance or class/instance conflict"),
    Line(0x0122, 0x0122, None, false, "SOP class not supported"),
    Line(0x0124, 0x0124, None, false, "refused: not authorized"),
    Line(0x0210, 0x0212, None, false, "duplicate or unrecognized operation"),
    Line(0x0213, 0x0213, None, true, "resource limitation"),
];

impl Status {
    /// 0x0000.
    pub const SUCCESS: Self = Self(0x0000);
    /// 0xFF00.
    pub const PENDING: Self = Self(0xFF00);
    /// 0xFE00.
    pub const CANCEL: Self = Self(0xFE00);
    /// 0xA700 (C-STORE, C-FIND).
    pub const OUT_OF_RESOURCES: Self = Self(0xA700);
    /// 0xA702 (C-GET, C-MOVE).
    pub const SUB_OPERATIONS_FAILED: Self = Self(0xA702);
    /// 0xA801 (C-MOVE).
    pub const UNKNOWN_DESTINATION: Self = Self(0xA801);
    /// 0xA900.
    pub const DOES_NOT_MATCH: Self = Self(0xA900);
    /// 0xB000.
    pub const PARTLY_FAILED: Self = Self(0xB000);
    /// 0xC000.
    pub const CANNOT_UNDERSTAND: Self = Self(0xC000);
    /// 0x0110.
    pub const PROCESSING_FAILURE: Self = Self(0x0110);
    /// 0x0122.
    pub const SOP_CLASS_NOT_SUPPORTED: Self = Self(0x0122);
    /// 0x0124.
    pub const NOT_AUTHORIZED: Self = Self(0x0124);

    /// What the status means for the operation; unknown codes are failures (PS3.7 Annex C).
    #[must_use]
    pub fn class(self) -> StatusClass {
        match self.0 {
            0x0000 => StatusClass::Success,
            0xFF00 | 0xFF01 => StatusClass::Pending,
            0xFE00 => StatusClass::Cancel,
            0x0001 | 0x0105..=0x0107 | 0xB000..=0xBFFF => StatusClass::Warning,
            _ => StatusClass::Failure,
        }
    }

    /// Whether the operation was done, with or without a remark.
    #[must_use]
    pub fn is_done(self) -> bool {
        matches!(self.class(), StatusClass::Success | StatusClass::Warning)
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(self, service: Service) -> bool {
        self.line(service).is_some_and(|line| line.3)
    }

    /// What the status says, in words.
    #[must_use]
    pub fn sentence(self, service: Service) -> &'static str {
        self.line(service).map_or("a failure that only the server can explain", |line| line.4)
    }

    fn line(self, service: Service) -> Option<&'static Line> {
        TABLE.iter().find(|line| (line.0..=line.1).contains(&self.0) && line.2.is_none_or(|of| of == service))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04X}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_the_standard() {
        assert_eq!(Status(0xB007).class(), StatusClass::Warning);
        assert_eq!(Status(0xA702).class(), StatusClass::Failure);
        assert_eq!(Status(0xFF01).class(), StatusClass::Pending);
        assert_eq!(Status(0xC123).class(), StatusClass::Failure);
        assert!(!Status(0x4242).is_done());
    }

    #[test]
    fn the_same_code_reads_differently_per_service() {
        assert!(Status(0xA700).is_transient(Service::Store));
        assert!(Status(0xC001).sentence(Service::Store).contains("understood"));
        assert!(Status(0xC001).sentence(Service::Find).contains("query"));
        assert!(Status(0xA801).sentence(Service::Retrieve).contains("AE title"));
    }
}
