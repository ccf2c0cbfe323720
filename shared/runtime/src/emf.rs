//! Metrics as log lines in CloudWatch's embedded metric format (EMF): the recorder behind the facade `metrics` in the cloud home.
//!
//! Nothing is sent anywhere: a flush writes one JSON line per set of labels to standard output, where the log's collector finds it.
//! A process without this recorder (`adit serve`) pays nothing for its metrics. Which metrics there are: docs/LOGGING.md.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

/// Values of a histogram per flush at most, as the format allows. Of more an even selection is kept.
const SAMPLES: usize = 100;

/// The recorder. Cheap to clone.
#[derive(Clone)]
pub struct Emf {
    namespace: Arc<str>,
    known: Arc<Mutex<HashMap<Key, Metric>>>,
}

#[derive(Clone)]
enum Metric {
    Counter(Arc<Sum>),
    Gauge(Arc<Last>),
    Histogram(Arc<Samples>),
}

/// What was added since the last flush.
#[derive(Default)]
struct Sum(AtomicU64);

/// The newest value since the last flush.
#[derive(Default)]
struct Last(Mutex<Option<f64>>);

/// An even selection of the values since the last flush: every `stride`th.
struct Samples(Mutex<Selection>);

struct Selection {
    values: Vec<f64>,
    stride: u64,
    seen: u64,
}

impl Emf {
    /// Makes the recorder the process's own; metrics stand under `namespace` (such as `ADIT`).
    ///
    /// # Errors
    /// There is a recorder already.
    pub fn install(namespace: &str) -> Result<Self, String> {
        let emf = Self::new(namespace);
        metrics::set_global_recorder(emf.clone()).map_err(|error| error.to_string())?;
        Ok(emf)
    }

    fn new(namespace: &str) -> Self {
        Self { namespace: namespace.into(), known: Arc::default() }
    }

    /// Writes everything since the last flush to standard output.
    pub fn flush(&self) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut out = std::io::stdout().lock();
        for line in self.lines(since.as_millis()) {
            // A process whose output is closed has nobody to tell.
            let _ = writeln!(out, "{line}");
        }
        let _ = out.flush();
    }

    /// Flushes every so often until `stop`, and once more then.
    pub async fn flush_every(&self, interval: Duration, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                () = stop.cancelled() => {}
            }
            self.flush();
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Key, Metric>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One line per set of labels that has something to say.
    fn lines(&self, now_ms: u128) -> Vec<String> {
        let mut sets: BTreeMap<Vec<(String, String)>, BTreeMap<String, Value>> = BTreeMap::new();
        for (key, metric) in self.known().iter() {
            let value = match metric {
                Metric::Counter(sum) => Some(sum.0.swap(0, Ordering::Relaxed)).filter(|sum| *sum > 0).map(Value::from),
                Metric::Gauge(last) => last.take().map(Value::from),
                Metric::Histogram(samples) => Some(samples.take()).filter(|all| !all.is_empty()).map(Value::from),
            };
            if let Some(value) = value {
                let labels = key.labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect();
                sets.entry(labels).or_default().insert(key.name().to_owned(), value);
            }
        }
        sets.into_iter().map(|(labels, values)| self.line(now_ms, labels, values)).collect()
    }

    fn line(&self, now_ms: u128, labels: Vec<(String, String)>, values: BTreeMap<String, Value>) -> String {
        let dimensions: Vec<&str> = labels.iter().map(|(name, _)| name.as_str()).collect();
        let metrics: Vec<Value> = values.keys().map(|name| json!({ "Name": name, "Unit": unit(name) })).collect();
        let directive = json!({ "Namespace": &*self.namespace, "Dimensions": [dimensions], "Metrics": metrics });
        let now_ms = u64::try_from(now_ms).unwrap_or(u64::MAX);
        let mut line = Map::new();
        line.insert("_aws".into(), json!({ "Timestamp": now_ms, "CloudWatchMetrics": [directive] }));
        line.extend(labels.into_iter().map(|(name, value)| (name, Value::from(value))));
        line.extend(values);
        Value::Object(line).to_string()
    }
}

/// The unit stands in the name, as everywhere in ADIT.
fn unit(name: &str) -> &'static str {
    match name {
        _ if name.ends_with("_seconds") => "Seconds",
        _ if name.starts_with("bytes_") => "Bytes",
        _ => "Count",
    }
}

impl Recorder for Emf {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match self.known().entry(key.clone()).or_insert_with(|| Metric::Counter(Arc::default())) {
            Metric::Counter(sum) => Counter::from_arc(Arc::clone(sum)),
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        match self.known().entry(key.clone()).or_insert_with(|| Metric::Gauge(Arc::default())) {
            Metric::Gauge(last) => Gauge::from_arc(Arc::clone(last)),
            _ => Gauge::noop(),
        }
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match self.known().entry(key.clone()).or_insert_with(|| Metric::Histogram(Arc::default())) {
            Metric::Histogram(samples) => Histogram::from_arc(Arc::clone(samples)),
            _ => Histogram::noop(),
        }
    }
}

impl CounterFn for Sum {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.0.fetch_max(value, Ordering::Relaxed);
    }
}

impl Last {
    fn take(&self) -> Option<f64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn change(&self, change: impl FnOnce(f64) -> f64) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(change(last.unwrap_or_default()));
    }
}

impl GaugeFn for Last {
    fn increment(&self, value: f64) {
        self.change(|last| last + value);
    }

    fn decrement(&self, value: f64) {
        self.change(|last| last - value);
    }

    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

impl Default for Samples {
    fn default() -> Self {
        Self(Mutex::new(Selection::default()))
    }
}

impl Default for Selection {
    fn default() -> Self {
        Self { values: Vec::new(), stride: 1, seen: 0 }
    }
}

impl Samples {
    fn take(&self) -> Vec<f64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).values
    }
}

impl HistogramFn for Samples {
    fn record(&self, value: f64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = kept.seen;
        kept.seen += 1;
        if !number.is_multiple_of(kept.stride) {
            return;
        }
        if kept.values.len() == SAMPLES {
            let mut place = 0;
            kept.values.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            kept.stride *= 2;
            if !number.is_multiple_of(kept.stride) {
                return;
            }
        }
        // Milliseconds are enough, and keep the line short.
        kept.values.push((value * 1000.0).round() / 1000.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(emf: &Emf) -> Vec<Value> {
        emf.lines(1_700_000_000_123).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_flush_writes_what_has_happened_since_the_last_one() {
        let emf = Emf::new("ADIT");
        metrics::with_local_recorder(&emf, || {
            metrics::counter!("bytes_moved").increment(5);
            metrics::counter!("bytes_moved").increment(7);
            metrics::counter!("instances_moved").increment(1);
            metrics::gauge!("queue_depth", "lane" => "bridge", "band" => "urgent").set(3.0);
            metrics::histogram!("dimse_seconds", "node" => "N", "service" => "C-STORE").record(0.250_04);
        });
        let lines = parsed(&emf);
        assert_eq!(lines.len(), 3, "one for each set of labels: {lines:?}");
        let plain = lines.iter().find(|line| line.get("bytes_moved").is_some()).unwrap();
        assert_eq!((&plain["bytes_moved"], &plain["instances_moved"]), (&json!(12), &json!(1)));
        let directive = &plain["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(plain["_aws"]["Timestamp"], json!(1_700_000_000_123_u64));
        assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!("ADIT"), &json!([[]])));
        assert_eq!(directive["Metrics"][0], json!({ "Name": "bytes_moved", "Unit": "Bytes" }));
        let queue = lines.iter().find(|line| line.get("queue_depth").is_some()).unwrap();
        assert_eq!(
            (&queue["lane"], &queue["band"], &queue["queue_depth"]),
            (&json!("bridge"), &json!("urgent"), &json!(3.0))
        );
        let dimse = lines.iter().find(|line| line.get("dimse_seconds").is_some()).unwrap();
        assert_eq!(dimse["dimse_seconds"], json!([0.25]));
        assert_eq!(dimse["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"], json!("Seconds"));
        assert!(parsed(&emf).is_empty(), "nothing has happened since");
    }

    #[test]
    fn of_many_values_an_even_selection_is_kept() {
        let emf = Emf::new("ADIT");
        metrics::with_local_recorder(&emf, || {
            let histogram = metrics::histogram!("dimse_seconds");
            (0..100_000).for_each(|n| histogram.record(f64::from(n)));
        });
        let lines = parsed(&emf);
        let values: Vec<f64> = serde_json::from_value(lines[0]["dimse_seconds"].clone()).unwrap();
        assert!((SAMPLES / 2..=SAMPLES).contains(&values.len()));
        let step = values[1] - values[0];
        assert!(values.windows(2).all(|pair| (pair[1] - pair[0] - step).abs() < 1e-9), "{values:?}");
        assert!(values[values.len() - 1] > 95_000.0);
    }
}
