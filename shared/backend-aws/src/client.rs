//! The SDK's clients: one HTTP client with rustls and ring for all of them, limits of time and of tries that suit each service.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::error::AwsError;
use crate::metering::Metering;

/// A connection stands within this time, or the attempt has failed.
const CONNECT: Duration = Duration::from_secs(5);
/// Time for one attempt at a small request.
const SMALL: Duration = Duration::from_secs(10);
/// Time for one attempt at a long poll: the poll of 10 s and some more.
const POLL: Duration = Duration::from_secs(20);
/// Time for one attempt at a part of 8 MiB: 560 kbit/s are enough.
const PART: Duration = Duration::from_secs(120);

/// Makes the clients.
#[derive(Clone)]
pub struct Clients {
    shared: SdkConfig,
    by_path: bool,
}

impl Clients {
    /// Reads region and credentials' sources as every AWS program does.
    pub async fn open(endpoint_url: Option<&str>) -> Result<Self, AwsError> {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
        if let Some(url) = endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let shared = loader.load().await;
        if shared.region().is_none() {
            return Err(AwsError::Refused(
                "no AWS region is set; set AWS_REGION, for example to eu-central-1".to_owned(),
            ));
        }
        let by_path = shared.endpoint_url().is_some();
        Ok(Self { shared, by_path })
    }

    /// A client of DynamoDB. Throttling is tried again by the SDK.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.shared)
            .timeout_config(timeouts(SMALL))
            .retry_config(retries(7, Duration::from_millis(50), Duration::from_secs(2)))
            .interceptor(Metering);
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// A client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::config::Builder::from(&self.shared)
            .timeout_config(timeouts(POLL))
            .retry_config(retries(5, Duration::from_millis(100), Duration::from_secs(5)))
            .interceptor(Metering);
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// A client of S3 in a region, or in the one of this installation.
    pub fn s3(&self, region: Option<&str>) -> aws_sdk_s3::Client {
        let mut config = aws_sdk_s3::config::Builder::from(&self.shared)
            .timeout_config(timeouts(PART))
            .retry_config(retries(6, Duration::from_millis(200), Duration::from_secs(10)))
            .force_path_style(self.by_path)
            .interceptor(Metering);
        if let Some(region) = region {
            config = config.region(Region::new(region.to_owned()));
        }
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// A client of Secrets Manager.
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::config::Builder::from(&self.shared)
            .timeout_config(timeouts(SMALL))
            .retry_config(retries(5, Duration::from_millis(100), Duration::from_secs(5)))
            .interceptor(Metering);
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    /// A client of SES.
    pub fn ses(&self) -> aws_sdk_sesv2::Client {
        let config = aws_sdk_sesv2::config::Builder::from(&self.shared)
            .timeout_config(timeouts(SMALL))
            .retry_config(retries(5, Duration::from_millis(200), Duration::from_secs(5)))
            .interceptor(Metering);
        aws_sdk_sesv2::Client::from_conf(config.build())
    }
}

fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(attempt).build()
}

/// Tries again after a random part of a time that doubles, up to `longest`.
fn retries(attempts: u32, first: Duration, longest: Duration) -> RetryConfig {
    RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(first).with_max_backoff(longest)
}
