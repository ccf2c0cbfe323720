"""Class `valid`: other software reads the output, and finds nothing wrong in it that was not wrong in the input."""

import hashlib
import re
import subprocess
import warnings
from concurrent.futures import ThreadPoolExecutor

import pydicom


def normalise(line):
    """A message without values and positions, so that messages of two files can be compared."""
    line = re.sub(r"<[^>]*>", lambda m: m.group() if re.fullmatch(r"<\w[\w' /]*>", m.group()) and not re.search(r"\d", m.group()) else "<>", line)
    line = re.sub(r"'[^']*'|\"[^\"]*\"", "''", line)
    return re.sub(r"\b(0x)?[0-9a-fA-F]*\d[0-9a-fA-F.]*\b", "#", line).strip()


def run(command, path):
    found = subprocess.run([*command, str(path)], capture_output=True, timeout=120, check=False)
    return found.returncode, (found.stdout + found.stderr).decode("utf-8", "replace")


def dciodvfy(path):
    code, text = run(["dciodvfy"], path)
    lines = {normalise(line) for line in text.splitlines() if line.startswith("Error")}
    return lines | ({f"dciodvfy ended with signal {-code}"} if code < 0 else set())


def dcmdump(path):
    code, text = run(["dcmdump", "-q", "+L"], path)
    return {normalise(line) for line in text.splitlines() if line.startswith(("E:", "F:"))} | ({f"dcmdump: exit code {code}"} if code else set())


def pydicom_reads(path):
    """Warnings and errors of reading every element."""
    found = set()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            dataset = pydicom.dcmread(path)
            for element in dataset.iterall():
                str(element.value)
        except Exception as error:  # noqa: BLE001  whatever a reader throws is a finding
            found.add(normalise(f"{type(error).__name__} {error}")[:160])
    return found | {normalise(str(w.message)) for w in caught}


def once(name, path):
    """The tool's messages; the same bytes are not given to it twice in one run of the tests."""
    key = name, hashlib.sha256(path.read_bytes()).digest()
    if key not in SEEN:
        SEEN[key] = TOOLS[name](path)
    return SEEN[key]


SEEN = {}
TOOLS = {"pydicom": pydicom_reads, "dcmdump": dcmdump, "dciodvfy": dciodvfy}


def new_messages(before, after, jobs=2):
    """Pairs of paths -> for each, the messages that the output has and the input has not."""
    with ThreadPoolExecutor(jobs) as pool:
        external = [name for name in TOOLS if name != "pydicom"]  # pydicom's warnings are caught in one thread only
        runs = {(name, path): pool.submit(once, name, path) for name in external for path in {*before, *after}}
        for old, new in zip(before, after):
            fresh = {f"pydicom: {m}" for m in once("pydicom", new) - once("pydicom", old)}
            for name in external:
                fresh |= {f"{name}: {m}" for m in runs[name, new].result() - runs[name, old].result()}
            yield sorted(fresh)


def judge(pairs, findings):
    for pair, fresh in zip(pairs, new_messages([p.in_path for p in pairs], [p.out_path for p in pairs])):
        findings.look("valid", len(TOOLS))
        if pair.after.trailing:
            findings.add("valid", pair.name, "end", f"{len(pair.after.trailing)} bytes after the last element")
        for message in fresh:
            findings.add("valid", pair.name, message.split(":")[0], message.split(": ", 1)[1])
