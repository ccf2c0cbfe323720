"""`PROVIDER_OVERRIDE_DYNAMODB=http`: every DynamoDB call goes on to the server at `ADIT_DYNAMODB_URL`, whatever the account and region."""

import os

from localstack.services.plugins import Service, aws_provider


def _forwarder(provider):
    from localstack.aws.forwarder import HttpFallbackDispatcher

    url = os.environ["ADIT_DYNAMODB_URL"]
    return HttpFallbackDispatcher(provider, lambda account, region: url)


@aws_provider(api="dynamodb", name="http")
def dynamodb():
    from localstack.aws.api.dynamodb import DynamodbApi

    return Service.for_provider(DynamodbApi(), dispatch_table_factory=_forwarder)


@aws_provider(api="dynamodbstreams", name="http")
def dynamodbstreams():
    from localstack.aws.api.dynamodbstreams import DynamodbstreamsApi

    return Service.for_provider(DynamodbstreamsApi(), dispatch_table_factory=_forwarder)
