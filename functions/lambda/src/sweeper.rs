//! `sweeper`: once a minute, what dead processes left behind is put right, and the queues are measured.
//!
//! One sweep per invocation is enough, and costs a fiftieth of an invocation that sweeps all the minute long: a dead worker's message
//! comes back by itself after 30 s and its lease is taken over then; the sweeper is the net below that.

use std::time::Duration;

use adit_engine::Engine;
use adit_store::queue::{Lane, WorkQueue};
use anyhow::{Context, Result};

use crate::budget::Budget;

/// Sweeps once, for at most `left`; what is not reached is reached the next time.
pub async fn sweep(engine: &Engine, queue: &dyn WorkQueue, left: Duration) -> Result<()> {
    let swept = tokio::time::timeout(Budget::of(left).work, engine.sweep()).await;
    // Measured also when the sweep failed: then they are wanted most.
    for lane in [Lane::Bridge, Lane::Worker] {
        match queue.depth(lane).await {
            Ok(depth) => {
                let name = if lane == Lane::Bridge { "bridge" } else { "worker" };
                gauge("queue_depth", name, "urgent", depth.urgent);
                gauge("queue_depth", name, "normal", depth.normal);
                gauge("queue_depth", name, "dead", depth.dead);
                metrics::gauge!("queue_age_seconds", "lane" => name).set(number(depth.oldest_age_seconds));
            }
            Err(error) => tracing::warn!(error = %error, "a queue could not be measured"),
        }
    }
    swept.context("the sweep took too long and goes on the next time")?.context("the sweep failed and is tried again")
}

fn gauge(name: &'static str, lane: &'static str, band: &'static str, value: u64) {
    metrics::gauge!(name, "lane" => lane, "band" => band).set(number(value));
}

#[expect(clippy::cast_precision_loss, reason = "a metric")]
fn number(value: u64) -> f64 {
    value as f64
}
