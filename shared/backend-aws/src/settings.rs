//! What one installation's resources are called.

/// Names of the resources that this backend uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsSettings {
    /// The DynamoDB table.
    pub table: String,
    /// The bucket of staged instances.
    pub staging_bucket: String,
    /// Queues are named `<prefix>bridge-urgent`, `<prefix>bridge-normal`, `<prefix>worker-urgent`, `<prefix>worker-normal`, and each with
    /// `-dead` appended.
    pub queue_prefix: String,
    /// Where AWS is, if not in AWS: an emulator. S3 is then addressed by path. `None` honours the SDK's own variables too.
    pub endpoint_url: Option<String>,
}

impl AwsSettings {
    /// From `ADIT_TABLE`, `ADIT_STAGING_BUCKET`, `ADIT_QUEUE_PREFIX` (may be empty) and `AWS_ENDPOINT_URL`.
    ///
    /// # Errors
    /// A sentence that names all variables that are missing.
    pub fn from_env() -> Result<Self, String> {
        #[expect(clippy::disallowed_methods, reason = "the one place where this backend's settings are read")]
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut missing = Vec::new();
        let mut needed = |name: &'static str| {
            variable(name).filter(|value| !value.trim().is_empty()).unwrap_or_else(|| {
                missing.push(name);
                String::new()
            })
        };
        let (table, staging_bucket) = (needed("ADIT_TABLE"), needed("ADIT_STAGING_BUCKET"));
        if !missing.is_empty() {
            return Err(format!("these environment variables are missing: {}", missing.join(", ")));
        }
        Ok(Self {
            table,
            staging_bucket,
            queue_prefix: variable("ADIT_QUEUE_PREFIX").unwrap_or_default(),
            endpoint_url: variable("AWS_ENDPOINT_URL").filter(|value| !value.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_missing_variables_are_named_at_once() {
        let said = AwsSettings::from_variables(|_| None).unwrap_err();
        assert!(said.contains("ADIT_TABLE") && said.contains("ADIT_STAGING_BUCKET"), "{said}");
        let said = AwsSettings::from_variables(|name| (name == "ADIT_TABLE").then(|| "t".to_owned())).unwrap_err();
        assert!(!said.contains("ADIT_TABLE"), "{said}");
        let read = AwsSettings::from_variables(|name| (name != "AWS_ENDPOINT_URL").then(|| name.to_owned())).unwrap();
        assert_eq!((read.queue_prefix.as_str(), read.endpoint_url), ("ADIT_QUEUE_PREFIX", None));
    }
}
