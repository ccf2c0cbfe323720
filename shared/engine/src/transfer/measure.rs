//! How long servers take and how often they fail, by node. Names of nodes stay out of it: whoever reads the metrics knows the ids.

use std::time::Instant;

use adit_dimse::DimseError;

use super::End;

impl End {
    /// Runs one DIMSE exchange with this end and records its time, or that it failed.
    pub async fn measured<T>(
        &self,
        service: &'static str,
        exchange: impl Future<Output = Result<T, DimseError>>,
    ) -> Result<T, DimseError> {
        let begun = Instant::now();
        let result = exchange.await;
        let node = || self.id.to_string();
        match &result {
            Ok(_) => {
                metrics::histogram!("dimse_seconds", "node" => node(), "service" => service)
                    .record(begun.elapsed().as_secs_f64());
            }
            Err(error) if !error.is_cancelled() => {
                metrics::counter!("association_errors", "node" => node()).increment(1);
            }
            Err(_) => {}
        }
        result
    }
}

/// The destination has an instance of so many bytes.
pub(super) fn moved(bytes: u64) {
    metrics::counter!("instances_moved").increment(1);
    metrics::counter!("bytes_moved").increment(bytes);
}
