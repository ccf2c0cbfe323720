//! Many files at once. Files are read and rewritten in parallel and get their names in the order of the input, so that the result
//! is the same with every number of threads.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use adit_deid::{Instructions, Report};
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use super::Options;
use super::inputs::{self, Input};
use super::lines::{Line, Outcome};
use super::one::{NotWritten, rewrite};
use super::parts;

/// Files that may be finished out of order and wait for their names.
const AHEAD: usize = 64;

struct Done {
    index: usize,
    part: PathBuf,
    result: Result<Box<Report>, NotWritten>,
}

/// Where results go.
struct Place<'a> {
    output: &'a Path,
    is_folder: bool,
    instructions: &'a Instructions,
}

pub fn run(options: &Options, instructions: &Arc<Instructions>) -> Result<ExitCode> {
    let Some(output) = options.output.as_deref() else { bail!("say where the result goes") };
    inputs::check_output(&options.input, output)?;
    let all = inputs::of(&options.input)?;
    if all.is_empty() {
        bail!("{} holds no files", options.input.display());
    }
    let named_as_folder = output.as_os_str().as_encoded_bytes().ends_with(std::path::MAIN_SEPARATOR_STR.as_bytes());
    let is_folder = options.input.is_dir() || output.is_dir() || named_as_folder;
    if is_folder {
        std::fs::create_dir_all(output).with_context(|| format!("{} cannot be made", output.display()))?;
        parts::remove_left_over(output);
    } else if let Some(folder) = output.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        bail!("the folder {} is not there", folder.display());
    }
    let place = Place { output, is_folder, instructions };
    let mut report = match &options.report {
        Some(path) => {
            inputs::check_output(&options.input, path)?;
            let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
            Some(BufWriter::new(file))
        }
        None => None,
    };
    let threads = options.jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, usize::from);
    let counts = work(&all, &place, instructions, threads, &mut report)?;
    if let Some(report) = &mut report {
        report.flush().context("the report cannot be written")?;
    }
    println!("{} written, {} held back, {} refused", counts.written, counts.held_back, counts.refused);
    Ok(if counts.held_back + counts.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Default)]
struct Counts {
    written: usize,
    held_back: usize,
    refused: usize,
}

fn work(
    all: &[Input],
    place: &Place<'_>,
    instructions: &Arc<Instructions>,
    threads: usize,
    report: &mut Option<BufWriter<File>>,
) -> Result<Counts> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let bar = bar(all.len());
    let mut settling = Settling {
        all,
        place,
        report,
        bar: &bar,
        counts: Counts::default(),
        names: HashSet::new(),
        folders: HashSet::new(),
    };
    if threads == 1 {
        let mut buffer = Vec::new();
        for (index, input) in all.iter().enumerate() {
            let part = place.part(index);
            let result = write_part(&input.path, &part, instructions, &mut buffer);
            settling.settle(Done { index, part, result })?;
        }
        bar.finish_and_clear();
        return Ok(settling.counts);
    }
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel::<Done>(AHEAD);
        for _ in 0..threads.min(all.len()) {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            scope.spawn(move || {
                let mut buffer = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(input) = all.get(index) else { break };
                    let part = place.part(index);
                    let result = write_part(&input.path, &part, instructions, &mut buffer);
                    if sender.send(Done { index, part, result }).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let result = collect(&mut settling, &receiver);
        if result.is_err() {
            stop.store(true, Ordering::Relaxed);
            for done in receiver {
                let _ = std::fs::remove_file(done.part);
            }
        }
        bar.finish_and_clear();
        result.map(|()| settling.counts)
    })
}

fn write_part(
    input: &Path,
    part: &Path,
    instructions: &Arc<Instructions>,
    buffer: &mut Vec<u8>,
) -> Result<Box<Report>, NotWritten> {
    let result = File::create(part)
        .map_err(NotWritten::Output)
        .and_then(|mut file| rewrite(input, &mut file, instructions, buffer).map(Box::new));
    if result.is_err() {
        let _ = std::fs::remove_file(part);
    }
    result
}

/// Gives finished files their names, in the order of the input.
fn collect(settling: &mut Settling<'_>, receiver: &mpsc::Receiver<Done>) -> Result<()> {
    let mut waiting: BTreeMap<usize, Done> = BTreeMap::new();
    let mut turn = 0;
    for done in receiver {
        waiting.insert(done.index, done);
        while let Some(done) = waiting.remove(&turn) {
            turn += 1;
            if let Err(error) = settling.settle(done) {
                waiting.into_values().for_each(|done| drop(std::fs::remove_file(done.part)));
                return Err(error);
            }
        }
    }
    Ok(())
}

/// What becomes of finished files.
struct Settling<'a> {
    all: &'a [Input],
    place: &'a Place<'a>,
    report: &'a mut Option<BufWriter<File>>,
    bar: &'a ProgressBar,
    counts: Counts,
    /// Names given so far.
    names: HashSet<PathBuf>,
    /// Folders that are there.
    folders: HashSet<PathBuf>,
}

impl Settling<'_> {
    fn settle(&mut self, done: Done) -> Result<()> {
        let input = &self.all[done.index];
        let relative = input.relative.to_string_lossy();
        let line = self.place.settle(input, &relative, done, &mut self.names, &mut self.folders)?;
        let outcome = match line.outcome {
            Outcome::Written => {
                self.counts.written += 1;
                "written"
            }
            Outcome::HeldBack => {
                self.counts.held_back += 1;
                "held back"
            }
            Outcome::Refused => {
                self.counts.refused += 1;
                "refused"
            }
        };
        if let Some(reason) = &line.reason {
            // A hostile name must not steer the terminal.
            let name = relative.replace(|c: char| c.is_control(), "?");
            self.bar.suspend(|| eprintln!("{name}: {outcome}: {reason}"));
        }
        if let Some(report) = self.report {
            serde_json::to_writer(&mut *report, &line).context("the report cannot be written")?;
            writeln!(report).context("the report cannot be written")?;
        }
        self.bar.inc(1);
        Ok(())
    }
}

impl Place<'_> {
    fn part(&self, index: usize) -> PathBuf {
        let folder = if self.is_folder { self.output } else { self.output.parent().unwrap_or(Path::new("")) };
        parts::path(folder, index)
    }

    /// Where an instance goes. Folder names may name people: they become keyed hashes.
    fn name(&self, input: &Input, report: &Report) -> PathBuf {
        let mut path = PathBuf::new();
        for folder in input.relative.parent().into_iter().flat_map(Path::components) {
            let name = folder.as_os_str().to_string_lossy();
            path.push(
                self.instructions.deidentifier.as_ref().map_or_else(|| name.to_string(), |one| one.hashed(&name)),
            );
        }
        path.join(format!("{}.dcm", report.sop_instance_uid))
    }

    fn settle<'a>(
        &self,
        input: &Input,
        relative: &'a str,
        done: Done,
        names: &mut HashSet<PathBuf>,
        folders: &mut HashSet<PathBuf>,
    ) -> Result<Line<'a>> {
        let not_written = |outcome, reason| Ok(Line::not_written(relative, outcome, reason));
        let report = match done.result {
            Ok(report) => report,
            Err(NotWritten::HeldBack(reason)) => return not_written(Outcome::HeldBack, reason),
            Err(NotWritten::Refused(reason)) => return not_written(Outcome::Refused, reason),
            Err(NotWritten::Output(error)) => {
                return Err(error)
                    .with_context(|| format!("{} cannot be written (is the disk full?)", self.output.display()));
            }
        };
        let name = self.name(input, &report);
        if !names.insert(name.clone()) {
            let _ = std::fs::remove_file(&done.part);
            let reason = "another file of the same folder has the same SOP Instance UID";
            return not_written(Outcome::Refused, reason.to_owned());
        }
        let path = if self.is_folder { self.output.join(&name) } else { self.output.to_owned() };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folders.contains(*folder));
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
            folders.insert(folder.to_owned());
        }
        std::fs::rename(&done.part, &path).with_context(|| format!("{} cannot be written", path.display()))?;
        let output = if self.is_folder { name } else { path };
        Ok(Line::written(relative, &output, *report))
    }
}

fn bar(length: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files, {per_sec}, {eta} left");
    let bar = ProgressBar::new(length as u64);
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
