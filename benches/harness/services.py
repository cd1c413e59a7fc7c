"""EC2 and S3 on loopback, each in a process of its own so that it is not counted."""

import json
import os
import subprocess
import time

import boto3

from harness.process import Process, free_port, wait_for

BUCKET = "evidence"

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": os.environ["HOME"],
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "benchsecret",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Simulator:
    """EC2 and CloudWatch Logs. At a time that stands still, pages of connections are rendered once: by the first that asks for them,
    which is none of the measured."""

    def __init__(self, program, connections, endpoints=1, latency_millis=0, more=(), time="2026-11-23T09:00:00Z"):
        options = ["--connections", connections, "--endpoints", endpoints, "--latency-millis", latency_millis]
        still = ["--time", time, "--replay"] if time else []
        command = [program, *options, *still, *more]
        self.process = Process(command, ENVIRONMENT, stdout=subprocess.PIPE)
        url, *self.endpoints = self.process.popen.stdout.readline().decode().split()
        # ARNs where there are several accounts.
        self.accounts = list(dict.fromkeys(arn.split(":")[4] for arn in self.endpoints if ":" in arn))
        names = ["EC2", "STS", "CLOUDWATCH_LOGS"]
        self.environment = ENVIRONMENT | {f"AWS_ENDPOINT_URL_{name}": url for name in names}

    def close(self):
        self.process.kill()
        self.process.popen.stdout.close()


class Seaweed:
    """S3: SeaweedFS with one bucket."""

    def __init__(self, program, folder):
        identity = {
            "name": "bench",
            "credentials": [{"accessKey": "bench", "secretKey": "benchsecret"}],
            "actions": ["Admin"],
        }
        config = folder / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        data = folder / "seaweed"
        data.mkdir()
        ports = {name: (free_port(), free_port()) for name in ["master", "volume", "filer", "s3"]}
        command = [program, "server", "-s3", "-ip=127.0.0.1", f"-dir={data}", f"-s3.config={config}"]
        for name, (port, grpc) in ports.items():
            command += [f"-{name}.port={port}", f"-{name}.port.grpc={grpc}"]
        log = (folder / "seaweed.log").open("w")
        self.process = Process(command, ENVIRONMENT, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{ports['s3'][0]}"
        self.environment = {"AWS_ENDPOINT_URL_S3": url}
        wait_for(ports["s3"][0])
        self.client = boto3.client(
            "s3", endpoint_url=url, region_name="eu-central-1", aws_access_key_id="bench", aws_secret_access_key="benchsecret"
        )
        for attempt in range(60):
            try:
                self.client.create_bucket(Bucket=BUCKET)
                return
            except Exception:
                if attempt == 59:
                    raise
                time.sleep(0.5)

    def size(self, key):
        return self.client.head_object(Bucket=BUCKET, Key=key)["ContentLength"]

    def close(self):
        self.process.kill()
