#!/usr/bin/env python3
"""Joins the stations in infra/template, in the order of their names, into one CloudFormation template.

    infra/build.py [--keep-data yes|no] [--out target/infra/template.yaml]

What it does besides joining:
- `Station: {Condition: X}` in a file puts that condition on each of its resources that names none of its own;
- `BulkPaths` among CloudFront's behaviours becomes one behaviour for each path of `BULK` in shared/api/src/paths.rs;
- the policy `KeepData` becomes what the stage wants when the stack goes: CloudFormation takes no parameter there.
A name that stands in two files, an unknown section or a path that cannot be read ends it with a sentence.
"""
import argparse
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
STATIONS = ROOT / "infra" / "template"
PATHS = ROOT / "shared" / "api" / "src" / "paths.rs"
SECTIONS = ("Parameters", "Rules", "Conditions", "Resources", "Outputs")
ONCE = ("AWSTemplateFormatVersion", "Description", "Metadata")
# DeletionPolicy and UpdateReplacePolicy of what holds data, by whether the stage keeps it.
KEEP = {"yes": {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}, "no": {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}}


class Broken(Exception):
    """The stations do not make a template; the text says why."""


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms (`!Ref`, `!GetAtt a.b`), read as the long ones."""


def _short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _short_form)
# Dates stay text: a policy's version is one.
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Dumper(yaml.SafeDumper):
    """Writes anchors out: CloudFormation knows them, its other readers may not."""

    def ignore_aliases(self, data):
        return True


def bulk_paths(source=None):
    """The paths of `BULK`, in its order, as CloudFront writes them (`{id}` is `*`)."""
    text = PATHS.read_text() if source is None else source
    constants = dict(re.findall(r'pub const (\w+): &str = "([^"]*)";', text))
    listed = re.search(r"pub const BULK: \[&str; (\d+)\] = \[([^\]]*)\];", text)
    if listed is None:
        raise Broken("paths.rs has no list BULK")
    names = [name.strip() for name in listed[2].split(",") if name.strip()]
    missing = [name for name in names if name not in constants]
    if missing or len(names) != int(listed[1]):
        raise Broken(f"BULK in paths.rs cannot be read: {', '.join(missing) or 'its length is wrong'}")
    return [re.sub(r"\{[^}]*\}", "*", constants[name]) for name in names]


def join(stations=STATIONS, keep_data="yes", paths=None):
    """The template as one dictionary."""
    whole, homes = {}, {}
    files = sorted(pathlib.Path(stations).glob("*.yaml"))
    if not files:
        raise Broken(f"no station in {stations}")
    for file in files:
        try:
            station = yaml.load(file.read_text(), Loader) or {}
        except yaml.YAMLError as error:
            raise Broken(f"{file.name}: {error}") from error
        condition = station.pop("Station", {}).get("Condition")
        for section, content in station.items():
            if section in ONCE:
                if section in whole:
                    raise Broken(f"{file.name}: {section} stands in an earlier station")
                whole[section] = content
                continue
            if section not in SECTIONS:
                raise Broken(f"{file.name}: {section} is no section of a template")
            for name, value in content.items():
                if (section, name) in homes:
                    raise Broken(f"{file.name}: {name} stands in {homes[section, name]} too")
                homes[section, name] = file.name
                if section == "Resources" and condition:
                    value.setdefault("Condition", condition)
                whole.setdefault(section, {})[name] = value
    _fill_in(whole, KEEP[keep_data], bulk_paths() if paths is None else paths)
    return {name: whole[name] for name in (*ONCE, *SECTIONS) if name in whole}


def _fill_in(template, keep, paths):
    for resource in template.get("Resources", {}).values():
        for policy, value in keep.items():
            if resource.get(policy) == "KeepData":
                resource[policy] = value
        if resource["Type"] == "AWS::CloudFront::Distribution":
            config = resource["Properties"]["DistributionConfig"]
            config["CacheBehaviors"] = [made for behaviour in config["CacheBehaviors"] for made in _behaviours(behaviour, paths)]


def _behaviours(behaviour, paths):
    if "BulkPaths" not in behaviour:
        return [behaviour]
    return [{"PathPattern": path, **behaviour["BulkPaths"]} for path in paths]


def text(template):
    """The template as YAML."""
    return yaml.dump(template, Dumper=Dumper, sort_keys=False, width=1_000_000, allow_unicode=True)


def main():
    arguments = argparse.ArgumentParser(description="Joins infra/template into one CloudFormation template.")
    arguments.add_argument("--keep-data", choices=KEEP, default="yes", help="whether data outlive the stack (default: yes)")
    arguments.add_argument("--out", type=pathlib.Path, default=ROOT / "target" / "infra" / "template.yaml")
    chosen = arguments.parse_args()
    try:
        made = text(join(keep_data=chosen.keep_data))
    except Broken as error:
        sys.exit(f"[infra] {error}")
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(made)
    print(f"[infra] {chosen.out} ({len(made) // 1024} KiB)")


if __name__ == "__main__":
    main()
