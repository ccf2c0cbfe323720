//! One file: read in pieces, rewritten, written beside its place; it gets its name only when all of it is right.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use adit_deid::part10::parse_head;
use adit_deid::{Instructions, Limits, Report, RewriteError, Rewriter};
use adit_dimse::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};

/// Read first: the file's beginning and mostly the whole header.
const FIRST: usize = 16 * 1024;
/// Read at once afterwards.
const PIECE: usize = 512 * 1024;

/// Why a file was not written.
#[derive(Debug)]
pub enum NotWritten {
    /// It must not leave.
    HeldBack(String),
    /// It cannot be read, or is damaged.
    Refused(String),
    /// The output cannot be written: nothing else will work either.
    Output(std::io::Error),
}

impl From<RewriteError> for NotWritten {
    fn from(error: RewriteError) -> Self {
        match error {
            RewriteError::HeldBack(reason) => Self::HeldBack(reason),
            RewriteError::Residual(reason) => Self::HeldBack(reason),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// Rewrites `input` into `output`. On an error `output` may hold a part; the caller removes it.
pub fn rewrite(
    input: &Path,
    output: &mut impl Write,
    instructions: &Arc<Instructions>,
    buffer: &mut Vec<u8>,
) -> Result<Report, NotWritten> {
    let refused = |error: std::io::Error| NotWritten::Refused(format!("it cannot be read: {error}"));
    let mut file = File::open(input).map_err(refused)?;
    buffer.resize(PIECE, 0);
    let length = fill(&mut file, &mut buffer[..FIRST]).map_err(refused)?;
    let mut head = parse_head(&buffer[..length]);
    if head.is_err() && length == FIRST {
        // A beginning with much private information.
        file.seek(SeekFrom::Start(0)).map_err(refused)?;
        let length = fill(&mut file, buffer).map_err(refused)?;
        head = parse_head(&buffer[..length]);
    }
    let head = head.map_err(|_| {
        NotWritten::Refused("it is no DICOM file (no DICM prefix, or its transfer syntax is missing)".to_owned())
    })?;
    file.seek(SeekFrom::Start(head.data_set_offset)).map_err(refused)?;
    let mut rewriter = Rewriter::new(&head.transfer_syntax_uid, Arc::clone(instructions), Limits::default())
        .with_file_meta(IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME);
    let mut out = Vec::new();
    let mut size = FIRST;
    loop {
        let length = fill(&mut file, &mut buffer[..size]).map_err(refused)?;
        if length == 0 {
            break;
        }
        size = PIECE;
        let piece = &buffer[..length];
        if rewriter.passes(piece) {
            output.write_all(piece).map_err(NotWritten::Output)?;
            continue;
        }
        rewriter.push(piece, &mut out)?;
        output.write_all(&out).map_err(NotWritten::Output)?;
        out.clear();
    }
    let report = rewriter.finish(&mut out)?;
    output.write_all(&out).map_err(NotWritten::Output)?;
    Ok(report)
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}
