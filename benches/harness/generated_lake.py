"""An S3 server of one bucket whose ledger and digests are made when they are asked for, and answered some milliseconds later.

Every account and Region has a run record each quarter of an hour, which is one that the program wrote with other times and another account,
and a digest each hour that lists these and what they name.
"""

import asyncio
import datetime
import json
import multiprocessing
import re
import socket
import urllib.parse

QUARTER, HOUR, DAY = datetime.timedelta(minutes=15), datetime.timedelta(hours=1), datetime.timedelta(days=1)
PREFIX = "lake/"
#: Stands for the account in a text.
ACCOUNT = "000000000000"
TIMES = {"%Y-%m-%dT%H:%M:%S": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "%Y%m%dT%H%M%S": r"\d{8}T\d{6}"}


class GeneratedLake:
    """The server, in a process of its own, so that it is not counted. `record` and `digest` are texts that the program wrote. The texts of
    the days `made` are made before it answers."""

    def __init__(self, record, digest, places, days, made, millis):
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.counted = multiprocessing.Value("Q", lock=False)
        content = Content(record, digest, places, days)
        # Made in the server: the memory of this process counts as that of a program that it starts.
        is_ready = multiprocessing.Event()
        arguments = (listener, content, made, is_ready, millis / 1000, self.counted)
        self.process = multiprocessing.Process(target=serve, args=arguments, daemon=True)
        self.process.start()
        listener.close()
        is_ready.wait()

    def close(self):
        self.process.kill()
        self.process.join()


class Content:
    """The objects in the bucket: `places` accounts in one Region, for these days."""

    def __init__(self, record, digest, places, days):
        self.record, self.digest = json.loads(record), json.loads(digest)
        place = self.record["places"][0]
        self.account, self.region, self.run_id = place["account_id"], place["region"], self.record["run_id"]
        self.time = parsed(self.record["snapshot_time"])
        self.accounts = [f"{number:012}" for number in range(1, places + 1)]
        self.days = days
        self.texts = {}

    def make(self, days):
        for day in days:
            for table in ("runs", "digests"):
                for name in self.names(table, f"day={day:%Y-%m-%d}"):
                    self.text(table, name[:16])

    def answer(self, target):
        """The body of the answer to a GET, or `None` if there is nothing."""
        url = urllib.parse.urlsplit(target)
        asked = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        if "versions" in asked or "list-type" in asked:
            return self.listing({name: values[0] for name, values in asked.items()})
        table, account, _, day, name = urllib.parse.unquote(url.path).split("/", 2)[2].removeprefix(PREFIX).split("/")
        if account.removeprefix("account_id=") not in self.accounts or name not in self.names(table, day):
            return None
        return self.text(table, name[:16]).replace(ACCOUNT, account.removeprefix("account_id=")).encode()

    def listing(self, asked):
        """A page of a listing. It fits on one: a day of an account and Region has a hundred objects, and there are few days."""
        prefix, delimiter = asked["prefix"], asked.get("delimiter")
        table, *folders = prefix.removeprefix(PREFIX).split("/")
        below = lambda names: "".join(f"<CommonPrefixes><Prefix>{encoded(prefix + name)}/</Prefix></CommonPrefixes>" for name in names)
        found = ""
        if table in ("runs", "digests"):
            date = "snapshot_date" if table == "runs" else "digest_date"
            match folders:
                case [""] if delimiter:
                    found = below(f"account_id={account}" for account in self.accounts)
                case [_, ""] if delimiter:
                    found = below([f"region={self.region}"])
                case [_, _, ""] if delimiter:
                    found = below(f"{date}={day:%Y-%m-%d}" for day in self.days)
                case [_, _, day, ""]:
                    kind = "Version" if "versions" in asked else "Contents"
                    found = "".join(
                        f"<{kind}><Key>{encoded(prefix + name)}</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>"
                        f"<Size>5000</Size></{kind}>"
                        for name in self.names(table, day)
                    )
                case _:
                    raise SystemExit(f"nobody should list {prefix}")
        root = "ListVersionsResult" if "versions" in asked else "ListBucketResult"
        encoding = "<EncodingType>url</EncodingType>" if "encoding-type" in asked else ""
        return f"<{root}>{encoding}<IsTruncated>false</IsTruncated>{found}</{root}>".encode()

    def names(self, table, day):
        """The names of the objects of a day."""
        if (table, day) not in self.texts:
            begin = datetime.datetime.strptime(day.split("=")[1], "%Y-%m-%d").replace(tzinfo=datetime.UTC)
            times = [begin + QUARTER * number for number in range(96)] if table == "runs" else [begin + HOUR * number for number in range(24)]
            end = f"_{self.run_id}.json" if table == "runs" else ".json"
            self.texts[table, day] = dict.fromkeys(f"{time:%Y%m%dT%H%M%SZ}{end}" for time in times)
        return self.texts[table, day]

    def text(self, table, compact):
        """The text of an object, with zeros in place of its account."""
        if (table, compact) not in self.texts:
            time = datetime.datetime.strptime(compact, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
            self.texts[table, compact] = self.moved_record(time) if table == "runs" else self.moved_digest(time)
        return self.texts[table, compact]

    def moved_record(self, time):
        text = json.dumps(self.record, separators=(",", ":"))
        for form, pattern in TIMES.items():
            move = lambda found, form=form: (datetime.datetime.strptime(found[0], form) + (time - self.time)).strftime(form)
            text = re.sub(pattern, move, text)
        return text.replace(f"snapshot_date={self.time:%Y-%m-%d}", f"snapshot_date={time:%Y-%m-%d}").replace(self.account, ACCOUNT)

    def moved_digest(self, hour):
        objects = []
        for quarter in range(4):
            at = hour + QUARTER * quarter
            record = json.loads(self.moved_record(at))
            place = record["places"][0]
            named = [target["object_key"] for target in record["targets"]]
            named += [place[table]["object_key"] for table in ("endpoints", "authorization_rules", "routes")]
            folder = f"account_id={ACCOUNT}/region={self.region}/snapshot_date={at:%Y-%m-%d}"
            named.append(f"runs/{folder}/{at:%Y%m%dT%H%M%SZ}_{self.run_id}.json")
            objects += [self.digest["objects"][0] | {"object_key": key, "late": False} for key in named]
        stamp = lambda time: f"{time:%Y-%m-%dT%H:%M:%SZ}"
        key = lambda time: f"digests/account_id={ACCOUNT}/region={self.region}/digest_date={time:%Y-%m-%d}/{time:%Y%m%dT%H%M%SZ}.json"
        fields = {
            "object_key": key(hour),
            "start": stamp(hour),
            "end": stamp(hour + HOUR),
            "sealed_at": stamp(hour + HOUR + 3 * QUARTER),
            "objects": sorted(objects, key=lambda found: found["object_key"]),
            "previous_object_key": key(hour - HOUR),
            "previous_sha256": "0" * 64,
        }
        return json.dumps(self.digest | fields, separators=(",", ":")) + "\n"


def parsed(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)


def encoded(key):
    return urllib.parse.quote(key, safe="/")


def serve(listener, content, made, is_ready, seconds, counted):
    content.make(made)
    is_ready.set()
    asyncio.run(accept(listener, content, seconds, counted))


async def accept(listener, content, seconds, counted):
    loop = asyncio.get_running_loop()

    class Connection(asyncio.Protocol):
        """Requests without a body, one after the other."""

        def connection_made(self, transport):
            self.transport, self.received = transport, b""

        def data_received(self, received):
            self.received += received
            while b"\r\n\r\n" in self.received:
                head, _, self.received = self.received.partition(b"\r\n\r\n")
                counted.value += 1
                target = re.match(rb"GET (\S+) ", head)
                body = content.answer(target[1].decode()) if target else None
                status, body = (b"404 Not Found", b"<Error><Code>NoSuchKey</Code></Error>") if body is None else (b"200 OK", body)
                answer = b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)
                loop.call_later(seconds, self.transport.write, answer)

    server = await loop.create_server(Connection, sock=listener)
    await server.serve_forever()
