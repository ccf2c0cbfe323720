//! Images into folders, one for each series, no more than a request may have.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use adit_domain::transfer::is_document_class;
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;

use crate::Refusal;
use crate::gateway::retrieval::{Content, Reader};
use crate::nifti::refusal;

/// A series in its folder.
#[derive(Debug)]
pub(super) struct Series {
    /// As its folder would be called in a download: says no more than its images.
    pub name: String,
    pub folder: PathBuf,
    /// Nobody knows whether all of its images have come.
    pub is_doubtful: bool,
    images: usize,
}

/// Reads everything to its end, at most `most` bytes; series in the order of their numbers. Reports and the like, which hold no image, are
/// left out.
pub(super) async fn take_in(mut reader: Reader, folder: &Path, most: u64) -> Result<Vec<Series>, Refusal> {
    let (mut all, mut places, mut bytes) = (Vec::new(), HashMap::new(), 0);
    while let Some(part) = reader.next().await? {
        if is_document_class(&part.sop_class_uid) {
            continue;
        }
        bytes += part.size;
        if bytes > most {
            return Err(too_much(most));
        }
        let at = match places.get(&part.series) {
            Some(at) => *at,
            None => {
                places.insert(part.series.clone(), all.len());
                all.push(begin(&part.place, folder.join(all.len().to_string())).await?);
                all.len() - 1
            }
        };
        let series: &mut Series = &mut all[at];
        let path = series.folder.join(format!("{}.dcm", series.images));
        write(part.content, &path).await.map_err(refusal)?;
        series.images += 1;
    }
    for at in reader.doubtful().iter().filter_map(|series| places.get(series)) {
        all[*at].is_doubtful = true;
    }
    all.sort_by(|one: &Series, other| one.order().cmp(&other.order()));
    Ok(all)
}

impl Series {
    /// By its number, which its name begins with; those without one come last.
    fn order(&self) -> (u64, &str) {
        let number = self.name.split('-').next().and_then(|text| text.parse().ok());
        (number.unwrap_or(u64::MAX), &self.name)
    }
}

/// The folder of the series of what stands at this place.
async fn begin(place: &str, folder: PathBuf) -> Result<Series, Refusal> {
    fs::create_dir_all(&folder).await.map_err(refusal)?;
    let name = place.rsplit('/').nth(1).unwrap_or_default().to_owned();
    Ok(Series { name, folder, is_doubtful: false, images: 0 })
}

async fn write(content: Content, path: &Path) -> std::io::Result<()> {
    let mut file = File::create(path).await?;
    tokio::io::copy(&mut content.stream(), &mut file).await?;
    file.flush().await
}

fn too_much(most: u64) -> Refusal {
    Refusal::invalid(format!(
        "This is more than the {} MB that can be converted at once from this server. Ask for one series after the other.",
        most >> 20
    ))
}
