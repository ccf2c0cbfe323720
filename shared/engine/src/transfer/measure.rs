//! What is counted of the instances that move.

/// The destination has an instance of so many bytes.
pub(super) fn moved(bytes: u64) {
    metrics::counter!("instances_moved").increment(1);
    metrics::counter!("bytes_moved").increment(bytes);
}
