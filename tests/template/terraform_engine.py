"""Evaluates the variables of the Terraform modules with Terraform itself. It needs no provider for that, which is not to be had
everywhere."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import cfn
from terraform_modules import MODULES, ROOT, variable_of


class Engine:
    """The program, and a folder for what it evaluates."""

    def __init__(self, program, scratch):
        self.program, self.scratch = program, scratch
        settings = scratch / "terraform.rc"
        settings.write_text("")
        self.environment = os.environ | {"TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}

    def run(self, folder, *arguments):
        output = subprocess.run([self.program, f"-chdir={folder}", *arguments], env=self.environment, capture_output=True, text=True, check=False)
        return output.returncode, output.stdout + output.stderr

    def format(self):
        status, output = self.run(ROOT / "terraform", "fmt", "-check", "-recursive", "-diff")
        return [f"terraform fmt: {output}"] if status else []

    def evaluate(self, name, files, given, runs):
        """Tests variables and `local.parameters` of these files, without anything else of the module."""
        folder = self.scratch / name
        (folder / "tests").mkdir(parents=True)
        for file, source in files.items():
            (folder / file).write_text(source)
        (folder / "given.tf").write_text('output "parameters" {\n  value = local.parameters\n}\n')
        (folder / "tests" / "values.tftest.hcl").write_text("\n".join([f"variables {{\n{assignments(given)}}}\n", *runs]))
        status, output = self.run(folder, "init", "-backend=false", "-no-color")
        if status == 0:
            status, output = self.run(folder, "test", "-no-color")
        passed = re.search(r"(\d+) passed, 0 failed", output)
        if status or not passed or int(passed[1]) != len(runs):
            return [f"terraform test of {name}: {output[-4000:]}"]
        return []


def assignments(values):
    return "".join(f"  {name} = {hcl(value)}\n" for name, value in values.items())


def hcl(value):
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def run_block(name, given, expected):
    """`expected` is the variable that refuses, or the parameters of the stack."""
    lines = [f'run "{name}" {{', "  command = plan", "  variables {", assignments(given).rstrip("\n"), "  }"]
    if isinstance(expected, str):
        lines.append(f"  expect_failures = [var.{expected}]")
    else:
        values = ", ".join(f"output.parameters[{hcl(key)}]" for key in expected)
        lines += ["  assert {", f"    condition     = jsonencode([{values}]) == jsonencode({hcl(list(expected.values()))})", f'    error_message = "{name}"', "  }"]
    return "\n".join([*lines, "}\n"])


def as_parameter(value):
    return value if isinstance(value, str) else json.dumps(value)


def runs_of_values(template, values):
    """Yields a run for each value that a parameter takes, and for each that it refuses."""
    defaults = {name: as_parameter(spec["Default"]) for name, spec in template["Parameters"].items() if "Default" in spec}
    yield run_block("defaults", {}, defaults)
    for name, spec in template["Parameters"].items():
        good, bad = values.get(name, ([], []))
        if "AllowedValues" in spec:
            good, bad = spec["AllowedValues"], [max(spec["AllowedValues"]) * 2, "x"]
        if "MinValue" in spec:
            good, bad = [*good, spec["MinValue"]], [*bad, spec["MinValue"] - 1]
        if "MaxValue" in spec:
            good, bad = [*good, spec["MaxValue"]], [*bad, spec["MaxValue"] + 1]
        if spec["Type"] == "Number":
            # Of a text that is no number, Terraform says so before any validation.
            bad = [value for value in bad if not isinstance(value, str)]
        variable = variable_of(name)
        for number, value in enumerate(good):
            yield run_block(f"{variable}_takes_{number}", {variable: value}, {name: as_parameter(value)})
        for number, value in enumerate(bad):
            yield run_block(f"{variable}_refuses_{number}", {variable: value}, variable)


def runs_of_rules(template):
    """Yields a run for each lock, which is refused as CloudFormation refuses it."""
    for mode in ("OFF", "COMPLIANCE"):
        for days in template["Parameters"]["ObjectLockDays"]["AllowedValues"]:
            for retention in (90, 179, 180, 400, 3653, 36500):
                is_broken = cfn.broken_rules(template, ObjectLockMode=mode, ObjectLockDays=str(days), RetentionDays=str(retention))
                given = {"object_lock_mode": mode, "object_lock_days": days, "retention_days": retention}
                expected = "object_lock_days" if is_broken else {"ObjectLockDays": str(days), "RetentionDays": str(retention)}
                yield run_block(f"lock_{mode}_{days}_{retention}", given, expected)


def runs_of_own_variables():
    # template.yaml itself is not packaged.
    refused = {"name": "1st", "artifact_bucket": "Capitals", "zip_file": "code.tar", "template_file": str(ROOT / "template.yaml")}
    for name, value in refused.items():
        yield run_block(f"{name}_refuses", {name: value}, name)
    yield run_block("own_takes", {"name": "vpn-2", "artifact_bucket": "code-of-ours", "tags": {"a": "b"}}, {"Prefix": "client-vpn-audit"})


def problems_of_values(templates, values):
    program = shutil.which("terraform")
    if program is None:
        print("terraform is not installed: its own evaluation of the variables, and its formatter, were left out")
        return []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        packaged = scratch / "packaged.yaml"
        subprocess.run([sys.executable, ROOT / "release/package_template.py", packaged], check=True)
        engine = Engine(program, scratch)
        problems = engine.format()
        for folder, (path, _) in MODULES.items():
            template = templates[path]
            given = {variable_of(name): values[path][name][0][0] for name, spec in template["Parameters"].items() if "Default" not in spec}
            runs = list(runs_of_values(template, values[path]))
            if path == "template.yaml":
                given |= {"template_file": str(packaged), "zip_file": "code.zip"}
                runs += [*runs_of_rules(template), *runs_of_own_variables()]
            files = {file: (ROOT / folder / file).read_text() for file in ("parameters.tf", "variables.tf")}
            problems += engine.evaluate(folder.replace("/", "-"), files, given, runs)
            print(f"{folder}: Terraform itself evaluated variables {len(runs)} times")
            problems += unnoticed_by_the_engine(engine, folder, files, given, runs)
        return problems


#: As above, of what Terraform itself evaluates: a word of the runs, and in parameters.tf a text and the text in its place.
ENGINE_MUTATIONS = {
    ("terraform", "a pattern"): ("reserved_concurrency", "^([1-9][0-9]{0,3})?$", "^([1-9][0-9]*)?$"),
    ("terraform", "a pattern that Terraform cannot compile"): ("external_id", "{2,1000}", "{2,1001}"),
    ("terraform", "an upper bound"): ("memory_size", "var.memory_size <= 3008", "var.memory_size <= 10240"),
    ("terraform", "a rule less"): ("lock_", '== \"3653\"', '== \"3654\"'),
    ("terraform/member-role", "a default"): ("defaults", '"client-vpn-audit-member"', '"member"'),
}


def unnoticed_by_the_engine(engine, folder, files, given, runs):
    problems = []
    for number, ((of_folder, name), (word, old, new)) in enumerate(ENGINE_MUTATIONS.items()):
        if of_folder != folder:
            continue
        if old not in files["parameters.tf"]:
            problems.append(f"{folder}/parameters.tf has no {old!r}, to change for the worse: {name}")
            continue
        changed = files | {"parameters.tf": files["parameters.tf"].replace(old, new, 1)}
        concerned = [run for run in runs if run.startswith(f'run "{word}')]
        if not engine.evaluate(f"changed-{number}", changed, given, concerned):
            problems.append(f"not noticed by Terraform: {name} in {folder}")
    return problems
