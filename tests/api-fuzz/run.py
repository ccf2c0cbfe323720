#!/usr/bin/env python3
"""Sends made-up requests after the OpenAPI description to an ADIT of its own: no answer may be a server's error (5xx).

Usage: run.py PROGRAM [EXAMPLES]; PROGRAM is `adit`, EXAMPLES how many requests each operation gets.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

# Ends the session, or never ends.
NEVER = ["/api/session", "/api/session/password", "/api/jobs/{id}/events"]
# May refuse everything that comes after, by limits of requests.
LAST = "/api/installation"
START_S = 60


def start(program, data, log):
    """A fresh ADIT; answers with its process and address."""
    child = subprocess.Popen(
        [program, "serve", "--data-dir", str(data), "--listen", "127.0.0.1:0", "--dicom-listen", "127.0.0.1:0"],
        stdout=log, stderr=subprocess.STDOUT,
    )
    until = time.monotonic() + START_S
    while time.monotonic() < until and child.poll() is None:
        found = re.search(r"ADIT is running: (\S+)", pathlib.Path(log.name).read_text())
        if found:
            return child, found.group(1)
        time.sleep(0.1)
    child.kill()
    raise SystemExit("ADIT did not start:\n" + pathlib.Path(log.name).read_text())


def headers_of(data):
    """Those of the command line's session, which is an administrator's."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        for file in data.glob("*.json"):
            saved = json.loads(file.read_text())
            if "csrf_token" in saved:
                return {"Cookie": f"adit_session={saved['token']}", "x-adit-csrf": saved["csrf_token"]}
        time.sleep(0.1)
    raise SystemExit("there is no session of the command line")


def ask(url, headers, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {**headers, "content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def fuzz(url, headers, examples, paths):
    command = [
        str(pathlib.Path(sys.executable).parent / "schemathesis"), "run", url + "/api/openapi.json",
        "--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing", "--max-examples", str(examples),
        "--seed", "1", "--request-timeout", "30", "--workers", "1", "--mode", "all", "--no-color", "--continue-on-failure", *paths,
    ]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    hooks = {**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parent), "SCHEMATHESIS_HOOKS": "hooks", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, check=False, env=hooks).returncode


def main():
    program, examples = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 30
    with tempfile.TemporaryDirectory() as folder:
        data, log = pathlib.Path(folder, "data"), open(pathlib.Path(folder, "log"), "w", encoding="utf-8")
        child, url = start(program, data, log)
        try:
            headers = headers_of(data)
            settings = ask(url + LAST, headers)
            settings["limits"] = {"per_person": 0, "per_token": 0, "per_address": 0, "open_retrievals": 0}
            ask(url + LAST, headers, "PUT", settings)
            skipped = [part for path in [*NEVER, LAST] for part in ("--exclude-path", path)]
            codes = [fuzz(url, headers, examples, skipped), fuzz(url, headers, examples, ["--include-path", LAST])]
            still_there = child.poll() is None
        finally:
            child.terminate()
            child.wait(30)
        text = pathlib.Path(log.name).read_text()
        log.close()
    if not still_there or "panicked" in text:
        raise SystemExit("ADIT broke:\n" + "\n".join(line for line in text.splitlines() if "panick" in line))
    raise SystemExit(max(codes))


if __name__ == "__main__":
    main()
