//! The address of a value that stands outside of its metadata: `.../bulkdata/{path}`.

use super::InvalidAddress;

/// Sequences in one another at most.
const MAX_DEPTH: usize = 32;

/// Where a value stands: `7FE00010`, or within items counted from 1, `00400275/1/00400007`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPath {
    /// The sequences around it, with the number of the item.
    pub sequences: Vec<(u32, u32)>,
    /// Group and element.
    pub tag: u32,
}

impl TagPath {
    /// Reads a path without slashes at its ends.
    pub fn parse(path: &str) -> Result<Self, InvalidAddress> {
        Self::read(path).ok_or_else(|| {
            InvalidAddress(
                "A value is named by its tag, such as bulkdata/7FE00010, or within a sequence by the number of the item, such as bulkdata/00540016/1/00181072."
                    .to_owned(),
            )
        })
    }

    fn read(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        let (last, around) = parts.split_last()?;
        if around.len() % 2 == 1 || around.len() > MAX_DEPTH * 2 {
            return None;
        }
        let item = |text: &str| text.parse().ok().filter(|number| *number > 0);
        let sequences = around.chunks_exact(2).map(|two| Some((tag(two[0])?, item(two[1])?)));
        Some(Self { sequences: sequences.collect::<Option<_>>()?, tag: tag(last)? })
    }
}

fn tag(text: &str) -> Option<u32> {
    let is_plain = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_plain.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_values() {
        let outermost = TagPath { sequences: Vec::new(), tag: 0x7FE0_0010 };
        assert_eq!(TagPath::parse("7FE00010"), Ok(outermost.clone()));
        assert_eq!(TagPath::parse("7fe00010"), Ok(outermost));
        let within = TagPath { sequences: vec![(0x0040_0275, 2), (0x0040_0008, 1)], tag: 0x0008_0100 };
        assert_eq!(TagPath::parse("00400275/2/00400008/1/00080100"), Ok(within));
        for wrong in
            ["", "x", "7FE0001", "+FE00010", "00400275/1", "00400275/0/00080100", "00400275/00080100", "7FE00010/"]
        {
            assert!(TagPath::parse(wrong).is_err(), "{wrong}");
        }
        assert!(TagPath::parse(&format!("{}7FE00010", "00400275/1/".repeat(40))).is_err());
    }
}
