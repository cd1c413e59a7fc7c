"""Tables, saved queries and the work group."""

import re

import cfn
from common import EVIDENCE, KEY, PARQUET_TABLES, ROOT, compare, read, resources

HIVE = "org.apache.hadoop.hive.ql.io."
PARQUET = tuple(HIVE + name for name in ("parquet.MapredParquetInputFormat", "parquet.MapredParquetOutputFormat", "parquet.serde.ParquetHiveSerDe"))
JSON = ("org.apache.hadoop.mapred.TextInputFormat", HIVE + "HiveIgnoreKeyTextOutputFormat", "org.openx.data.jsonserde.JsonSerDe")


def tables(template):
    problems = []
    # Every snapshot that the program takes is in the tables if this is its first day.
    year, month, day = re.search(r"FIRST_DATE: Date = date\((\d+), (\d+), (\d+)\)", read("src/snapshot_time.rs")).groups()
    first_date = f"{year}-{int(month):02}-{int(day):02}"
    given = {"Accounts": "111122223333,444455556666", "Regions": "eu-central-1,us-east-1", "FirstDay": first_date}
    found = resources(cfn.resolve(template, **given), "AWS::Glue::Table")
    problems += compare("tables", sorted(t["TableInput"]["Name"] for t in found.values()), sorted(EVIDENCE))
    for properties in found.values():
        table = properties["TableInput"]
        name, parameters = table["Name"], table["Parameters"]
        date = "digest_date" if name == "digests" else "snapshot_date"
        keys = ["account_id", "region", date]
        problems += compare(f"partitions of {name}", [(k["Name"], k["Type"]) for k in table["PartitionKeys"]], [(k, "string") for k in keys])
        projection = {
            "projection.enabled": "true",
            "projection.account_id.type": "enum",
            "projection.account_id.values": "111122223333,444455556666",
            "projection.region.type": "enum",
            "projection.region.values": "eu-central-1,us-east-1",
            f"projection.{date}.type": "date",
            f"projection.{date}.format": "yyyy-MM-dd",
            f"projection.{date}.range": f"{first_date},NOW+1DAYS",
            f"projection.{date}.interval": "1",
            f"projection.{date}.interval.unit": "DAYS",
            "storage.location.template": f"s3://evidencebucket/client-vpn-audit/{name}/" + "/".join(f"{k}=${{{k}}}" for k in keys) + "/",
        }
        problems += compare(f"projection of {name}", {k: v for k, v in parameters.items() if k != "classification"}, projection)
        storage = table["StorageDescriptor"]
        problems += compare(f"location of {name}", storage["Location"], f"s3://evidencebucket/client-vpn-audit/{name}/")
        formats = (storage["InputFormat"], storage["OutputFormat"], storage["SerdeInfo"]["SerializationLibrary"])
        problems += compare(f"format of {name}", formats, PARQUET if name in PARQUET_TABLES else JSON)
        for column in storage["Columns"] + table["PartitionKeys"]:
            if not 0 < len(column.get("Comment", "")) <= 255:
                problems.append(f"{name}.{column['Name']} has a comment that Glue does not take")
    columns = lambda name: {c["Name"]: c["Type"] for c in found[name]["TableInput"]["StorageDescriptor"]["Columns"]}
    if columns("ConnectionsTable") != columns("PartialsTable"):
        problems.append("connections and partials differ")
    return problems + ledger(columns("RunsTable"))


def ledger(columns):
    """The columns of `runs` are the fields of a run record, as docs/ledger.md has them, which a test of its own checks."""
    page = read("docs/ledger.md")
    fields = lambda heading: re.findall(r"^\| `(\w+)` \|", page.split(heading)[1].split("\n## ")[0], re.M)
    targets = re.sub(r"struct<[^<>]*>", "struct", columns["targets"].removeprefix("array<struct<"))
    names = re.findall(r"(\w+):", re.sub(r"struct<[^<>]*>", "struct", targets))
    return compare("columns of runs", sorted(columns), sorted(fields("## Fields of a run"))) + compare(
        "fields of targets", sorted(names), sorted(fields("## Fields of a target"))
    )


def saved_queries(template):
    queries = resources(cfn.resolve(template), "AWS::Athena::NamedQuery").values()
    places = {(q["Database"], q["WorkGroup"]) for q in queries}
    found = {q["Name"]: q["QueryString"].strip() for q in queries}
    expected = {path.stem: path.read_text().strip() for path in (ROOT / "queries").glob("*.sql")}
    problems = compare("where queries are saved", places, {("client_vpn_audit", "client-vpn-audit")})
    problems += [f"query {name} is not saved" for name in sorted(expected.keys() - found.keys())]
    problems += [f"saved query {name} has no file" for name in sorted(found.keys() - expected.keys())]
    return problems + [f"saved query {name} differs from its file" for name in sorted(found.keys() & expected.keys()) if found[name] != expected[name]]


def work_group(template):
    group = resources(cfn.resolve(template), "AWS::Athena::WorkGroup")["WorkGroup"]["WorkGroupConfiguration"]
    found = (group["EnforceWorkGroupConfiguration"], group["EngineVersion"]["SelectedEngineVersion"])
    problems = compare("work group", found, (True, "Athena engine version 3"))
    problems += compare("scan limit", group["BytesScannedCutoffPerQuery"], 2**40)
    for key, encrypted in (("", {"EncryptionOption": "SSE_S3"}), (KEY, {"EncryptionOption": "SSE_KMS", "KmsKey": KEY})):
        results = resources(cfn.resolve(template, KmsKeyArn=key), "AWS::Athena::WorkGroup")["WorkGroup"]["WorkGroupConfiguration"]["ResultConfiguration"]
        expected = {"OutputLocation": "s3://analyticsbucket/results/", "ExpectedBucketOwner": cfn.ACCOUNT, "EncryptionConfiguration": encrypted}
        problems += compare("results", results, expected)
    return problems


CHECKS = [tables, saved_queries, work_group]
