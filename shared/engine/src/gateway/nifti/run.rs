//! A conversion from its beginning until it is forgotten.

use std::sync::Arc;
use std::time::Duration;

use tokio::fs;

use super::super::idle::{GRACE, unread_for};
use super::super::retrieval::Key;
use super::Ask;
use super::conversion::Conversion;
use super::intake::take_in;
use super::reader::lost;
use crate::nifti::{self, Converted, Output, Outputs};
use crate::transfer::UNKNOWN;
use crate::{Engine, Refusal};

/// The file that names what could not be converted; it comes last.
const WARNINGS: &str = "nifti-warnings.txt";
/// Where the images wait, below the conversion's folder.
const INPUT: &str = "in";
/// Where the converter writes.
const OUTPUT: &str = "out";

impl Engine {
    /// Converts for whoever reads, waits for those who ask again, and tidies up.
    pub(super) async fn convert_for_readers(self, key: Key, ask: Ask, conversion: Arc<Conversion>) {
        let limits = ask.source.node.config.server().map(|server| server.limits).unwrap_or_default();
        let most = u64::from(limits.cache_mb) << 20;
        let result = tokio::select! {
            result = self.convert(ask, &conversion, most) => result,
            () = unread_for(conversion.changes(), || conversion.idle_since(), GRACE) => Err(lost()),
        };
        // Who asks again after a failure begins anew; who reads now hears of it.
        if let Err(refusal) = &result {
            tracing::info!(conversion = %conversion.id, reason = refusal.body.detail, "a conversion has failed");
            self.0.conversions.remove(&key, &conversion);
        }
        if let Some(folder) = conversion.folder() {
            // What is left of it after a failure.
            let _ = fs::remove_dir_all(folder.path().join(INPUT)).await;
        }
        conversion.end(result);
        let keep = Duration::from_secs(u64::from(limits.cache_s)).max(Duration::from_secs(1));
        loop {
            unread_for(conversion.changes(), || conversion.idle_since(), keep).await;
            self.0.conversions.remove(&key, &conversion);
            // Somebody may have come in the moment before.
            if conversion.idle_since().is_some() {
                break;
            }
        }
    }

    async fn convert(&self, ask: Ask, conversion: &Conversion, most: u64) -> Result<(), Refusal> {
        let conversions = &self.0.conversions;
        let _slot = conversions.slots.try_acquire().map_err(|_| busy())?;
        nifti::check().await?;
        let folder = self.0.converter.scratch.folder().await.map_err(nifti::refusal)?;
        let place = folder.path().to_owned();
        conversion.keep(folder);
        fs::create_dir(place.join(OUTPUT)).await.map_err(nifti::refusal)?;
        let mut reader = self.read_from(&ask.actor, ask.source, ask.wish).await?;
        tracing::info!(conversion = %conversion.id, retrieval = %reader.retrieval(), "a conversion begins");
        conversion.learn(reader.known().await?);
        let all = take_in(reader, &place.join(INPUT), most).await?;
        if all.is_empty() {
            return Err(Refusal::absent(
                "There are no images in it that could be converted to NIfTI, only reports and the like.",
            ));
        }
        let mut outputs = Outputs::new(place.join(OUTPUT));
        let (mut files, mut warnings) = (0, Vec::new());
        for (number, series) in all.iter().enumerate() {
            if series.is_doubtful {
                tracing::warn!(conversion = %conversion.id, series = number + 1, "a series may lack images and was not converted");
                warnings.push(format!("{}: {UNKNOWN}", series.name));
                continue;
            }
            let converted = nifti::convert(&series.folder, &mut outputs, most).await.map_err(nifti::refusal)?;
            let Converted { files: ready, trouble, .. } = converted;
            if let Some(why) = trouble {
                // The name of a series may say who the patient is.
                tracing::warn!(conversion = %conversion.id, series = number + 1, why, "a series was not converted");
                warnings.push(format!("{}: {why}", series.name));
            }
            files += ready.len();
            conversion.add(ready);
        }
        if files == 0 {
            let sentence = format!("Nothing of this can be converted to NIfTI. {}.", warnings.join("; "));
            let may_lack = all.iter().any(|series| series.is_doubtful);
            return Err(if may_lack { Refusal::peer(sentence) } else { Refusal::absent(sentence) });
        }
        if !warnings.is_empty() {
            let text = format!("Not everything could be converted to NIfTI.\n\n{}\n", warnings.join("\n"));
            let (path, size) = (place.join(WARNINGS), text.len() as u64);
            fs::write(&path, text).await.map_err(nifti::refusal)?;
            conversion.add(vec![Output { name: WARNINGS.to_owned(), path, size }]);
        }
        Ok(())
    }
}

fn busy() -> Refusal {
    Refusal::unavailable(
        "Other conversions to NIfTI are running here, as many as can at once. Try again when one has ended.",
    )
}
