"""The web page's files: hashed names are cached for good, the page itself never. The same words as functions/api/src/files.rs."""
import time

from deployment import Failed

MEDIA_TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "wasm": "application/wasm",
    "svg": "image/svg+xml",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "woff2": "font/woff2",
}
FOR_GOOD = "public, max-age=31536000, immutable"
NEVER = "no-cache"


def files(directory):
    """Name, media type and cache rule of each file, the page last: it must not name what is not there yet."""
    found = sorted(path for path in directory.rglob("*") if path.is_file() and not any(part.startswith(".") for part in path.relative_to(directory).parts))
    if not (directory / "index.html").is_file():
        raise Failed(f"{directory} holds no built web page: run `cargo xtask dist`")
    found.sort(key=lambda path: path.suffix == ".html")
    for path in found:
        extension = path.suffix.lstrip(".")
        yield path, path.relative_to(directory).as_posix(), MEDIA_TYPES.get(extension, "application/octet-stream"), NEVER if extension == "html" else FOR_GOOD


def upload(home, bucket, directory):
    """Uploads all files. Those of earlier versions stay: somebody may have their page open. Returns the count."""
    s3, count = home.client("s3"), 0
    for path, name, media_type, cache in files(directory):
        s3.put_object(Bucket=bucket, Key=name, Body=path.read_bytes(), ContentType=media_type, CacheControl=cache)
        count += 1
    return count


def forget(home, distribution):
    """CloudFront forgets the page, the one name whose content changes."""
    if distribution:
        batch = {"Paths": {"Quantity": 2, "Items": ["/", "/index.html"]}, "CallerReference": str(time.time_ns())}
        home.client("cloudfront").create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
