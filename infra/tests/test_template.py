"""The template itself: what neither linter knows to be wrong, and what no emulator would show."""
import itertools
import json
import re
import unittest

import build

TEMPLATE = build.join()
RESOURCES = TEMPLATE["Resources"]
DROPPED = build.join(keep_data="no")["Resources"]
# Actions that AWS defines for no resource.
STAR_ALLOWED = {"ecr:GetAuthorizationToken": "a token for the registry as a whole; AWS knows no resource for it"}


def of(kind):
    return {name: part for name, part in RESOURCES.items() if part["Type"] == kind}


def statements(name, part):
    """Statements of a role or policy, both branches of choices."""
    documents = [policy["PolicyDocument"] for policy in part["Properties"].get("Policies", [])]
    documents += [part["Properties"]["PolicyDocument"]] if "PolicyDocument" in part["Properties"] else []
    for document in documents:
        for statement in document["Statement"]:
            for branch in statement["Fn::If"][1:] if "Fn::If" in statement else [statement]:
                if "Ref" not in branch:
                    yield branch


def texts(value):
    """All texts within a value, through functions."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(texts(part) for part in value.values())
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(texts(part) for part in value)


def listed(value):
    return value if isinstance(value, list) else [value]


class Queues(unittest.TestCase):
    def test_every_queue_has_a_dead_letter_queue_that_takes_only_its_letters(self):
        queues = of("AWS::SQS::Queue")
        living = {name for name in queues if not name.endswith("Dead")}
        self.assertEqual(living, {"BridgeUrgent", "BridgeNormal", "WorkerUrgent", "WorkerNormal", "Events"})
        for name in living:
            queue, dead = queues[name]["Properties"], queues[f"{name}Dead"]["Properties"]
            self.assertEqual(queue["RedrivePolicy"], {"deadLetterTargetArn": {"Fn::GetAtt": [f"{name}Dead", "Arn"]}, "maxReceiveCount": 5})
            own_name = queue["QueueName"]["Fn::Sub"]
            self.assertEqual(dead["QueueName"], {"Fn::Sub": f"{own_name}-dead"})
            allowed = dead["RedriveAllowPolicy"]
            self.assertEqual(allowed["redrivePermission"], "byQueue")
            self.assertTrue([arn["Fn::Sub"].endswith(f":{own_name}") for arn in allowed["sourceQueueArns"]] == [True], name)
            self.assertGreater(dead["MessageRetentionPeriod"], queue["MessageRetentionPeriod"])

    def test_names_are_those_that_the_backend_makes(self):
        names = {part["Properties"]["QueueName"]["Fn::Sub"] for part in of("AWS::SQS::Queue").values()}
        made = {f"${{AWS::StackName}}-{lane}-{band}{dead}" for lane in ("bridge", "worker") for band in ("urgent", "normal") for dead in ("", "-dead")}
        self.assertEqual(names, made | {"${AWS::StackName}-events", "${AWS::StackName}-events-dead"})

    def test_every_queue_is_encrypted_at_rest_and_on_the_way(self):
        covered = [queue["Ref"] for part in of("AWS::SQS::QueuePolicy").values() if refuses_plain(part) for queue in part["Properties"]["Queues"]]
        self.assertEqual(sorted(covered), sorted(of("AWS::SQS::Queue")))
        self.assertTrue(all(part["Properties"]["SqsManagedSseEnabled"] for part in of("AWS::SQS::Queue").values()))

    def test_a_dead_worker_is_waited_for_no_longer_than_its_time_and_no_shorter(self):
        parameters = TEMPLATE["Parameters"]
        self.assertGreaterEqual(parameters["WorkerVisibility"]["Default"], parameters["WorkerTimeout"]["Default"])
        self.assertGreaterEqual(RESOURCES["Events"]["Properties"]["VisibilityTimeout"], 6 * RESOURCES["EventsFunction"]["Properties"]["Timeout"])


def refuses_plain(part):
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    return any(statement.get("Effect") == "Deny" and statement.get("Condition") == plain for statement in part["Properties"]["PolicyDocument"]["Statement"])


class Rights(unittest.TestCase):
    def test_no_role_may_do_something_to_everything(self):
        roles = {**of("AWS::IAM::Role"), **of("AWS::IAM::ManagedPolicy")}
        self.assertGreaterEqual(len(roles), 8)
        for name, part in roles.items():
            for statement in statements(name, part):
                self.assertFalse([action for action in listed(statement["Action"]) if "*" in action], f"{name}: actions are named one by one")
                if "*" in listed(statement["Resource"]):
                    self.assertLessEqual(set(listed(statement["Action"])), set(STAR_ALLOWED), f"{name}: {statement['Action']} on *")

    def test_every_function_has_a_role_of_its_own(self):
        roles = [part["Properties"]["Role"]["Fn::GetAtt"][0] for part in of("AWS::Lambda::Function").values()]
        self.assertEqual(sorted(roles), ["ApiRole", "EventsRole", "SweeperRole", "WorkerRole"])

    def test_only_the_worker_takes_the_workers_messages_and_the_bridge_the_bridges(self):
        takes = {
            name: {part["Fn::GetAtt"][0] for statement in statements(name, role) if "sqs:ReceiveMessage" in listed(statement["Action"]) for part in listed(statement["Resource"])}
            for name, role in {**of("AWS::IAM::Role"), **of("AWS::IAM::ManagedPolicy")}.items()
        }
        wanted = {"WorkerRole": {"WorkerUrgent", "WorkerNormal"}, "EventsRole": {"Events"}, "BridgePolicy": {"BridgeUrgent", "BridgeNormal"}}
        self.assertEqual({name: queues for name, queues in takes.items() if queues}, wanted)

    def test_functions_get_the_settings_that_they_read(self):
        wanted = {"ADIT_TABLE", "ADIT_STAGING_BUCKET", "ADIT_QUEUE_PREFIX", "ADIT_SECRET", "ADIT_DEFAULT_PROFILE", "ADIT_AE_TITLE", "ADIT_LOG", "ADIT_HTTPS"}
        mail = {"ADIT_MAIL_TRANSPORT", "ADIT_MAIL_FROM", "ADIT_PUBLIC_URL"}
        for name, part in of("AWS::Lambda::Function").items():
            more = mail if name == "WorkerFunction" else set()
            self.assertEqual(set(part["Properties"]["Environment"]["Variables"]), wanted | more, name)
            self.assertEqual((part["Properties"]["Runtime"], f"{part['Properties']['Handler'].title()}Function"), ("provided.al2023", name))
        container = RESOURCES["BridgeTask"]["Properties"]["ContainerDefinitions"][0]
        self.assertLessEqual(wanted, {variable["Name"] for variable in container["Environment"] if "Name" in variable})

    def test_the_bridge_writes_nowhere_but_into_its_scratch(self):
        task = RESOURCES["BridgeTask"]["Properties"]
        container = task["ContainerDefinitions"][0]
        self.assertTrue(container["ReadonlyRootFilesystem"])
        self.assertEqual([(mount["SourceVolume"], mount["ContainerPath"]) for mount in container["MountPoints"]], [("scratch", "/tmp")])
        # A volume without a host or a file system is the task's own and goes with it.
        self.assertEqual(task["Volumes"], [{"Name": "scratch"}])


class Data(unittest.TestCase):
    def test_staging_is_cleared_by_itself(self):
        # LocalStack does not apply lifecycle rules, so they are looked at here.
        rules = {rule["Id"]: rule for rule in RESOURCES["Staging"]["Properties"]["LifecycleConfiguration"]["Rules"]}
        self.assertEqual(rules["leftovers"], {"Id": "leftovers", "Status": "Enabled", "ExpirationInDays": {"Ref": "StagingDays"}})
        self.assertEqual(rules["unfinished-uploads"]["AbortIncompleteMultipartUpload"], {"DaysAfterInitiation": 1})
        self.assertEqual(TEMPLATE["Parameters"]["StagingDays"]["Default"], 15)

    def test_every_bucket_is_closed_encrypted_and_refuses_plain_http(self):
        policies = {part["Properties"]["Bucket"]["Ref"]: part for part in of("AWS::S3::BucketPolicy").values()}
        self.assertEqual(set(policies), set(of("AWS::S3::Bucket")))
        for name, part in of("AWS::S3::Bucket").items():
            self.assertTrue(refuses_plain(policies[name]), name)
            self.assertEqual(set(part["Properties"]["PublicAccessBlockConfiguration"].values()), {True}, name)
            self.assertIn("BucketEncryption", part["Properties"], name)

    def test_what_cannot_be_made_again_outlives_a_production_stack_and_not_a_test_stack(self):
        kinds = ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::KMS::Key", "AWS::Backup::BackupVault", "AWS::Logs::LogGroup")
        # Their values live on in the secret.
        holding = [name for kind in kinds for name in of(kind) if name not in ("FirstValue", "SecondValue")]
        self.assertGreaterEqual(len(holding), 10)
        for name in holding:
            self.assertEqual((RESOURCES[name].get("DeletionPolicy"), RESOURCES[name].get("UpdateReplacePolicy")), ("RetainExceptOnCreate", "Retain"), name)
        self.assertEqual([name for name, part in DROPPED.items() if part.get("DeletionPolicy", "Delete") != "Delete"], [])

    def test_the_secret_is_made_of_one_reference_each(self):
        # A second reference in one text is filled with the first one's value by LocalStack 4.13.
        for name, part in of("AWS::SecretsManager::Secret").items():
            self.assertLessEqual(json.dumps(part["Properties"]).count("{{resolve:"), 1, name)
        self.assertEqual([RESOURCES[name]["Properties"]["GenerateSecretString"]["GenerateStringKey"] for name in ("FirstValue", "SecondValue", "Secret")], ["admin_password", "origin_secret", "project_key"])

    def test_tables_keys_are_those_of_the_backend(self):
        table = RESOURCES["Table"]["Properties"]
        keys = lambda schema: [key["AttributeName"] for key in schema]  # noqa: E731
        self.assertEqual(keys(table["KeySchema"]), ["pk", "sk"])
        self.assertEqual({index["IndexName"]: keys(index["KeySchema"]) for index in table["GlobalSecondaryIndexes"]}, {"first": ["i1pk", "i1sk"], "second": ["i2pk", "i2sk"]})
        self.assertEqual(table["TimeToLiveSpecification"], {"AttributeName": "expires_at", "Enabled": True})


class Edge(unittest.TestCase):
    CONFIG = RESOURCES["Distribution"]["Properties"]["DistributionConfig"]

    def test_bulk_paths_go_to_the_bridge_and_the_rest_of_the_api_to_the_function(self):
        behaviours = [(behaviour["PathPattern"], behaviour["TargetOriginId"]) for behaviour in self.CONFIG["CacheBehaviors"]]
        self.assertEqual(behaviours, [(path, "bulk") for path in build.bulk_paths()] + [("/api/*", "api")])
        self.assertIn("/api/search", build.bulk_paths())

    def test_the_api_is_never_cached_and_never_answered_by_the_page(self):
        for behaviour in self.CONFIG["CacheBehaviors"]:
            self.assertEqual((behaviour["CachePolicyId"], behaviour.get("FunctionAssociations")), ("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", None))
        self.assertEqual(len(self.CONFIG["DefaultCacheBehavior"]["FunctionAssociations"]), 1)

    def test_headers_are_those_of_the_router(self):
        source = (build.ROOT / "functions" / "api" / "src" / "headers.rs").read_text()
        said = set(re.findall(r'"((?:[^"\\]|\\.)*)"', source.split("const HEADERS", 1)[1].split("];", 1)[0]))
        ours = set(texts(RESOURCES["Headers"]["Properties"]["ResponseHeadersPolicyConfig"]))
        self.assertLessEqual(said - {"nosniff"}, ours)
        self.assertTrue(RESOURCES["Headers"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]["ContentTypeOptions"]["Override"])


class Whole(unittest.TestCase):
    def test_what_no_emulator_has_stays_out_of_local_stacks(self):
        emulated = ("DynamoDB", "IAM", "KMS", "Lambda", "Logs", "S3", "SQS", "SecretsManager", "Events")
        for name, part in RESOURCES.items():
            if part["Type"].split("::")[1] not in emulated:
                self.assertTrue(needs_aws(part.get("Condition")), f"{name} ({part['Type']}) needs a condition that holds on AWS only")

    def test_parameters_are_explained_grouped_and_refused_with_a_sentence(self):
        grouped = [name for group in TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"] for name in group["Parameters"]]
        self.assertEqual(sorted(grouped), sorted(TEMPLATE["Parameters"]))
        for name, parameter in TEMPLATE["Parameters"].items():
            self.assertTrue(parameter["Description"].endswith("."), name)
            self.assertEqual("AllowedPattern" in parameter, "ConstraintDescription" in parameter, name)
            if parameter["Type"] == "String":
                self.assertTrue("AllowedPattern" in parameter or "AllowedValues" in parameter, name)

    def test_defaults_are_allowed(self):
        for name, parameter in TEMPLATE["Parameters"].items():
            if "AllowedPattern" in parameter and "Default" in parameter:
                self.assertRegex(str(parameter["Default"]), parameter["AllowedPattern"], name)

    def test_every_skipped_finding_has_its_reason(self):
        for name, part in RESOURCES.items():
            for skip in part.get("Metadata", {}).get("checkov", {}).get("skip", []):
                self.assertGreater(len(skip["comment"]), 20, name)


def needs_aws(condition):
    """Whether a condition can hold only where OnAws holds."""
    if condition is None:
        return False
    if condition == "OnAws":
        return True
    rule = TEMPLATE["Conditions"][condition]
    parts = [part.get("Condition") for part in rule.get("Fn::And", []) + rule.get("Fn::Or", []) if isinstance(part, dict)]
    judged = [needs_aws(part) for part in parts if part]
    return bool(judged) and (any(judged) if "Fn::And" in rule else all(judged) and len(judged) == len(rule["Fn::Or"]))


if __name__ == "__main__":
    unittest.main()
