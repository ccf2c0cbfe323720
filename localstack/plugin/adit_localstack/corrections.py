"""Where LocalStack 4.13.1 does otherwise than AWS in what ADIT builds on, and it can be put right in a few lines. Each function
replaces one thing and says why; `localstack/smoke.py` has a check for each. Written for this version only: the version is pinned."""

import json
import threading
import uuid

from localstack.runtime import hooks

# Of a synchronous invocation, in bytes.
MAX_EVENT = 6 * 1024 * 1024


@hooks.on_infra_start()
def apply() -> None:
    for correct in (kms_keys, missing_kinds, address_cookies, address_limit, address_origins, parallel_batches, conditions_at_deletion, tables_never_made):
        correct()


def kms_keys() -> None:
    """`CreateKey` gives bytes to `uuid5`, which takes text only before Python 3.12: no key could be made."""
    from localstack.services.kms.models import KmsKey

    def generate_key_material_id(self, key_material: bytes) -> str:
        return uuid.uuid5(self._internal_key_id, key_material.hex()).hex * 2

    KmsKey.generate_key_material_id = generate_key_material_id


def missing_kinds() -> None:
    """A kind of resource that is not emulated is 'deployed' as nothing, or, when that is switched off, every kind is refused because the
    list of kinds would have to be fetched. Here a kind without a provider fails its stack, except those that
    `CFN_IGNORE_UNSUPPORTED_TYPE_CREATE` names."""
    from localstack import config
    from localstack.services.cloudformation.engine.v2 import change_set_model_executor, change_set_model_preproc

    def ignored(resource_type, change_set_type) -> bool:
        return resource_type in config.CFN_IGNORE_UNSUPPORTED_TYPE_CREATE

    for module in (change_set_model_executor, change_set_model_preproc):
        module.should_ignore_unsupported_resource_type = ignored


def address_cookies() -> None:
    """Events and answers of functions' addresses have a list `cookies` of its own (payload format 2.0)."""
    from localstack.services.lambda_ import urlrouter

    make_event, make_response = urlrouter.event_for_lambda_url, urlrouter.lambda_result_to_response

    def event_with_cookies(api_id, request):
        event = make_event(api_id, request)
        if sent := event["headers"].pop("cookie", None):
            event["cookies"] = [cookie.strip() for cookie in sent.split(";")]
        return event

    def response_with_cookies(result):
        response = make_response(result)
        try:
            answer = json.loads(result.payload)
        except ValueError:
            return response
        for cookie in answer.get("cookies") or [] if isinstance(answer, dict) else []:
            response.headers.add("Set-Cookie", cookie)
        return response

    urlrouter.event_for_lambda_url, urlrouter.lambda_result_to_response = event_with_cookies, response_with_cookies


def address_limit() -> None:
    """A function's address takes 6 MB on AWS, as an event (with bytes in base64), and any size here."""
    from localstack.http import Response
    from localstack.services.lambda_ import urlrouter

    class TooLarge(Exception):
        pass

    make_event, handle = urlrouter.event_for_lambda_url, urlrouter.FunctionUrlRouter.handle_lambda_url_invocation

    def event_within_limit(api_id, request):
        event = make_event(api_id, request)
        if len(event.get("body") or "") > MAX_EVENT:
            raise TooLarge
        return event

    def handle_within_limit(self, request, **parameters):
        try:
            return handle(self, request, **parameters)
        except TooLarge:
            message = f"Request must be smaller than {MAX_EVENT} bytes for the InvokeFunction operation"
            return Response(json.dumps({"Message": message}), status=413, mimetype="application/json")

    urlrouter.event_for_lambda_url = event_within_limit
    urlrouter.FunctionUrlRouter.handle_lambda_url_invocation = handle_within_limit


def address_origins() -> None:
    """LocalStack refuses requests with an `Origin` that it does not know before the function sees them; a function's address on AWS does not."""
    from localstack.aws.handlers import cors

    enforced = cors.should_enforce_self_managed_service

    def enforced_elsewhere(context) -> bool:
        return ".lambda-url." not in context.request.host and enforced(context)

    cors.should_enforce_self_managed_service = enforced_elsewhere


def parallel_batches() -> None:
    """An SQS event source gives one batch after the other to its function; AWS gives as many at a time as `MaximumConcurrency` says, and
    starts with five."""
    from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker
    from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import LOG, SqsPoller

    make, handle = EsmWorker.__init__, SqsPoller.handle_messages

    def make_with_slots(self, esm_config, poller, *args, **kwargs):
        make(self, esm_config, poller, *args, **kwargs)
        limit = (esm_config.get("ScalingConfig") or {}).get("MaximumConcurrency") or 5
        poller.adit_slots = threading.BoundedSemaphore(limit)

    def handle_beside(self, messages):
        slots = getattr(self, "adit_slots", None)
        if slots is None or self.is_fifo_queue:
            handle(self, messages)
            return

        def work():
            try:
                handle(self, messages)
            except Exception as problem:
                LOG.warning("Batch processing failed: %s", problem)
            finally:
                slots.release()

        slots.acquire()
        threading.Thread(target=work, name=f"batch-of-{self.source_arn}", daemon=True).start()

    EsmWorker.__init__, SqsPoller.handle_messages = make_with_slots, handle_beside


def conditions_at_deletion() -> None:
    """At a stack's deletion resources that a condition has left out are looked at all the same, and refused for naming one another."""
    from localstack.services.cloudformation.engine.v2.change_set_model import is_nothing
    from localstack.services.cloudformation.engine.v2.change_set_model_preproc import ChangeSetModelPreproc

    def visit_node_resources(self, node_resources):
        for node in node_resources.resources:
            if not is_nothing(node.condition_reference):
                made = self._resolve_resource_condition_reference(node.condition_reference)
                if made.after is False or (is_nothing(made.after) and made.before is False):
                    continue
            self.visit(node)

    ChangeSetModelPreproc.visit_node_resources = visit_node_resources


def tables_never_made() -> None:
    """A table whose creation was refused has no name yet, and its deletion breaks on that: the stack could not be removed."""
    from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent
    from localstack.services.dynamodb.resource_providers.aws_dynamodb_table import DynamoDBTableProvider

    delete = DynamoDBTableProvider.delete

    def delete_if_made(self, request):
        if "TableName" not in request.desired_state:
            return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=request.desired_state)
        return delete(self, request)

    DynamoDBTableProvider.delete = delete_if_made
