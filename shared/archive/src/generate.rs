//! Synthetic studies: deterministic, of several modalities, with the odd things that real archives hold. No real patient is in them.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use adit_deid::part10::file_meta;
use sha2::{Digest, Sha256};

use crate::write::DataSet;

/// Explicit VR little endian.
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
/// RLE lossless.
const RLE: &str = "1.2.840.10008.1.2.5";

/// A study to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudySpec {
    /// Patient ID.
    pub patient_id: String,
    /// Patient's Name, encoded in `charset`.
    pub patient_name: Vec<u8>,
    /// Specific Character Set; empty: left out.
    pub charset: String,
    /// `YYYYMMDD`, or empty.
    pub birth_date: String,
    /// `M`, `F` or `O`.
    pub sex: String,
    /// `YYYYMMDD`, or empty.
    pub study_date: String,
    /// `HHMMSS`, or empty.
    pub study_time: String,
    /// Study Description.
    pub description: String,
    /// Accession Number.
    pub accession_number: String,
    /// The series.
    pub series: Vec<SeriesSpec>,
}

/// A series to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesSpec {
    /// Modality.
    pub modality: String,
    /// Series Description.
    pub description: String,
    /// Instances.
    pub instances: usize,
    /// Rows and columns of images; documents ignore it.
    pub size: u16,
    /// Written in RLE lossless.
    pub rle: bool,
}

impl SeriesSpec {
    /// A series of uncompressed images or documents.
    #[must_use]
    pub fn new(modality: &str, description: &str, instances: usize, size: u16) -> Self {
        Self { modality: modality.into(), description: description.into(), instances, size, rle: false }
    }
}

impl StudySpec {
    /// A plain CT study of one series.
    #[must_use]
    pub fn ct(patient_id: &str, name: &str, instances: usize, size: u16) -> Self {
        Self {
            patient_id: patient_id.into(),
            patient_name: name.as_bytes().to_vec(),
            charset: "ISO_IR 192".into(),
            birth_date: "19610203".into(),
            sex: "F".into(),
            study_date: "20240301".into(),
            study_time: "101112".into(),
            description: "CT Thorax".into(),
            accession_number: format!("A-{patient_id}"),
            series: vec![SeriesSpec::new("CT", "Axial", instances, size)],
        }
    }

    /// Its Study Instance UID.
    #[must_use]
    pub fn study_instance_uid(&self) -> String {
        uid(&[&self.patient_id, &self.accession_number, &self.description])
    }

    /// Series Instance UID of the series at `place`.
    #[must_use]
    pub fn series_instance_uid(&self, place: usize) -> String {
        uid(&[&self.study_instance_uid(), &place.to_string()])
    }

    /// SOP Instance UID of an instance.
    #[must_use]
    pub fn sop_instance_uid(&self, series: usize, instance: usize) -> String {
        uid(&[&self.series_instance_uid(series), &instance.to_string()])
    }
}

/// A UID of the 2.25 form, the same for the same parts.
fn uid(parts: &[&str]) -> String {
    let hash = Sha256::digest(parts.join("\u{1}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    format!("2.25.{}", u128::from_be_bytes(bytes))
}

fn sop_class(modality: &str) -> &'static str {
    match modality {
        "CT" => "1.2.840.10008.5.1.4.1.1.2",
        "MR" => "1.2.840.10008.5.1.4.1.1.4",
        "CR" => "1.2.840.10008.5.1.4.1.1.1",
        "US" => "1.2.840.10008.5.1.4.1.1.6.1",
        "SR" => "1.2.840.10008.5.1.4.1.1.88.11",
        "KO" => "1.2.840.10008.5.1.4.1.1.88.59",
        "DOC" => "1.2.840.10008.5.1.4.1.1.104.1",
        _ => "1.2.840.10008.5.1.4.1.1.7",
    }
}

/// Writes a study below `dir`; answers with the paths of its files.
pub fn write_study(spec: &StudySpec, dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for (place, series) in spec.series.iter().enumerate() {
        let folder = dir.join(spec.study_instance_uid()).join(place.to_string());
        fs::create_dir_all(&folder)?;
        for instance in 0..series.instances {
            let path = folder.join(format!("{instance:05}.dcm"));
            fs::write(&path, object(spec, place, instance))?;
            paths.push(path);
        }
    }
    Ok(paths)
}

/// One object as a file's bytes.
#[must_use]
pub fn object(spec: &StudySpec, place: usize, instance: usize) -> Vec<u8> {
    let series = &spec.series[place];
    let syntax = if series.rle { RLE } else { EXPLICIT };
    let mut all =
        file_meta(sop_class(&series.modality), &spec.sop_instance_uid(place, instance), syntax, "2.25.1", "SYNTHETIC");
    let mut data = header(spec, place, instance);
    match series.modality.as_str() {
        "SR" | "KO" => {
            data.text(0x0040_A040, "CS", "CONTAINER").text(0x0040_A050, "CS", "SEPARATE");
        }
        "DOC" => {
            data.text(0x0042_0010, "ST", "Report").put(0x0042_0011, "OB", b"%PDF-1.4 synthetic").text(
                0x0042_0012,
                "LO",
                "application/pdf",
            );
        }
        _ => image(&mut data, series, instance),
    }
    all.extend_from_slice(&data.0);
    all
}

fn header(spec: &StudySpec, place: usize, instance: usize) -> DataSet {
    let series = &spec.series[place];
    let mut data = DataSet::default();
    if !spec.charset.is_empty() {
        data.text(0x0008_0005, "CS", &spec.charset);
    }
    let mut referenced = DataSet::default();
    referenced.text(0x0008_1150, "UI", sop_class(&series.modality)).text(
        0x0008_1155,
        "UI",
        &spec.sop_instance_uid(place, 0),
    );
    data.text(0x0008_0008, "CS", "ORIGINAL\\PRIMARY")
        .text(0x0008_0016, "UI", sop_class(&series.modality))
        .text(0x0008_0018, "UI", &spec.sop_instance_uid(place, instance))
        .text(0x0008_0020, "DA", &spec.study_date)
        .text(0x0008_0021, "DA", &spec.study_date)
        .text(0x0008_0030, "TM", &spec.study_time)
        .text(0x0008_0050, "SH", &spec.accession_number)
        .text(0x0008_0060, "CS", &series.modality)
        .text(0x0008_0070, "LO", "Synthetic")
        .text(0x0008_0080, "LO", "Demo Hospital")
        .text(0x0008_0090, "PN", "Referrer^Rita")
        .text(0x0008_1030, "LO", &spec.description)
        .text(0x0008_103E, "LO", &series.description)
        .sequence(0x0008_1140, &[referenced])
        .text(0x0009_0010, "LO", "ADIT SYNTHETIC")
        .text(0x0009_1001, "LO", "private text of the demo")
        .put(0x0010_0010, "PN", &spec.patient_name)
        .text(0x0010_0020, "LO", &spec.patient_id)
        .text(0x0010_0030, "DA", &spec.birth_date)
        .text(0x0010_0040, "CS", &spec.sex)
        .text(0x0010_1040, "LO", "1 Demo Street")
        .text(0x0020_000D, "UI", &spec.study_instance_uid())
        .text(0x0020_000E, "UI", &spec.series_instance_uid(place))
        .text(0x0020_0010, "SH", "1")
        .text(0x0020_0011, "IS", &(place + 1).to_string())
        .text(0x0020_0013, "IS", &(instance + 1).to_string())
        .text(0x0020_0052, "UI", &uid(&[&spec.study_instance_uid(), "frame"]));
    data
}

fn image(data: &mut DataSet, series: &SeriesSpec, instance: usize) {
    let size = series.size;
    data.number(0x0028_0002, 1)
        .text(0x0028_0004, "CS", "MONOCHROME2")
        .number(0x0028_0010, size)
        .number(0x0028_0011, size)
        .number(0x0028_0100, 16)
        .number(0x0028_0101, 12)
        .number(0x0028_0102, 11)
        .number(0x0028_0103, 0);
    let pixels = pattern(size, instance);
    if series.rle {
        let frame = rle(&pixels);
        data.head(0x7FE0_0010, "OB", u32::MAX);
        data.head(0xFFFE_E000, "", 0);
        data.head(0xFFFE_E000, "", u32::try_from(frame.len()).unwrap_or(0));
        data.0.extend_from_slice(&frame);
        data.head(0xFFFE_E0DD, "", 0);
    } else {
        data.put(0x7FE0_0010, "OW", &pixels);
    }
}

/// A gradient with a ring that moves from image to image.
fn pattern(size: u16, instance: usize) -> Vec<u8> {
    let n = u32::from(size.max(1));
    let radius = n / 4 + u32::try_from(instance).unwrap_or(0) % (n / 8).max(1);
    let mut pixels = Vec::with_capacity((n * n * 2) as usize);
    for y in 0..n {
        for x in 0..n {
            let (dx, dy) = (x.abs_diff(n / 2), y.abs_diff(n / 2));
            let distance = dx * dx + dy * dy;
            let on_ring = distance.abs_diff(radius * radius) < n * 2;
            let value = if on_ring { 3000 } else { (x + y) * 2000 / (2 * n) };
            pixels.extend_from_slice(&(u16::try_from(value).unwrap_or(0)).to_le_bytes());
        }
    }
    pixels
}

/// RLE lossless of one 16-bit frame (PS3.5 Annex G): two segments, high bytes first, as literal runs.
fn rle(pixels: &[u8]) -> Vec<u8> {
    let segments: Vec<Vec<u8>> = [1, 0]
        .iter()
        .map(|offset| {
            let plane: Vec<u8> = pixels.iter().skip(*offset).step_by(2).copied().collect();
            let mut segment: Vec<u8> = plane
                .chunks(128)
                .flat_map(|run| std::iter::once(u8::try_from(run.len() - 1).unwrap_or(0)).chain(run.iter().copied()))
                .collect();
            if segment.len() % 2 == 1 {
                segment.push(0x80);
            }
            segment
        })
        .collect();
    let mut frame = vec![0; 64];
    frame[0..4].copy_from_slice(&2_u32.to_le_bytes());
    frame[4..8].copy_from_slice(&64_u32.to_le_bytes());
    frame[8..12].copy_from_slice(&u32::try_from(64 + segments[0].len()).unwrap_or(0).to_le_bytes());
    segments.iter().for_each(|segment| frame.extend_from_slice(segment));
    frame
}

/// Writes one object of about `bytes` bytes of pixels without holding it in memory.
pub fn write_huge(spec: &StudySpec, bytes: u64, path: &Path) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(path)?);
    file.write_all(&file_meta(sop_class("CT"), &spec.sop_instance_uid(0, 0), EXPLICIT, "2.25.1", "SYNTHETIC"))?;
    let mut data = header(spec, 0, 0);
    data.number(0x0028_0002, 1)
        .number(0x0028_0010, 1024)
        .number(0x0028_0011, 1024)
        .number(0x0028_0100, 16)
        .number(0x0028_0101, 16)
        .number(0x0028_0102, 15)
        .number(0x0028_0103, 0);
    let even = bytes & !1;
    data.head(0x7FE0_0010, "OW", u32::try_from(even).unwrap_or(u32::MAX - 1));
    file.write_all(&data.0)?;
    let block: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let mut left = even;
    while left > 0 {
        let take = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.write_all(&block[..take])?;
        left -= take as u64;
    }
    file.flush()
}
