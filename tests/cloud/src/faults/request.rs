//! Which operation of which service a request is.

use axum::http::{HeaderMap, Method, Uri};

/// An operation, as the SDK calls it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// `dynamodb`, `sqs`, `s3`, `secretsmanager` or `sesv2`.
    pub service: String,
    /// Such as `PutItem`.
    pub name: String,
}

impl Operation {
    /// Reads method, address and headers.
    pub fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let operation = |service: &str, name: &str| Self { service: service.to_owned(), name: name.to_owned() };
        if let Some(target) = headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
            let (service, name) = target.split_once('.').unwrap_or((target, ""));
            let service = match service {
                "AmazonSQS" => "sqs".to_owned(),
                other => other.split('_').next().unwrap_or(other).to_lowercase(),
            };
            return operation(&service, name);
        }
        if uri.path() == "/v2/email/outbound-emails" {
            return operation("sesv2", "SendEmail");
        }
        operation("s3", s3(method, uri))
    }
}

fn s3(method: &Method, uri: &Uri) -> &'static str {
    let query = uri.query().unwrap_or_default();
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let is_bucket = uri.path().trim_matches('/').split('/').count() < 2;
    match method.as_str() {
        "PUT" if has("partNumber") => "UploadPart",
        "PUT" if is_bucket => "CreateBucket",
        "PUT" => "PutObject",
        "POST" if has("uploads") => "CreateMultipartUpload",
        "POST" if has("uploadId") => "CompleteMultipartUpload",
        "POST" if has("delete") => "DeleteObjects",
        "DELETE" if has("uploadId") => "AbortMultipartUpload",
        "DELETE" if is_bucket => "DeleteBucket",
        "DELETE" => "DeleteObject",
        "HEAD" => "HeadObject",
        "GET" if has("uploads") => "ListMultipartUploads",
        "GET" if is_bucket => "ListObjectsV2",
        "GET" => "GetObject",
        _ => "Other",
    }
}
