"""Judges a de-identified tree: `judge.py TRUTH INDIR OUTDIR REPORT --profile basic|research|adit-compatible [--again DIR]`.
Prints what is wrong by class, and ends with 1 if anything is. The persons are made up, so their values are shown."""

import argparse
import filecmp
import json
import pathlib
import shutil
import sys

from judging import dates, identifiers, kept, marks, outcome, uids, valid
from judging.profiles import PROFILES


def same_trees(first, second, findings):
    """The same key twice gives the same bytes under the same names."""
    names = {p.relative_to(first).as_posix() for p in first.rglob("*") if p.is_file()}
    others = {p.relative_to(second).as_posix() for p in second.rglob("*") if p.is_file()}
    findings.look("again", len(names | others))
    for name in sorted(names ^ others):
        findings.add("again", name, "-", "in one run only")
    for name in sorted(names & others):
        if not filecmp.cmp(first / name, second / name, shallow=False):
            findings.add("again", name, "-", "other bytes")


def judge(arguments):
    truth = json.loads(arguments.truth.read_text(encoding="utf-8"))
    profile, findings = PROFILES[arguments.profile], outcome.Findings()
    if profile.name == "basic":  # a report may be held back there: the profile takes its whole content
        for entry in truth["files"].values():
            if entry["class"].startswith("1.2.840.10008.5.1.4.1.1.88.") and entry["expected"] == "written":
                entry["expected"] = "any"
    pairs = outcome.load(truth, arguments.indir, arguments.outdir, arguments.report, findings)
    identifiers.judge(pairs, truth, profile, findings)
    dates.judge(pairs, truth, profile, findings)
    uids.judge(pairs, truth, profile, findings)
    kept.judge(pairs, truth, profile, findings)
    kept.pixels(pairs, findings)
    marks.judge(pairs, profile, findings)
    marks.actions(pairs, profile, findings)
    valid.judge(pairs, findings)
    identifiers.pseudonyms(pairs, truth, findings)
    if arguments.again:
        same_trees(arguments.outdir, arguments.again, findings)
    return pairs, findings


def verdict(arguments):
    """Judges and prints; 1 when anything is wrong."""
    for tool in ("dcmdump", "dciodvfy"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing; scripts/install-peers installs it")
    pairs, findings = judge(arguments)
    print(f"profile {arguments.profile}: {len(pairs)} outputs judged; outcomes {dict(findings.outcomes)}")
    print(findings.table(arguments.first))
    return 1 if findings.failed() or not pairs else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("truth", "indir", "outdir", "report"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--profile", choices=PROFILES, required=True)
    parser.add_argument("--again", type=pathlib.Path, help="output of a second run with the same key")
    parser.add_argument("--first", type=int, default=8, help="offenders shown of each class")
    sys.exit(verdict(parser.parse_args()))


if __name__ == "__main__":
    main()
