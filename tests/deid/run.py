"""The whole test of de-identification: `run.py WORKDIR --adit BINARY` plants, proves the judge, runs `adit deid` twice for each profile, judges,
and gives it foreign files. `--only PROFILE` runs one profile."""

import argparse
import pathlib
import shutil
import subprocess
import sys
import types

import corpus
import judge
import plant
import selftest
from judging.profiles import PROFILES


def adit(binary, files, out, profile, key, jobs):
    """One run; some of the planted files must be held back, so the exit code must be 1."""
    shutil.rmtree(out, ignore_errors=True)
    report = out.with_suffix(".jsonl")
    report.unlink(missing_ok=True)
    command = [binary, "deid", files, out, "--profile", profile, "--key-file", key, "--report", report, "--jobs", jobs]
    found = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=600, check=False)
    if found.returncode != 1:
        print(f"adit deid --profile {profile} ended with {found.returncode}, not 1:\n{found.stderr[-2000:]}")
    return report, found.returncode == 1


def wrong_usage(binary, work):
    """A missing or broken key file is wrong usage, and nothing is written."""
    broken, out, good = work / "broken-key", work / "nothing", True
    broken.write_text("5a5a\n")
    for key in (work / "no-such-key", broken):
        shutil.rmtree(out, ignore_errors=True)
        command = [binary, "deid", work / "files", out, "--profile", "basic", "--key-file", key]
        found = subprocess.run([str(c) for c in command], capture_output=True, timeout=60, check=False)
        if found.returncode != 2 or any(out.rglob("*.dcm")):
            print(f"adit deid with {key.name} ended with {found.returncode}, not 2")
            good = False
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workdir", type=pathlib.Path)
    parser.add_argument("--adit", type=pathlib.Path, required=True)
    parser.add_argument("--only", choices=PROFILES)
    arguments = parser.parse_args()
    work = arguments.workdir.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    key, other_key = work / "key", work / "other-key"
    key.write_text("5a" * 32 + "\n")
    other_key.write_text("c3" * 32 + "\n")
    print(f"{plant.plant(work, plant.SEED)} files planted")
    selftest.prove(work)
    good = wrong_usage(arguments.adit, work)
    for profile in [arguments.only] if arguments.only else PROFILES:
        report, first = adit(arguments.adit, work / "files", work / profile, profile, key, 1)
        _, second = adit(arguments.adit, work / "files", work / f"{profile}-again", profile, key, 2)
        run = types.SimpleNamespace(
            truth=work / "truth.json",
            indir=work / "files",
            outdir=work / profile,
            report=report,
            profile=profile,
            again=work / f"{profile}-again",
            first=8,
        )
        good &= first and second and report.is_file() and not judge.verdict(run)
    adit(arguments.adit, work / "files", work / "other", "research", other_key, 1)
    shared = {p.name for p in (work / "other").rglob("*.dcm")} & {p.name for p in (work / "research").rglob("*.dcm")}
    if shared:
        print(f"two keys gave the same UIDs: {sorted(shared)[:3]}")
        good = False
    good &= corpus.verdict(work / "corpus", arguments.adit)
    print("deid: all as it should be" if good else "deid: FAILED")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
