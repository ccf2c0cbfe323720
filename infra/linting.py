"""infra/lint: cfn-lint and checkov over the joined template, then the tests of infra/.

The template is judged as it would be deployed, once per set of parameters in infra/tests/parameters.yaml: both values of the condition OnAws,
every link to the hospital, everything optional on and off. A finding that is meant is skipped where it stands, with its reason; a
skip that suppresses nothing is a finding of ours.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import yaml

import build

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(sys.executable).parent
SETS = HERE / "tests" / "parameters.yaml"


def say(words):
    print(f"[infra] {words}", flush=True)


def cfn_lint(folder, template, names):
    """1 if there are findings with one of the parameter sets, else 0."""
    files = []
    for name, parameters in yaml.safe_load(SETS.read_text()).items():
        if name in names or not names:
            files.append(folder / f"{name}.json")
            files[-1].write_text(json.dumps([{"ParameterKey": key, "ParameterValue": str(value)} for key, value in parameters.items()]))
    found = subprocess.run([BIN / "cfn-lint", "--parameter-files", *files, "--format", "parseable", "--", template], capture_output=True, text=True)
    if found.returncode:
        say(f"cfn-lint:\n{found.stdout}{found.stderr}".rstrip())
    return int(found.returncode != 0)


def checkov(template):
    """The number of findings, and of skips that suppress nothing."""
    # Without --skip-download it would ask its maker's server.
    command = [BIN / "checkov", "--file", template, "--framework", "cloudformation", "--output", "json", "--skip-download"]
    answer = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LOG_LEVEL": "ERROR"})
    try:
        results = json.loads(answer.stdout)["results"]
    except (ValueError, KeyError):
        say(f"checkov gave no result:\n{answer.stderr[-2000:]}")
        return 1
    for finding in results["failed_checks"]:
        say(f"checkov: {finding['check_id']} {finding['check_name']}: {finding['resource']}")
    used = {(skip["resource"].split(".")[-1], skip["check_id"]) for skip in results["skipped_checks"]}
    idle = sorted(declared_skips() - used)
    for resource, check in idle:
        say(f"checkov: the skip of {check} at {resource} suppresses nothing: remove it")
    return len(results["failed_checks"]) + len(idle)


def declared_skips():
    template = build.join()
    return {(name, skip["id"]) for name, resource in template["Resources"].items() for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])}


def tests():
    """The number of tests that failed."""
    sys.path.insert(0, str(HERE))
    found = unittest.defaultTestLoader.discover(str(HERE / "tests"), top_level_dir=str(HERE / "tests"))
    result = unittest.TextTestRunner(verbosity=1).run(found)
    return len(result.failures) + len(result.errors) + (result.testsRun == 0)


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder, bad = pathlib.Path(folder), 0
        # What becomes of data changes two words per resource: one set is enough for the second template.
        for keep, names in (("yes", ()), ("no", ("aws_least",))):
            template = folder / f"template-{keep}.yaml"
            template.write_text(build.text(build.join(keep_data=keep)))
            say(f"cfn-lint, keep-data {keep}")
            bad += cfn_lint(folder, template, names)
        say("checkov")
        bad += checkov(folder / "template-yes.yaml")
    say("tests")
    bad += tests()
    if bad:
        sys.exit("[infra] findings: see above")
    say("no findings")


if __name__ == "__main__":
    main()
