"""LocalStack without Docker, for tests and demos on loopback: functions are plain child processes (no sandbox, no memory limit).

Settings, all from the environment of the LocalStack process:
`LAMBDA_RUNTIME_EXECUTOR=process`, `PROVIDER_OVERRIDE_DYNAMODB=http`, `PROVIDER_OVERRIDE_DYNAMODBSTREAMS=http` switch the plug-ins on;
`ADIT_DYNAMODB_URL` is the DynamoDB-compatible server; `ADIT_FUNCTIONS_DIR` is where functions' output and the journal go.
"""
