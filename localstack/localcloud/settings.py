"""The environment of the two servers and of those who use them. What each LocalStack setting is for stands beside it."""

import os

from localcloud import install

HOST = "127.0.0.1"
REGION = "us-east-1"
# EC2 answers `Fn::GetAZs` only, which is asked even behind a condition that does not hold.
SERVICES = "sqs,s3,dynamodb,dynamodbstreams,cloudformation,lambda,iam,sts,logs,cloudwatch,events,scheduler,ssm,secretsmanager,kms,ses,sns,ec2"


def _base(directory):
    """Of the caller's environment only what a server needs: no credentials, no profile, no proxy, no LocalStack setting comes along."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    scratch = str(directory / "data" / "tmp")
    return {**kept, "HOME": str(directory / "data" / "home"), "TMPDIR": scratch, "NO_PROXY": "*"}


def engine(directory):
    return _base(directory)


def localstack(directory, port, engine_port):
    return {
        **_base(directory),
        "PYTHONPATH": str(install.plugin()),
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        # The default server ignores the address of GATEWAY_LISTEN and opens the port to the network.
        "GATEWAY_SERVER": "hypercorn",
        "GATEWAY_LISTEN": f"{HOST}:{port}",
        "LOCALSTACK_HOST": f"localhost:{port}",
        "DNS_ADDRESS": "0",
        "OVERRIDE_IN_DOCKER": "0",
        "FILESYSTEM_ROOT": str(directory / "data"),
        "CONFIG_DIR": str(directory / "data" / "config"),
        # Nothing is fetched, nobody is told.
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        "USAGE_METRICS": "0",
        "SERVICES": SERVICES,
        "STRICT_SERVICE_LOADING": "1",
        # Loaded at start, one after the other: loading on first use is slow and, when two are loaded at a time, fails now and then.
        "EAGER_SERVICE_LOADING": "1",
        # The plug-in makes every other kind of resource that is not emulated fail its stack, as a misspelt one does.
        "CFN_IGNORE_UNSUPPORTED_TYPE_CREATE": "AWS::CloudWatch::Dashboard",
        "S3_SKIP_SIGNATURE_VALIDATION": "0",
        "SQS_ENDPOINT_STRATEGY": "path",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "60",
        # Pollers of event sources wait a second between polls and up to ten after an empty one otherwise.
        "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.1",
        "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "1",
        "PROVIDER_OVERRIDE_DYNAMODB": "http",
        "PROVIDER_OVERRIDE_DYNAMODBSTREAMS": "http",
        "ADIT_DYNAMODB_URL": f"http://{HOST}:{engine_port}",
        "ADIT_FUNCTIONS_DIR": str(directory / "logs" / "functions"),
    }


def user(directory, endpoint):
    """What a shell, a test or a program needs to use this cloud and no other."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "ADIT_CLOUD_DIR": str(directory),
    }
