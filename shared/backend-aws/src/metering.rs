//! What is paid for, as counters of the facade `metrics`: a program that installs no recorder pays nothing for them.
//!
//! `aws_requests{service, operation}` counts every attempt, tries after failures too. `aws_dynamodb_half_units{kind}` counts read and write
//! request units in halves, because an eventually consistent read costs half of one.

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;

/// Counts the requests of a client.
#[derive(Debug)]
pub struct Metering;

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Metering {
    fn name(&self) -> &'static str {
        "Metering"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(request) = bag.load::<Metadata>() {
            let (service, operation) = (request.service().to_owned(), request.name().to_owned());
            metrics::counter!("aws_requests", "service" => service, "operation" => operation).increment(1);
        }
        Ok(())
    }
}

/// Counts what a read or write of DynamoDB costs, in request units.
pub fn units(kind: &'static str, units: f64) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and not negative")]
    let halves = (units * 2.0).ceil().max(0.0) as u64;
    metrics::counter!("aws_dynamodb_half_units", "kind" => kind).increment(halves);
}
