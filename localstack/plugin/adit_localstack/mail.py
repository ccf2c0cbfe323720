"""Mail by SES v2, which LocalStack does not have: `SendEmail` and `CreateEmailIdentity` go on to its SES v1, which keeps what was sent and
shows it at `/_aws/ses`. As on AWS, a sender must be verified first; here asking for it is enough."""

import base64
import json

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to
from localstack.http import Request, Response, route
from localstack.runtime import hooks
from localstack.services.edge import ROUTER
from localstack.utils.aws.request_context import extract_region_from_auth_header

# What SES v1 refuses, in the words of v2.
ERRORS = {"MessageRejected": "MessageRejected", "MailFromDomainNotVerifiedException": "MailFromDomainNotVerifiedException"}


def _ses(request: Request):
    return connect_to(region_name=extract_region_from_auth_header(request.headers) or "us-east-1").ses


def _answer(body: dict, status: int = 200, error: str | None = None) -> Response:
    headers = {"Content-Type": "application/json", **({"x-amzn-errortype": error} if error else {})}
    return Response(json.dumps(body), status=status, headers=headers)


@route("/v2/email/identities", methods=["POST"])
def create_identity(request: Request) -> Response:
    identity = request.get_json(force=True)["EmailIdentity"]
    ses = _ses(request)
    if "@" in identity:
        ses.verify_email_identity(EmailAddress=identity)
        return _answer({"IdentityType": "EMAIL_ADDRESS", "VerifiedForSendingStatus": True})
    ses.verify_domain_identity(Domain=identity)
    return _answer({"IdentityType": "DOMAIN", "VerifiedForSendingStatus": True})


@route("/v2/email/outbound-emails", methods=["POST"])
def send(request: Request) -> Response:
    mail = request.get_json(force=True)
    destination, content = mail.get("Destination", {}), mail["Content"]
    try:
        if "Raw" in content:
            raw = base64.b64decode(content["Raw"]["Data"])
            everyone = [address for kind in destination.values() for address in kind]
            arguments = {"RawMessage": {"Data": raw}, "Destinations": everyone}
            if "FromEmailAddress" in mail:
                arguments["Source"] = mail["FromEmailAddress"]
            sent = _ses(request).send_raw_email(**arguments)
        elif "Simple" in content:
            message = {name: content["Simple"][name] for name in ("Subject", "Body")}
            sent = _ses(request).send_email(Source=mail["FromEmailAddress"], Destination=destination, Message=message)
        else:
            return _answer({"message": "this local cloud sends Simple and Raw content only"}, 400, "BadRequestException")
    except ClientError as problem:
        code = ERRORS.get(problem.response["Error"]["Code"], "BadRequestException")
        return _answer({"message": problem.response["Error"]["Message"]}, 400, code)
    return _answer({"MessageId": sent["MessageId"]})


@hooks.on_infra_start()
def register() -> None:
    ROUTER.add([create_identity, send])
