"""De-identifies foreign files: `corpus.py WORKDIR --adit BINARY [--profile P]` gives pydicom's bundled files to `adit deid`. Each one must be
written or turned down with a reason, and what is written must be as readable as it was. `--report`/`--out` judge a run that was made before."""

import argparse
import collections
import json
import pathlib
import shutil
import subprocess
import sys

import pydicom.data

from judging import valid

LEAST_WRITTEN = 40


def collect(target):
    """Copies of all test files, in one folder for each source."""
    root = pathlib.Path(pydicom.data.__file__).parent
    shutil.rmtree(target, ignore_errors=True)
    count = 0
    for folder in ("test_files", "charset_files"):
        for source in sorted((root / folder).rglob("*")):
            # DICOMDIR trees stay: a folder has whatever it has.
            if source.is_file() and source.suffix not in (".py", ".pyc", ".zip", ".gz", ".json", ".txt", ".md", ".dump"):
                goal = target / folder / source.relative_to(root / folder)
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, goal)
                count += 1
    return count


def run(adit, indir, outdir, report, profile, key):
    command = [adit, "deid", indir, outdir, "--profile", profile, "--key-file", key, "--report", report]
    found = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=600, check=False)
    if found.returncode not in (0, 1):
        sys.exit(f"adit deid ended with {found.returncode}: {found.stderr[-2000:]}")


def judge(indir, outdir, report):
    wrong, lines, outcomes, pairs, taken = [], {}, collections.Counter(), [], {}  # many of the files share a SOP Instance UID
    for line in report.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        lines[entry["input"]] = entry
    for source in sorted(p for p in indir.rglob("*") if p.is_file()):
        name = source.relative_to(indir).as_posix()
        entry = lines.get(name)
        if entry is None:
            wrong.append((name, "not in the report"))
            continue
        outcomes[entry["outcome"]] += 1
        if entry["outcome"] == "written":
            output = outdir / (entry["output"] or "-")
            if output in taken:
                wrong.append((name, f"written over the output of {taken[output]}"))
            elif output.is_file():
                taken[output] = name
                pairs.append((name, source, output))
            else:
                wrong.append((name, f"output {entry['output']} does not exist"))
        elif not entry.get("reason"):
            wrong.append((name, f"{entry['outcome']} without a reason"))
    for (name, _, _), fresh in zip(pairs, valid.new_messages([p[1] for p in pairs], [p[2] for p in pairs])):
        wrong += [(name, message) for message in fresh]
    return wrong, outcomes


def verdict(work, adit, profile="research", out=None, report=None):
    """Collects, runs `adit` unless there is a run to judge, and prints; true when all is well."""
    out, made = out or work / "out", report or work / "report.jsonl"
    count = collect(work / "in")
    if adit:
        shutil.rmtree(out, ignore_errors=True)
        key = work / "key"
        key.write_text("5a" * 32 + "\n")
        run(adit, work / "in", out, made, profile, key)
    elif not made.is_file():
        sys.exit(f"{count} files collected; without --adit there is nothing to judge")
    wrong, outcomes = judge(work / "in", out, made)
    print(f"corpus: {count} files, {dict(outcomes)}, {len(wrong)} faults")
    for name, what in wrong[:30]:
        print(f"  {name}: {what}")
    if outcomes["written"] < LEAST_WRITTEN:
        print(f"only {outcomes['written']} files were written; refusing all is no success")
    return bool(count) and not wrong and outcomes["written"] >= LEAST_WRITTEN


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workdir", type=pathlib.Path)
    parser.add_argument("--adit", type=pathlib.Path)
    parser.add_argument("--profile", default="research")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--report", type=pathlib.Path)
    arguments = parser.parse_args()
    sys.exit(not verdict(arguments.workdir, arguments.adit, arguments.profile, arguments.out, arguments.report))


if __name__ == "__main__":
    main()
