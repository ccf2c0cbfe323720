//! Writing explicit VR little endian elements of synthetic objects.

/// A data set being written, in tag order by its author.
#[derive(Default)]
pub(crate) struct DataSet(pub Vec<u8>);

impl DataSet {
    pub fn put(&mut self, tag: u32, vr: &str, value: &[u8]) -> &mut Self {
        let even = value.len().next_multiple_of(2);
        self.head(tag, vr, u32::try_from(even).unwrap_or(0));
        self.0.extend_from_slice(value);
        if even > value.len() {
            self.0.push(if matches!(vr, "UI" | "OB" | "UN") { 0 } else { b' ' });
        }
        self
    }

    pub fn text(&mut self, tag: u32, vr: &str, value: &str) -> &mut Self {
        self.put(tag, vr, value.as_bytes())
    }

    pub fn number(&mut self, tag: u32, value: u16) -> &mut Self {
        self.put(tag, "US", &value.to_le_bytes())
    }

    pub fn head(&mut self, tag: u32, vr: &str, length: u32) {
        self.0.extend_from_slice(&((tag >> 16) as u16).to_le_bytes());
        self.0.extend_from_slice(&((tag & 0xFFFF) as u16).to_le_bytes());
        if vr.is_empty() {
            self.0.extend_from_slice(&length.to_le_bytes());
            return;
        }
        self.0.extend_from_slice(vr.as_bytes());
        if matches!(vr, "OB" | "OW" | "SQ" | "UN" | "UT") {
            self.0.extend_from_slice(&[0, 0]);
            self.0.extend_from_slice(&length.to_le_bytes());
        } else {
            self.0.extend_from_slice(&(length as u16).to_le_bytes());
        }
    }

    /// A sequence of undefined length with items of undefined length.
    pub fn sequence(&mut self, tag: u32, items: &[Self]) -> &mut Self {
        self.head(tag, "SQ", u32::MAX);
        for item in items {
            self.head(0xFFFE_E000, "", u32::MAX);
            self.0.extend_from_slice(&item.0);
            self.head(0xFFFE_E00D, "", 0);
        }
        self.head(0xFFFE_E0DD, "", 0);
        self
    }
}
