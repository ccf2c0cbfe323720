//! Text inside compressed frames: comments, application segments, bytes behind the end of the image (PS3.5 Annex A.4).

use super::jpeg_comments::Jpeg;
use super::jpeg2000_comments::Jpeg2000;

/// Overwrites text in fragments as they stream by, keeping every length. The Basic Offset Table is not given to it.
#[derive(Debug, Clone)]
pub struct CommentScrubber {
    family: Family,
}

#[derive(Debug, Clone)]
enum Family {
    Jpeg(Jpeg),
    Jpeg2000(Box<Jpeg2000>),
    /// Has no place for text.
    RunLength,
    Unknown,
}

impl CommentScrubber {
    /// For encapsulated pixel data in this transfer syntax.
    #[must_use]
    pub fn new(transfer_syntax_uid: &str) -> Self {
        let number = transfer_syntax_uid.strip_prefix("1.2.840.10008.1.2.4.").and_then(|rest| rest.parse().ok());
        let family = match number {
            Some(50_u32..=81) => Family::Jpeg(Jpeg::default()),
            Some(90..=93 | 201..=203) => Family::Jpeg2000(Box::default()),
            _ if transfer_syntax_uid == "1.2.840.10008.1.2.5" => Family::RunLength,
            _ => Family::Unknown,
        };
        Self { family }
    }

    /// A fragment begins. A frame goes on over fragments until its image ends.
    pub fn begin_fragment(&mut self) {
        match &mut self.family {
            Family::Jpeg(jpeg) => jpeg.begin_fragment(),
            Family::Jpeg2000(jpeg) => jpeg.begin_fragment(),
            Family::RunLength | Family::Unknown => {}
        }
    }

    /// Overwrites text in the next bytes of the fragment.
    pub fn apply(&mut self, chunk: &mut [u8]) {
        match &mut self.family {
            Family::Jpeg(jpeg) => jpeg.apply(chunk),
            Family::Jpeg2000(jpeg) => jpeg.apply(chunk),
            Family::RunLength | Family::Unknown => {}
        }
    }

    /// Everything so far made sense. What did not was left as it is: nobody has looked for text in it.
    #[must_use]
    pub fn understood(&self) -> bool {
        match &self.family {
            Family::Jpeg(jpeg) => !jpeg.lost,
            Family::Jpeg2000(jpeg) => !jpeg.lost,
            Family::RunLength => true,
            Family::Unknown => false,
        }
    }
}

#[cfg(test)]
mod tests;
