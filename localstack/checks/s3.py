"""S3: what staging, buckets as nodes and uploads from the browser are made of."""

import base64
import concurrent.futures
import hashlib
import json
import time
import urllib.error
import urllib.request
import zlib

from botocore.exceptions import ClientError
from checks import check, refused, until

MIB = 1024 * 1024
PAGE = "http://127.0.0.1:8080"


def http(method, url, body=None, **headers):
    """Status, headers and body, as a browser or curl gets them."""
    sent = {"Content-Type": "application/octet-stream"} | {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


@check("s3: an object keeps metadata and checksum; a wrong checksum is refused")
def checksum(cloud):
    bucket, body = cloud.bucket(), b"x" * 1000
    sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()
    cloud.s3.put_object(Bucket=bucket, Key="a", Body=body, ChecksumSHA256=sha256, Metadata={"note": "n"})
    found = cloud.s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert found["ChecksumSHA256"] == sha256 and found["Metadata"] == {"note": "n"}, found
    with refused("BadDigest", "InvalidRequest", "XAmzContentChecksumMismatch"):
        cloud.s3.put_object(Bucket=bucket, Key="b", Body=body + b"y", ChecksumSHA256=sha256)
    with refused("404"):
        cloud.s3.head_object(Bucket=bucket, Key="b")


@check("s3: put if absent")
def if_none_match(cloud):
    bucket = cloud.bucket()
    cloud.s3.put_object(Bucket=bucket, Key="a", Body=b"1", IfNoneMatch="*")
    with refused("PreconditionFailed"):
        cloud.s3.put_object(Bucket=bucket, Key="a", Body=b"2", IfNoneMatch="*")


def parts(cloud, bucket, key, bodies, **more):
    upload = cloud.s3.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm="CRC32", **more)["UploadId"]
    done = []
    for number, body in enumerate(bodies, 1):
        part = cloud.s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body, ChecksumCRC32=crc32(body))
        done.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    return upload, done


@check("s3: multipart with checksums, ranges of it, put if absent at completion")
def multipart(cloud):
    bucket, bodies = cloud.bucket(), [b"a" * 8 * MIB, b"b" * MIB]
    upload, done = parts(cloud, bucket, "k", bodies, Metadata={"note": "n"})
    cloud.s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": done}, IfNoneMatch="*")
    found = cloud.s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={8 * MIB - 2}-{8 * MIB + 1}")
    assert found["Body"].read() == b"aabb" and found["ContentRange"].endswith(f"/{9 * MIB}") and found["Metadata"] == {"note": "n"}
    upload, done = parts(cloud, bucket, "k", bodies)
    with refused("PreconditionFailed"):
        cloud.s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": done}, IfNoneMatch="*")


@check("s3: wrong multiparts are refused: checksum, tag, missing part, first part too small")
def multipart_wrong(cloud):
    bucket = cloud.bucket()
    upload, done = parts(cloud, bucket, "k", [b"a" * 5 * MIB, b"b"])
    with refused("BadDigest", "InvalidRequest", "XAmzContentChecksumMismatch"):
        cloud.s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=3, Body=b"c", ChecksumCRC32=crc32(b"d"))
    for wrong in ([done[0] | {"ETag": '"0"'}, done[1]], [done[0], done[1] | {"PartNumber": 7}]):
        with refused("InvalidPart"):
            cloud.s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": wrong})
    upload, done = parts(cloud, bucket, "k", [b"a" * MIB, b"b"])
    with refused("EntityTooSmall"):
        cloud.s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": done})


@check("s3: unfinished uploads are listed and aborted, and leave nothing")
def abort(cloud):
    bucket = cloud.bucket()
    upload, _ = parts(cloud, bucket, "k", [b"a" * MIB])
    assert [u["UploadId"] for u in cloud.s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload]
    cloud.s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    assert "Uploads" not in cloud.s3.list_multipart_uploads(Bucket=bucket)
    with refused("NoSuchUpload"):
        cloud.s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"a")


@check("s3: 1,500 objects are listed in pages by prefix, and removed by the thousand")
def listing(cloud):
    bucket = cloud.bucket()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: cloud.s3.put_object(Bucket=bucket, Key=f"a/{n:04}", Body=b""), range(1500)))
    cloud.s3.put_object(Bucket=bucket, Key="b/1", Body=b"")
    pages = list(cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="a/"))
    keys = [entry["Key"] for page in pages for entry in page["Contents"]]
    assert keys == [f"a/{n:04}" for n in range(1500)] and len(pages) == 2, (len(keys), len(pages))
    for page in pages:
        cloud.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": e["Key"]} for e in page["Contents"]], "Quiet": True})
    assert cloud.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


@check("s3: a presigned address works, and ends at its time")
def presigned_expiry(cloud):
    bucket = cloud.bucket()
    cloud.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    url = cloud.s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"}, ExpiresIn=2)
    assert http("GET", url)[2] == b"1"
    time.sleep(3)
    status, _, body = http("GET", url)
    assert status == 403, (status, body[:200])


@check("s3: a presigned address that was tampered with is refused")
def presigned_tampered(cloud):
    bucket = cloud.bucket()
    for key in "ab":
        cloud.s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    url = cloud.s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"}, ExpiresIn=60)
    for wrong in (url.replace("/a?", "/b?"), url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")):
        assert wrong != url and http("GET", wrong)[0] == 403, "accepted"
    assert http("PUT", url, b"2")[0] == 403, "an address for reading was taken for writing"


@check("s3: a presigned upload overwrites nothing: If-None-Match is signed and must be sent")
def presigned_put(cloud):
    bucket = cloud.bucket()
    url = cloud.s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "a", "IfNoneMatch": "*"}, ExpiresIn=60)
    assert http("PUT", url, b"0")[0] == 403, "taken without the signed header"
    assert http("PUT", url, b"1", If_None_Match="*")[0] == 200
    assert http("PUT", url, b"2", If_None_Match="*")[0] == 412


@check("s3: the page may upload: CORS preflight and answer carry the bucket's rules")
def cors(cloud):
    bucket = cloud.bucket()
    rule = {"AllowedOrigins": [PAGE], "AllowedMethods": ["PUT", "GET"], "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"]}
    cloud.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    url = cloud.s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "a"}, ExpiresIn=60)
    status, headers, _ = http(
        "OPTIONS", url, Origin=PAGE, Access_Control_Request_Method="PUT", Access_Control_Request_Headers="content-type,if-none-match"
    )
    assert status == 200 and headers["Access-Control-Allow-Origin"] == PAGE, (status, dict(headers))
    status, headers, _ = http("PUT", url, b"1", Origin=PAGE)
    assert status == 200 and headers["Access-Control-Allow-Origin"] == PAGE and "ETag" in headers["Access-Control-Expose-Headers"]


@check("s3: lifecycle rules are kept")
def lifecycle(cloud):
    bucket = cloud.bucket()
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "staging/"}, "Expiration": {"Days": 7}}
    rule["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": 1}
    cloud.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert cloud.s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]


@check("s3: encryption with a key of KMS and a bucket key is told back")
def encryption(cloud):
    bucket, key = cloud.bucket(), cloud.kms.create_key()["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}
    cloud.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    found = cloud.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert found["ServerSideEncryption"] == "aws:kms" and found["SSEKMSKeyId"] == key and found["BucketKeyEnabled"], found


@check("s3: a bucket policy that denies plain HTTP is kept (nothing enforces it here)")
def policy(cloud):
    bucket = cloud.bucket()
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"}
    statement["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
    cloud.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    try:
        cloud.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    except ClientError as error:
        raise AssertionError(f"it is enforced: {error}") from error


def notify(cloud, bucket, **target):
    rules = [{"Name": "prefix", "Value": "inbox/"}]
    configuration = {"Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": rules}}, **target}
    kind = "QueueConfigurations" if "QueueArn" in target else "LambdaFunctionConfigurations"
    cloud.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={kind: [configuration]})


@check("s3: new objects under a prefix are told to a queue; keys are encoded")
def to_queue(cloud):
    (url, arn), bucket = cloud.queue(), cloud.bucket()
    notify(cloud, bucket, QueueArn=arn)
    test = cloud.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=3).get("Messages", [])
    for message in test:
        cloud.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    cloud.s3.put_object(Bucket=bucket, Key="elsewhere/a", Body=b"1")
    cloud.s3.put_object(Bucket=bucket, Key="inbox/a b+ü.dcm", Body=b"123")
    messages = cloud.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, MaxNumberOfMessages=10).get("Messages", [])
    records = [record for message in messages for record in json.loads(message["Body"])["Records"]]
    assert len(records) == 1, records
    found = records[0]["s3"]["object"]
    assert found["size"] == 3 and found["key"] in ("inbox/a+b%2B%C3%BC.dcm", "inbox/a%20b%2B%C3%BC.dcm"), found
    return f"key {found['key']}, {len(test)} test event"


@check("s3: new objects are told to a function")
def to_function(cloud):
    function, bucket = cloud.function("echo"), cloud.bucket()
    arn = cloud.lambda_.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    cloud.lambda_.add_permission(FunctionName=function, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    notify(cloud, bucket, LambdaFunctionArn=arn)
    cloud.s3.put_object(Bucket=bucket, Key="inbox/a", Body=b"1")
    lines = until(lambda: cloud.output(function), 10, "the function hears of it")
    assert lines[0]["event"]["Records"][0]["s3"]["object"]["key"] == "inbox/a", lines
