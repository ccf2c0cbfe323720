//! DICOM files out of metadata and the values beside them. Each goes the way of a file that came as a part.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;

use adit_deid::part10::file_meta;
use adit_dicomweb::accept::MediaType;
use adit_dicomweb::json::{Elsewhere, Instance, Piece, element_header};
use adit_dicomweb::pixels::{is_video, transfer_syntax};
use adit_dicomweb::store::reason;
use adit_dimse::uids::EXPLICIT_VR_LITTLE_ENDIAN;
use adit_dimse::{IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, Tag};
use adit_domain::Uid;
use adit_pixels::encapsulated::is_encapsulated;
use adit_store::staging::StagingError;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::metadata::{LARGE, Metadata};
use super::{Fate, FateEnd, Store, pieces};
use crate::peers::Content;

/// Bytes read at once.
const READ: usize = 256 << 10;
/// Files may hold so many times the values that came, and a little more.
const MULTIPLE: u64 = 16;
const FLOOR: u64 = 256 << 20;
/// Stretches of all files together at most.
const STRETCHES: usize = 2_000_000;
/// Length of what ends with a delimiter.
const UNDEFINED: u32 = u32::MAX;
const SEQUENCE_END: [u8; 8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];

/// A value in the spool.
#[derive(Clone)]
pub(super) struct Beside {
    pub content: Content,
    pub kind: MediaType,
}

/// What is to be put together.
#[derive(Default)]
pub(super) struct Assembly {
    pub metadata: Metadata,
    /// Instances of the metadata.
    pub count: usize,
    /// Their studies.
    pub studies: BTreeSet<String>,
    /// By their addresses; several of one address are frames in their order.
    pub values: HashMap<String, Vec<Beside>>,
    /// Addresses of which something was lost.
    pub lost: HashSet<String>,
}

/// How much may be made of what came: a value may be named again and again.
struct Budget {
    bytes: u64,
    stretches: usize,
}

impl Budget {
    fn of(assembly: &Assembly) -> Self {
        let beside: u64 = assembly.values.values().flatten().filter_map(|value| value.content.size()).sum();
        Self { bytes: beside.saturating_mul(MULTIPLE) + FLOOR, stretches: STRETCHES }
    }

    /// Takes its share; the error: there is no more.
    fn take(&mut self, parts: &[&Beside]) -> Result<(), u16> {
        let bytes: u64 = parts.iter().filter_map(|part| part.content.size()).sum();
        let left = self.bytes.checked_sub(bytes).zip(self.stretches.checked_sub(3 * parts.len()));
        (self.bytes, self.stretches) = left.ok_or(reason::OUT_OF_RESOURCES)?;
        Ok(())
    }
}

/// A stretch of a file.
enum Stretch {
    Bytes(Vec<u8>),
    /// So many bytes more of what was laid aside.
    Aside(u64),
    Spooled(Content),
}

impl Store {
    /// Puts together what came apart, instance by instance, and sends it on.
    pub(super) async fn assemble(&mut self) {
        let assembly = std::mem::take(&mut self.assembly);
        let mut budget = Budget::of(&assembly);
        let mut texts = assembly.metadata.read(&self.engine.0.stores);
        loop {
            match texts.next().await {
                Ok(Some(instance)) => match file(&instance, &assembly, &mut budget) {
                    Ok(stretches) => {
                        drop(instance);
                        match self.lay_aside(stretches).await {
                            Ok((stretches, aside)) => {
                                // Values may be long, and nobody is to wait for them.
                                texts.let_go();
                                self.put(stretches, aside).await;
                            }
                            Err(error) => {
                                let number = self.fates.len();
                                self.fates.push(Fate::default());
                                self.not_spooled(number, &error);
                            }
                        }
                    }
                    Err(reason) => self.refuse(&instance, reason),
                },
                Ok(None) => break,
                Err(error) => {
                    // They were understood before. What is missing cannot be named.
                    tracing::error!(error = %error, "spooled metadata cannot be read again");
                    self.fates.push(Fate { end: FateEnd::Failed(reason::OUT_OF_RESOURCES), ..Fate::default() });
                    break;
                }
            }
        }
    }

    /// Puts bytes of a large instance into the spool, one behind the other, so that they are not in memory while its values are copied.
    async fn lay_aside(
        &mut self,
        mut stretches: Vec<Stretch>,
    ) -> Result<(Vec<Stretch>, Option<Content>), StagingError> {
        let in_memory = |stretch: &Stretch| if let Stretch::Bytes(bytes) = stretch { bytes.len() } else { 0 };
        if stretches.iter().map(in_memory).sum::<usize>() < LARGE {
            return Ok((stretches, None));
        }
        let mut pieces = self.spool.begin(&format!("aside-{}", self.fates.len())).await?;
        for stretch in &mut stretches {
            if let Stretch::Bytes(bytes) = stretch {
                if let Err(error) = pieces.write(bytes).await {
                    pieces.abort().await;
                    return Err(error);
                }
                *stretch = Stretch::Aside(bytes.len() as u64);
            }
        }
        Ok((stretches, Some(pieces.commit().await?)))
    }

    async fn put(&mut self, stretches: Vec<Stretch>, aside: Option<Content>) {
        let mut held = aside.as_ref().map(|content| content.open(0));
        self.begin().await;
        let mut copied = Ok(());
        for stretch in stretches {
            copied = match (stretch, &mut held) {
                (Stretch::Bytes(bytes), _) => {
                    self.write(&bytes).await;
                    Ok(())
                }
                (Stretch::Aside(length), Some(held)) => self.copy(held.take(length)).await,
                (Stretch::Aside(_), None) => Err(io::ErrorKind::NotFound.into()),
                (Stretch::Spooled(content), _) => self.copy(content.open(0)).await,
            };
            if copied.is_err() {
                break;
            }
        }
        match copied {
            Ok(()) => self.end().await,
            Err(error) => {
                tracing::error!(error = %error, "a spooled value cannot be read");
                self.abort().await;
            }
        }
        if let Some(aside) = aside {
            pieces::remove(&self.engine.0.ports.staging, &aside).await;
        }
    }

    async fn copy(&mut self, mut source: impl AsyncRead + Unpin) -> io::Result<()> {
        let mut piece = vec![0; READ];
        loop {
            match source.read(&mut piece).await? {
                0 => return Ok(()),
                read => self.write(&piece[..read]).await,
            }
        }
    }

    fn refuse(&mut self, instance: &Instance, reason: u16) {
        let uid = |text: &str| Uid::parse(text).map(|uid| uid.to_string()).unwrap_or_default();
        self.fates.push(Fate {
            sop_class_uid: uid(&instance.sop_class_uid),
            sop_instance_uid: uid(&instance.sop_instance_uid),
            end: FateEnd::Failed(reason),
            ..Fate::default()
        });
    }
}

/// A file from its preamble to its last byte; the error is the reason why there is none.
fn file(instance: &Instance, assembly: &Assembly, budget: &mut Budget) -> Result<Vec<Stretch>, u16> {
    let pieces = instance.pieces.as_deref().map_err(|error| {
        tracing::info!(reason = %error, "metadata cannot be understood");
        reason::CANNOT_UNDERSTAND
    })?;
    let mut syntax = EXPLICIT_VR_LITTLE_ENDIAN.to_owned();
    let mut stretches = vec![Stretch::Bytes(Vec::new())];
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => stretches.push(Stretch::Bytes(bytes.clone())),
            Piece::Elsewhere(value) => {
                let found = find(assembly, &value.address).ok_or(reason::VALUE_MISSING)?;
                if value.is_pixels {
                    syntax = common_syntax(&found)?;
                }
                let is_compressed = value.is_pixels && is_encapsulated(&syntax);
                let frames = instance.frames as usize;
                // Frames come one by one; what is not compressed may come as one part. Everything else is one value.
                let wanted = match (value.is_pixels, is_compressed) {
                    (true, true) if !is_video(&syntax) => frames,
                    (true, false) if found.len() > 1 => frames,
                    _ => 1,
                };
                match found.len().cmp(&wanted) {
                    Ordering::Less => return Err(reason::VALUE_MISSING),
                    Ordering::Equal => {}
                    Ordering::Greater => return Err(reason::CANNOT_UNDERSTAND),
                }
                budget.take(&found)?;
                if is_compressed {
                    encapsulated(&found, &mut stretches)?;
                } else {
                    native(value, &found, &mut stretches)?;
                }
            }
        }
    }
    let (class, uid) = (&instance.sop_class_uid, &instance.sop_instance_uid);
    let meta = file_meta(class, uid, &syntax, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME);
    stretches[0] = Stretch::Bytes(meta);
    Ok(stretches)
}

/// The parts of an address, or of its frames: `address/frames/1` and so on.
fn find<'a>(assembly: &'a Assembly, address: &str) -> Option<Vec<&'a Beside>> {
    let Assembly { values, lost, .. } = assembly;
    let below = format!("{address}/frames/");
    if lost.contains(address) || lost.iter().any(|lost| lost.starts_with(&below)) {
        return None;
    }
    if let Some(found) = values.get(address) {
        return Some(found.iter().collect());
    }
    let frame = |number: usize| values.get(&format!("{below}{number}"));
    let frames: Vec<&Beside> = (1..).map_while(frame).flatten().collect();
    (!frames.is_empty()).then_some(frames)
}

fn common_syntax(parts: &[&Beside]) -> Result<String, u16> {
    let mut all = parts.iter().map(|part| transfer_syntax(&part.kind).ok_or(reason::SYNTAX_NOT_SUPPORTED));
    let first = all.next().unwrap_or(Err(reason::VALUE_MISSING))?;
    for other in all {
        if other? != first {
            return Err(reason::SYNTAX_NOT_SUPPORTED);
        }
    }
    Ok(first)
}

/// A value as it is, several parts one behind the other.
fn native(value: &Elsewhere, parts: &[&Beside], out: &mut Vec<Stretch>) -> Result<(), u16> {
    let total: u64 = parts.iter().filter_map(|part| part.content.size()).sum();
    // Pixels are words or bytes, whatever the metadata call them.
    let is_named = !value.is_pixels || matches!(&value.tag.2, b"OB" | b"OW");
    let tag = if is_named { value.tag } else { Tag(value.tag.0, value.tag.1, *b"OW") };
    out.push(Stretch::Bytes(element_header(tag, even(total)?)));
    out.extend(parts.iter().map(|part| Stretch::Spooled(part.content.clone())));
    pad(total, out);
    Ok(())
}

/// Frames, each in a fragment of its own, behind an empty Basic Offset Table (PS3.5 A.4).
fn encapsulated(parts: &[&Beside], out: &mut Vec<Stretch>) -> Result<(), u16> {
    let item = |length: u32| [&[0xFE, 0xFF, 0, 0xE0], &length.to_le_bytes()[..]].concat();
    let mut head = element_header(Tag(0x7FE0, 0x0010, *b"OB"), UNDEFINED);
    head.extend_from_slice(&item(0));
    out.push(Stretch::Bytes(head));
    for part in parts {
        let size = part.content.size().unwrap_or(0);
        out.push(Stretch::Bytes(item(even(size)?)));
        out.push(Stretch::Spooled(part.content.clone()));
        pad(size, out);
    }
    out.push(Stretch::Bytes(SEQUENCE_END.to_vec()));
    Ok(())
}

fn even(size: u64) -> Result<u32, u16> {
    let length = u32::try_from(size.next_multiple_of(2)).ok();
    length.filter(|length| *length != UNDEFINED).ok_or(reason::CANNOT_UNDERSTAND)
}

fn pad(size: u64, out: &mut Vec<Stretch>) {
    if size % 2 == 1 {
        out.push(Stretch::Bytes(vec![0]));
    }
}
