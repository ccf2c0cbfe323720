//! What a header says about its instance at the top level, needed by rules and by the caller.

/// Top-level values as found, without padding. Raw text: its character set is (0008,0005).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// (0008,0016)
    pub sop_class_uid: String,
    /// (0008,0018)
    pub sop_instance_uid: String,
    /// (0020,000D)
    pub study_instance_uid: String,
    /// (0020,000E)
    pub series_instance_uid: String,
    /// (0008,0060)
    pub modality: String,
    /// (0008,0020)
    pub study_date: String,
    /// (0008,0030)
    pub study_time: String,
    /// (0010,0020), raw
    pub patient_id: Vec<u8>,
    /// (0012,0062) is YES: an earlier de-identification has been here
    pub identity_removed: bool,
    /// (0012,0063), raw
    pub deidentification_method: Vec<u8>,
    /// (0028,0301)
    pub burned_in_annotation: String,
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Facts").field("sop_class_uid", &self.sop_class_uid).finish_non_exhaustive()
    }
}

impl Facts {
    /// Takes a value of the top level.
    pub(crate) fn take(&mut self, tag: u32, value: &[u8]) {
        let text = || String::from_utf8_lossy(value).trim_matches(|c: char| c == '\0' || c == ' ').to_owned();
        match tag {
            0x0008_0016 => self.sop_class_uid = text(),
            0x0008_0018 => self.sop_instance_uid = text(),
            0x0008_0020 => self.study_date = text(),
            0x0008_0030 => self.study_time = text(),
            0x0008_0060 => self.modality = text(),
            0x0010_0020 => self.patient_id = value.trim_ascii().to_vec(),
            0x0012_0062 => self.identity_removed = text() == "YES",
            0x0012_0063 => self.deidentification_method = value.trim_ascii_end().to_vec(),
            0x0020_000D => self.study_instance_uid = text(),
            0x0020_000E => self.series_instance_uid = text(),
            0x0028_0301 => self.burned_in_annotation = text(),
            _ => {}
        }
    }
}
