"""Joining: what build.py promises, and that a broken station is refused with its reason."""
import pathlib
import tempfile
import unittest

import build


def joined(files, **options):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (pathlib.Path(folder) / name).write_text(content)
        return build.join(folder, paths=["/api/x", "/api/y"], **options)


class Join(unittest.TestCase):
    def test_a_stations_condition_is_put_on_its_resources(self):
        made = joined({"1.yaml": "Station: {Condition: A}\nResources:\n  X: {Type: T}\n  Y: {Type: T, Condition: B}\n", "2.yaml": "Resources:\n  Z: {Type: T}\n"})
        self.assertEqual({name: part.get("Condition") for name, part in made["Resources"].items()}, {"X": "A", "Y": "B", "Z": None})

    def test_a_name_in_two_stations_is_refused(self):
        with self.assertRaisesRegex(build.Broken, "2.yaml: X stands in 1.yaml too"):
            joined({"1.yaml": "Resources:\n  X: {Type: T}\n", "2.yaml": "Resources:\n  X: {Type: T}\n"})

    def test_an_unknown_section_is_refused(self):
        with self.assertRaisesRegex(build.Broken, "Resurces is no section"):
            joined({"1.yaml": "Resurces:\n  X: {Type: T}\n"})

    def test_broken_yaml_is_refused_with_its_place(self):
        with self.assertRaisesRegex(build.Broken, "(?s)1.yaml: .*line 2"):
            joined({"1.yaml": "Resources:\n  X: {Type: [}\n"})

    def test_no_station_is_refused(self):
        with self.assertRaisesRegex(build.Broken, "no station"):
            joined({})

    def test_short_forms_become_long_ones(self):
        made = joined({"1.yaml": "Resources:\n  X: {Type: T, Properties: {A: !Ref P, B: !GetAtt Y.Arn, C: !Sub 'a${B}', D: !If [C, 1, !Ref Q]}}\n"})
        self.assertEqual(made["Resources"]["X"]["Properties"], {"A": {"Ref": "P"}, "B": {"Fn::GetAtt": ["Y", "Arn"]}, "C": {"Fn::Sub": "a${B}"}, "D": {"Fn::If": ["C", 1, {"Ref": "Q"}]}})

    def test_data_are_kept_or_dropped_as_the_stage_wants(self):
        station = {"1.yaml": "Resources:\n  X: {Type: T, DeletionPolicy: KeepData, UpdateReplacePolicy: KeepData}\n  Y: {Type: T, DeletionPolicy: Delete}\n"}
        kept, dropped = joined(station), joined(station, keep_data="no")
        self.assertEqual((kept["Resources"]["X"]["DeletionPolicy"], kept["Resources"]["X"]["UpdateReplacePolicy"]), ("RetainExceptOnCreate", "Retain"))
        self.assertEqual((dropped["Resources"]["X"]["DeletionPolicy"], dropped["Resources"]["X"]["UpdateReplacePolicy"]), ("Delete", "Delete"))
        self.assertEqual(kept["Resources"]["Y"]["DeletionPolicy"], "Delete")


class BulkPaths(unittest.TestCase):
    SOURCE = 'pub const A: &str = "/api/a/{id}/b";\npub const B: &str = "/api/b";\npub const BULK: [&str; 2] = [A, B];\n'

    def test_places_become_stars(self):
        self.assertEqual(build.bulk_paths(self.SOURCE), ["/api/a/*/b", "/api/b"])

    def test_a_name_that_is_not_there_is_refused(self):
        with self.assertRaisesRegex(build.Broken, "C"):
            build.bulk_paths(self.SOURCE.replace("[A, B]", "[A, C]"))

    def test_a_list_that_is_not_there_is_refused(self):
        with self.assertRaisesRegex(build.Broken, "no list BULK"):
            build.bulk_paths("")


if __name__ == "__main__":
    unittest.main()
