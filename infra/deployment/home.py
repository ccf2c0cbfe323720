"""Where a stage lives: its file, its region, and clients for the services there (AWS, or a local cloud)."""
import dataclasses
import json
import os
import pathlib

import boto3
import botocore.exceptions
import yaml
from botocore.config import Config

from deployment import Failed

STAGES = pathlib.Path(__file__).resolve().parent.parent / "stages"
CLOUD_ERRORS = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)
FIELDS = {"stack", "region", "keep_data", "tags", "parameters"}


@dataclasses.dataclass
class Stage:
    """A file of infra/stages."""

    stack: str
    region: str
    keep_data: str
    tags: dict
    parameters: dict


class Home:
    """AWS or a local cloud, seen from one stage."""

    def __init__(self, stage, endpoint=None):
        self.stage, self.region, self.endpoint = stage, stage.region, endpoint
        # Of the environment only what says who deploys; a local cloud knows everybody by the same words.
        local = {"aws_access_key_id": "test", "aws_secret_access_key": "test"} if endpoint else {}
        self._session = boto3.Session(region_name=stage.region, **local)
        self._clients = {}

    @property
    def is_local(self):
        return self.endpoint is not None

    def client(self, service):
        if service not in self._clients:
            config = Config(retries={"mode": "standard", "total_max_attempts": 4}, s3={"addressing_style": "path"} if self.is_local else {})
            self._clients[service] = self._session.client(service, endpoint_url=self.endpoint, config=config)
        return self._clients[service]

    def account(self):
        return self.client("sts").get_caller_identity()["Account"]


def find(stage_name, directory):
    """The home of a stage; with a directory, in the local cloud that runs there."""
    if directory is None:
        if stage_name is None:
            raise Failed("say where: --stage NAME, or --dir DIRECTORY of a local cloud")
        made = read(stage_name)
        if made.parameters.get("Home", "aws") != "aws":
            raise Failed(f"the stage {stage_name} is for a local cloud: give its directory with --dir")
        return Home(made)
    try:
        record = json.loads((directory / "cloud.json").read_text())
        endpoint = record["endpoint"]
    except FileNotFoundError:
        raise Failed(f"no local cloud runs in {directory}; start one: localstack/cloud start --dir {directory}") from None
    except (ValueError, KeyError):
        raise Failed(f"{directory / 'cloud.json'} names no endpoint") from None
    made = read(stage_name or "local")
    made.parameters["Home"] = "local"
    made.region = record.get("region", made.region)
    return Home(made, endpoint)


def read(name, folder=STAGES):
    """A stage's file, checked."""
    path = folder / f"{name}.yaml"
    if not path.is_file():
        raise Failed(f"there is no stage {name}; stages are files: {', '.join(sorted(file.stem for file in folder.glob('*.yaml')))}")
    content = yaml.safe_load(path.read_text()) or {}
    wrong = sorted(set(content) ^ FIELDS)
    if wrong:
        raise Failed(f"{path.name}: {', '.join(wrong)} is missing or unknown; a stage says {', '.join(sorted(FIELDS))}")
    if content["keep_data"] not in ("yes", "no"):
        raise Failed(f'{path.name}: keep_data is "yes" or "no", in quotes')
    content["parameters"] = {key: value if isinstance(value, str) else _text(path, key, value) for key, value in (content["parameters"] or {}).items()}
    content["tags"] = {str(key): str(value) for key, value in (content["tags"] or {}).items()}
    return Stage(**content)


def _text(path, key, value):
    if isinstance(value, bool):
        raise Failed(f'{path.name}: put the value of {key} in quotes: YAML reads yes and no as something else')
    if isinstance(value, list):
        return ",".join(value)
    return str(value)


def sentence(error):
    """What AWS said, with what to do about the usual reasons."""
    if isinstance(error, (botocore.exceptions.NoCredentialsError, botocore.exceptions.PartialCredentialsError)):
        return "no AWS credentials: log in (aws sso login), or set AWS_PROFILE"
    if isinstance(error, botocore.exceptions.EndpointConnectionError) and os.environ.get("AWS_ENDPOINT_URL"):
        return f"{error} (AWS_ENDPOINT_URL is set)"
    return str(error)
