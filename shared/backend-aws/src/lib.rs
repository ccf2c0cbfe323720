//! The three ports on DynamoDB, SQS and S3, with secrets and mail.
