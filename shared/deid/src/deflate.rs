//! Deflated data sets (PS3.5 A.5): opened before, closed after the rewriting.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::error::RewriteError;
use crate::passage::Passage;

/// Deflated bytes inflated at once: a few bytes may inflate to a thousand times as many, small pieces keep what is held small.
const INFLATED_AT_ONCE: usize = 16 * 1024;

/// Both directions of one data set.
pub(crate) struct Deflate {
    inflate: Decompress,
    deflate: Compress,
    ended: bool,
}

impl Deflate {
    pub fn new() -> Self {
        Self { inflate: Decompress::new(false), deflate: Compress::new(Compression::default(), false), ended: false }
    }

    pub fn push(&mut self, chunk: &[u8], passage: &mut Passage, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        for piece in chunk.chunks(INFLATED_AT_ONCE) {
            let mut plain = Vec::new();
            self.open(piece, &mut plain, passage)?;
            out.append(&mut passage.take_meta());
            self.close(&plain, FlushCompress::None, out)?;
        }
        Ok(())
    }

    pub fn finish(&mut self, passage: &mut Passage, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        if !self.ended {
            return Err(RewriteError::Truncated);
        }
        let mut plain = Vec::new();
        passage.finish(&mut plain)?;
        out.append(&mut passage.take_meta());
        self.close(&plain, FlushCompress::Finish, out)
    }

    fn open(&mut self, mut chunk: &[u8], plain: &mut Vec<u8>, passage: &mut Passage) -> Result<(), RewriteError> {
        let mut piece = Vec::with_capacity(64 * 1024);
        while !self.ended {
            piece.clear();
            let before = self.inflate.total_in();
            let status = self
                .inflate
                .decompress_vec(chunk, &mut piece, FlushDecompress::None)
                .map_err(|_| RewriteError::Deflate)?;
            let taken = usize::try_from(self.inflate.total_in() - before).unwrap_or(0);
            chunk = &chunk[taken..];
            passage.push(&piece, plain)?;
            self.ended = status == Status::StreamEnd;
            if taken == 0 && piece.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn close(&mut self, mut plain: &[u8], flush: FlushCompress, out: &mut Vec<u8>) -> Result<(), RewriteError> {
        loop {
            out.reserve(plain.len() / 2 + 4096);
            let before = self.deflate.total_in();
            let status = self.deflate.compress_vec(plain, out, flush).map_err(|_| RewriteError::Deflate)?;
            plain = &plain[usize::try_from(self.deflate.total_in() - before).unwrap_or(0)..];
            let finished = matches!(flush, FlushCompress::Finish);
            if status == Status::StreamEnd || (!finished && plain.is_empty()) {
                break;
            }
        }
        // A deflated data set has an even length.
        if matches!(flush, FlushCompress::Finish) && self.deflate.total_out() % 2 == 1 {
            out.push(0);
        }
        Ok(())
    }
}
