"""What the stack is made from, in a bucket of its own: the functions' zip and the template, each under the hash of its content, so that what
runs can be named and the same content is never sent twice."""
import hashlib
import io
import struct
import zipfile

from deployment import Failed

MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}
KEPT_DAYS = 365


class Store:
    """The artifact bucket of an account and region; made when it is missing."""

    def __init__(self, home):
        self._s3 = home.client("s3")
        self._home = home
        self.bucket = f"adit-artifacts-{home.account()}-{home.region}"
        self._make()

    def put(self, path, stem, extension):
        """Uploads a file; its key."""
        if not path.is_file():
            raise Failed(f"{path} is missing: build the functions first (scripts/package-functions), or give --zip")
        return self._put(path.read_bytes(), stem, extension)

    def put_text(self, text, stem, extension):
        """Uploads a text; its address for CloudFormation."""
        key = self._put(text.encode(), stem, extension)
        if self._home.is_local:
            return f"{self._home.endpoint}/{self.bucket}/{key}"
        suffix = "amazonaws.com.cn" if self._home.region.startswith("cn-") else "amazonaws.com"
        return f"https://{self.bucket}.s3.{self._home.region}.{suffix}/{key}"

    def _put(self, content, stem, extension):
        key = f"{stem}/{hashlib.sha256(content).hexdigest()[:32]}.{extension}"
        try:
            self._s3.head_object(Bucket=self.bucket, Key=key)
        except self._s3.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=content)
        return key

    def _make(self):
        try:
            self._s3.head_bucket(Bucket=self.bucket)
            return
        except self._s3.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise Failed(f"the bucket {self.bucket} cannot be used: {error}") from error
        place = {} if self._home.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self._home.region}}
        self._s3.create_bucket(Bucket=self.bucket, **place)
        closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
        self._s3.put_public_access_block(Bucket=self.bucket, PublicAccessBlockConfiguration=closed)
        self._s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})


def architecture(path, home):
    """What the zip's program was built for, as a parameter. Locally it decides; for AWS it has to be what the stage says."""
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            head = archive.read("bootstrap")[:20]
    except FileNotFoundError:
        return {}  # said better where it is uploaded
    except (zipfile.BadZipFile, KeyError):
        raise Failed(f"{path} is no zip with a program `bootstrap`") from None
    machine = MACHINES.get(struct.unpack_from("<H", head, 18)[0]) if head[:4] == b"\x7fELF" and len(head) == 20 else None
    wanted = home.stage.parameters.get("Architecture", "arm64")
    if home.is_local:
        return {"Architecture": machine or wanted}
    if machine != wanted:
        raise Failed(f"{path} was built for {machine or 'no Linux machine'}, but the stage wants {wanted}: build it anew, or change Architecture")
    return {}


