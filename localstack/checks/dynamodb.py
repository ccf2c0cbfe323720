"""DynamoDB: what the item store promises is made of this."""

import concurrent.futures

from checks import check, refused, until

KEYS = ("pk", "sk", "i1pk", "i1sk", "i2pk", "i2sk")


def table(cloud):
    """A table like ours."""
    name = cloud.name("table")

    def schema(partition, sort):
        return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]

    indexes = [
        {"IndexName": index, "KeySchema": schema(f"i{number}pk", f"i{number}sk"), "Projection": {"ProjectionType": "ALL"}}
        for number, index in ((1, "first"), (2, "second"))
    ]
    cloud.dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=schema("pk", "sk"),
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in KEYS],
        GlobalSecondaryIndexes=indexes,
    )
    until(lambda: cloud.dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE", 10, "table is active")
    return name


def item(pk, sk, body="{}", **more):
    return {"pk": {"S": pk}, "sk": {"S": sk}, "body": {"S": body}, "version": {"N": "1"}, **more}


def key(pk, sk):
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def put(name, pk, sk, **more):
    return {"Put": {"TableName": name, "Item": item(pk, sk), "ConditionExpression": "attribute_not_exists(pk)", **more}}


@check("dynamodb: put if absent, and the old item in the refusal")
def put_if_absent(cloud):
    name = table(cloud)
    arguments = {"TableName": name, "Item": item("a", "1"), "ConditionExpression": "attribute_not_exists(pk)"}
    cloud.dynamodb.put_item(**arguments)
    with refused("ConditionalCheckFailedException") as refusal:
        cloud.dynamodb.put_item(**arguments, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert refusal.response["Item"]["version"] == {"N": "1"}, refusal.response


@check("dynamodb: expired items can be taken as absent by a condition")
def put_if_expired(cloud):
    name = table(cloud)
    cloud.dynamodb.put_item(TableName=name, Item=item("a", "1", expires_at={"N": "1000"}))
    cloud.dynamodb.put_item(
        TableName=name,
        Item=item("a", "1", body="new"),
        ConditionExpression="attribute_not_exists(pk) OR (attribute_exists(expires_at) AND expires_at <= :now)",
        ExpressionAttributeValues={":now": {"N": "2000"}},
    )


@check("dynamodb: counters in a map are added to, and a put by update leaves them")
def counters(cloud):
    name = table(cloud)
    cloud.dynamodb.put_item(TableName=name, Item=item("a", "1", counters={"M": {}}))
    for _ in range(3):
        cloud.dynamodb.update_item(
            TableName=name,
            Key=key("a", "1"),
            UpdateExpression="ADD counters.#done :n, version :one",
            ExpressionAttributeNames={"#done": "done"},
            ExpressionAttributeValues={":n": {"N": "2"}, ":one": {"N": "1"}},
        )
    cloud.dynamodb.update_item(
        TableName=name, Key=key("a", "1"), UpdateExpression="SET body = :b", ExpressionAttributeValues={":b": {"S": "new"}}
    )
    found = cloud.dynamodb.get_item(TableName=name, Key=key("a", "1"), ConsistentRead=True)["Item"]
    assert found["counters"] == {"M": {"done": {"N": "6"}}} and found["version"] == {"N": "4"} and found["body"] == {"S": "new"}, found


@check("dynamodb: 100 writes in a transaction, all or nothing")
def transaction(cloud):
    name = table(cloud)
    cloud.dynamodb.transact_write_items(TransactItems=[put(name, "t", f"{n:03}") for n in range(100)])
    found = cloud.dynamodb.query(
        TableName=name, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "t"}}, Select="COUNT", ConsistentRead=True
    )
    assert found["Count"] == 100, found["Count"]
    with refused("TransactionCanceledException"):
        cloud.dynamodb.transact_write_items(TransactItems=[put(name, "u", "1"), put(name, "t", "050")])
    assert "Item" not in cloud.dynamodb.get_item(TableName=name, Key=key("u", "1"), ConsistentRead=True), "half a transaction was kept"


@check("dynamodb: a cancelled transaction says why, per write, with the old item")
def reasons(cloud):
    name = table(cloud)
    cloud.dynamodb.put_item(TableName=name, Item=item("a", "2"))
    writes = [put(name, "a", sk, ReturnValuesOnConditionCheckFailure="ALL_OLD") for sk in "123"]
    with refused("TransactionCanceledException") as refusal:
        cloud.dynamodb.transact_write_items(TransactItems=writes)
    found = refusal.response["CancellationReasons"]
    assert [reason["Code"] for reason in found] == ["None", "ConditionalCheckFailed", "None"], found
    assert found[1]["Item"]["sk"] == {"S": "2"}, found


@check("dynamodb: two writes to one item, and 101 writes, are refused as a transaction")
def limits(cloud):
    name = table(cloud)
    with refused("ValidationException"):
        cloud.dynamodb.transact_write_items(TransactItems=[put(name, "a", "1"), put(name, "a", "1")])
    with refused("ValidationException"):
        cloud.dynamodb.transact_write_items(TransactItems=[put(name, "a", str(n)) for n in range(101)])


@check("dynamodb: a client's token makes a transaction happen once")
def token(cloud):
    name = table(cloud)
    cloud.dynamodb.put_item(TableName=name, Item=item("a", "1"))
    update = {"TableName": name, "Key": key("a", "1"), "UpdateExpression": "ADD version :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}
    for _ in range(3):
        cloud.dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken="same-token-0123456789")
    found = cloud.dynamodb.get_item(TableName=name, Key=key("a", "1"), ConsistentRead=True)["Item"]["version"]["N"]
    assert found == "2", f"happened {int(found) - 1} times"


@check("dynamodb: 200 transactions on one item at a time: each one counts or is refused as a conflict")
def conflicts(cloud):
    name = table(cloud)
    cloud.dynamodb.put_item(TableName=name, Item=item("a", "1"))
    update = {"TableName": name, "Key": key("a", "1"), "UpdateExpression": "ADD version :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}

    def once(_):
        try:
            cloud.dynamodb.transact_write_items(TransactItems=[{"Update": update}])
        except cloud.dynamodb.exceptions.TransactionCanceledException as error:
            assert error.response["CancellationReasons"][0]["Code"] == "TransactionConflict", error.response
            return 0
        return 1

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(once, range(200)))
    found = int(cloud.dynamodb.get_item(TableName=name, Key=key("a", "1"), ConsistentRead=True)["Item"]["version"]["N"])
    assert found == done + 1, f"{done} transactions succeeded, {found - 1} counted"
    return f"{200 - done} conflicts" if done < 200 else "no conflict ever: conflicts cannot be provoked here"


@check("dynamodb: an index is paged in both directions without loss, with equal sort keys")
def paging(cloud):
    name = table(cloud)
    for start in range(0, 100, 25):
        rows = [item(f"k{n}", "x", i1pk={"S": "all"}, i1sk={"S": f"{n // 10:02}"}) for n in range(start, start + 25)]
        cloud.dynamodb.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": row}} for row in rows]})
    for forward in (True, False):
        seen, more = [], {}
        while True:
            page = cloud.dynamodb.query(
                TableName=name,
                IndexName="first",
                KeyConditionExpression="i1pk = :p AND i1sk BETWEEN :from AND :to",
                ExpressionAttributeValues={":p": {"S": "all"}, ":from": {"S": "01"}, ":to": {"S": "08"}},
                ScanIndexForward=forward,
                Limit=7,
                **more,
            )
            seen += [row["pk"]["S"] for row in page["Items"]]
            if "LastEvaluatedKey" not in page:
                break
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        assert sorted(seen) == sorted(f"k{n}" for n in range(10, 90)), f"{len(seen)} rows, {len(set(seen))} different"
        order = [int(row[1:]) // 10 for row in seen]
        assert order == sorted(order, reverse=not forward), "out of order"


@check("dynamodb: a page ends at 1 MB")
def page_size(cloud):
    name = table(cloud)
    for n in range(30):
        cloud.dynamodb.put_item(TableName=name, Item=item("a", f"{n:02}", body="x" * 50_000))
    query = {"TableName": name, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}
    found = cloud.dynamodb.query(**query)
    assert "LastEvaluatedKey" in found and 20 <= found["Count"] <= 22, found["Count"]


@check("dynamodb: an item over 400 KB, and a consistent read of an index, are refused")
def validation(cloud):
    name = table(cloud)
    with refused("ValidationException"):
        cloud.dynamodb.put_item(TableName=name, Item=item("a", "1", body="x" * 410_000))
    with refused("ValidationException"):
        cloud.dynamodb.query(
            TableName=name,
            IndexName="first",
            KeyConditionExpression="i1pk = :p",
            ExpressionAttributeValues={":p": {"S": "a"}},
            ConsistentRead=True,
        )


@check("dynamodb: time to live is set and described")
def ttl(cloud):
    name = table(cloud)
    specification = {"Enabled": True, "AttributeName": "expires_at"}
    cloud.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    found = cloud.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert found["TimeToLiveStatus"] in ("ENABLED", "ENABLING") and found["AttributeName"] == "expires_at", found


@check("dynamodb: expired items are removed within 70 s", slow=True)
def expiry(cloud):
    name = table(cloud)
    specification = {"Enabled": True, "AttributeName": "expires_at"}
    cloud.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    cloud.dynamodb.put_item(TableName=name, Item=item("a", "1", expires_at={"N": "1700000000"}))
    until(lambda: "Item" not in cloud.dynamodb.get_item(TableName=name, Key=key("a", "1")), 70, "the item is gone")


@check("dynamodb: consumed capacity is told")
def capacity(cloud):
    name = table(cloud)
    put = cloud.dynamodb.put_item(TableName=name, Item=item("a", "1", body="x" * 3000), ReturnConsumedCapacity="TOTAL")
    units = put["ConsumedCapacity"]["CapacityUnits"]
    assert units == 3, f"{units} units for an item of 3 KB"


@check("dynamodb: the table's ARN names region and account")
def arn(cloud):
    found = cloud.dynamodb.describe_table(TableName=table(cloud))["Table"]["TableArn"]
    assert found.startswith("arn:aws:dynamodb:us-east-1:000000000000:table/"), found


@check("dynamodb: deletion protection keeps a table")
def protection(cloud):
    name = table(cloud)
    cloud.dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
    with refused("ValidationException"):
        cloud.dynamodb.delete_table(TableName=name)


@check("dynamodb: point-in-time recovery")
def recovery(cloud):
    specification = {"PointInTimeRecoveryEnabled": True}
    cloud.dynamodb.update_continuous_backups(TableName=table(cloud), PointInTimeRecoverySpecification=specification)
