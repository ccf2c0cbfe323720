"""Costs: sums that can be checked by hand, and that nothing unknown is counted as nothing."""
import json
import unittest

import cost

TABLE = json.loads(cost.PRICES.read_text())
PRICES = TABLE["regions"]["us-east-1"]


def run(**more):
    return {"instances": 1000, "bytes": 500_000_000, **more}


class PerTerabyte(unittest.TestCase):
    def priced(self, **more):
        return {what: dollars for what, _, dollars in cost.per_terabyte(run(**more), PRICES, 500_000)}

    def test_one_put_per_instance_is_ten_dollars(self):
        self.assertAlmostEqual(self.priced(requests={"s3": {"PutObject": 1000}})["S3 requests that write or list"], 10.0)

    def test_one_write_unit_per_instance_is_a_dollar_and_a_quarter(self):
        self.assertAlmostEqual(self.priced(write_units=1000)["DynamoDB write units"], 1.25)

    def test_parts_of_large_instances_are_puts_and_deletes_are_free(self):
        priced = self.priced(requests={"s3": {"CreateMultipartUpload": 1, "UploadPart": 2, "CompleteMultipartUpload": 1, "DeleteObject": 1000}})
        self.assertEqual(list(priced), ["S3 requests that write or list"])
        self.assertAlmostEqual(priced["S3 requests that write or list"], 0.04)

    def test_requests_grow_with_instances_and_compute_with_bytes(self):
        small = {"instances": 1000, "bytes": 50_000_000, "requests": {"sqs": {"SendMessage": 1000}}, "fargate": {"vcpu": 1, "memory_gb": 2, "seconds": 3600}}
        priced = {what: dollars for what, _, dollars in cost.per_terabyte(small, PRICES, 500_000)}
        self.assertAlmostEqual(priced["SQS requests"], 0.8)
        self.assertAlmostEqual(priced["Fargate vCPU-hours (arm64)"], 0.03238 * 20_000)
        self.assertAlmostEqual(priced["Fargate GB-hours (arm64)"], 0.00356 * 2 * 20_000)

    def test_lambda_is_charged_by_call_and_by_memory_and_time(self):
        priced = self.priced(**{"lambda": [{"invocations": 1000, "seconds": 10, "memory_mb": 512}]})
        self.assertAlmostEqual(priced["Lambda calls"], 0.4)
        self.assertAlmostEqual(priced["Lambda GB-seconds (arm64)"], 5 * 0.0000133334 * 2000)

    def test_the_total_is_the_sum(self):
        scaled = cost.per_terabyte(run(requests={"s3": {"PutObject": 1000}}, write_units=1000, read_units=0), PRICES, 500_000)
        self.assertAlmostEqual(cost.table(scaled)[1], 11.25)


class Unknown(unittest.TestCase):
    def refused(self, sentence, **more):
        with self.assertRaisesRegex(cost.Unpriced, sentence):
            cost.per_terabyte({**run(), **more}, PRICES, 500_000)

    def test_operations_services_and_counts_without_a_price_are_refused(self):
        self.refused("SelectObjectContent", requests={"s3": {"SelectObjectContent": 1}})
        self.refused("kinesis", requests={"kinesis": {"PutRecord": 1}})
        self.refused("nat_bytes", nat_bytes=5)
        self.refused("write_units", requests={"dynamodb": {"PutItem": 1}})
        self.refused("moved nothing", bytes=0)

    def test_a_missing_price_is_said_and_makes_no_total(self):
        scaled = cost.per_terabyte(run(write_units=1000), {**PRICES, "dynamodb_write_million": None}, 500_000)
        text, total = cost.table(scaled)
        self.assertIn("unpriced", text)
        self.assertIsNone(total)

    def test_every_region_names_every_price(self):
        self.assertEqual({frozenset(prices) for prices in TABLE["regions"].values()}, {frozenset(PRICES)})


if __name__ == "__main__":
    unittest.main()
