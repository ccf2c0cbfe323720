//! A dry run over one file: every change with old and new values. Nothing is stored, and nothing is claimed in the registry.

use std::sync::Arc;

use adit_api::projects::{Preview, PreviewChange, PreviewQuery};
use adit_deid::{Change, Instructions, Limits, Pixels, Report, RewriteError, Rewriter, part10};

use crate::{Engine, Refusal};

/// The beginning of the file that must hold its meta information, in bytes.
const HEAD: usize = 64 * 1024;
/// Changes in the answer.
const CHANGES: usize = 5000;

/// A running preview: takes the file piece by piece, so that its size does not matter.
pub struct PreviewRun {
    instructions: Arc<Instructions>,
    state: State,
    /// What would be sent, dropped at once.
    out: Vec<u8>,
}

enum State {
    Head(Vec<u8>),
    DataSet(Box<Rewriter>),
    HeldBack(String),
}

impl Engine {
    /// Begins a preview by the rules of a project.
    pub async fn preview(&self, query: PreviewQuery) -> Result<PreviewRun, Refusal> {
        let revision = match query.project.trim() {
            "" => self.revision("", 0).await?,
            name => self.project(name).await.map_err(|error| error.at("project"))?,
        };
        let instructions = Instructions {
            deidentifier: Some(self.deidentifier(&revision, query.profile.trim())?),
            allow_risky_pixels: query.allow_risky_pixels,
            with_values: true,
            ..Instructions::default()
        };
        Ok(PreviewRun { instructions: Arc::new(instructions), state: State::Head(Vec::new()), out: Vec::new() })
    }
}

impl PreviewRun {
    /// Takes the next piece of the file.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        match &mut self.state {
            State::Head(held) => {
                held.extend_from_slice(piece);
                if held.len() < HEAD { Ok(()) } else { self.begin() }
            }
            State::DataSet(rewriter) => {
                self.out.clear();
                let pushed = if rewriter.passes(piece) { Ok(()) } else { rewriter.push(piece, &mut self.out) };
                pushed.or_else(|error| self.stopped(error))
            }
            State::HeldBack(_) => Ok(()),
        }
    }

    /// The file has ended.
    pub fn finish(mut self) -> Result<Preview, Refusal> {
        if matches!(self.state, State::Head(_)) {
            self.begin()?;
        }
        self.out.clear();
        match std::mem::replace(&mut self.state, State::HeldBack(String::new())) {
            State::DataSet(rewriter) => match rewriter.finish(&mut self.out) {
                Ok(report) => return Ok(preview(report)),
                Err(error) => self.stopped(error)?,
            },
            other => self.state = other,
        }
        let held_back = if let State::HeldBack(reason) = self.state { reason } else { String::new() };
        let profile = self.instructions.deidentifier.as_ref().map(|one| one.label()).unwrap_or_default();
        Ok(Preview { profile, held_back, ..Preview::default() })
    }

    /// The meta information is there: the data set begins.
    fn begin(&mut self) -> Result<(), Refusal> {
        let State::Head(held) = &mut self.state else { return Ok(()) };
        let held = std::mem::take(held);
        let head = part10::parse_head(&held).map_err(|_| {
            Refusal::invalid("This is not a DICOM file. Choose a file with a DICOM header (usually .dcm).").at("file")
        })?;
        let rewriter = Rewriter::new(&head.transfer_syntax_uid, Arc::clone(&self.instructions), Limits::default());
        self.state = State::DataSet(Box::new(rewriter));
        let offset = usize::try_from(head.data_set_offset).unwrap_or(usize::MAX);
        self.push(held.get(offset..).unwrap_or_default())
    }

    /// Staying behind is an answer; what cannot be read is a refusal.
    fn stopped(&mut self, error: RewriteError) -> Result<(), Refusal> {
        match error {
            RewriteError::HeldBack(reason) | RewriteError::Residual(reason) => {
                self.state = State::HeldBack(reason);
                Ok(())
            }
            other => Err(Refusal::invalid(format!("This file cannot be read: {other}.")).at("file")),
        }
    }
}

fn preview(report: Report) -> Preview {
    let pixels = match report.pixels {
        Pixels::Untouched => "The pixels stay as they are.",
        Pixels::Scrubbed => "Texts between or behind the pixels are blanked; the pixels stay as they are.",
        Pixels::BlackedOut => "Regions of the image are blacked out.",
    };
    Preview {
        profile: report.profile,
        pseudonym: report.pseudonym,
        held_back: String::new(),
        pixels: pixels.to_owned(),
        changes_left_out: report.changes.len().saturating_sub(CHANGES) as u64,
        changes: report.changes.into_iter().take(CHANGES).map(line).collect(),
    }
}

fn line(change: Change) -> PreviewChange {
    PreviewChange {
        path: change.path_text(),
        keyword: change.keyword().to_owned(),
        what: change.what.as_str().to_owned(),
        why: change.why.as_str().to_owned(),
        old: change.old,
        new: change.new,
    }
}
