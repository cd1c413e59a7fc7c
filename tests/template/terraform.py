"""Checks the Terraform modules against the templates whose stacks they create, their examples against the modules, and their
resources against the arguments of the AWS provider. Then it changes them for the worse, to see that each change is noticed. If
Terraform is installed, its own engine evaluates every variable.

terraform.py VALUES: VALUES is the file that print_parameter_values.py printed."""

import copy
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))

import cfn
import terraform_engine
from terraform_modules import (
    EXAMPLES,
    MODULES,
    ROOT,
    Module,
    compare,
    expression,
    read_files,
    strings,
    text,
    value_of,
    variable_of,
)
from terraform_mutations import MUTATIONS

ARGUMENTS = json.loads(pathlib.Path(__file__).with_name("aws_arguments.json").read_text())
#: Parameters that the module sets itself.
SET_BY_MODULE = {"terraform": {"CodeBucket", "CodeKey"}, "terraform/member-role": set()}
TYPES = {"String": "string", "Number": "number", "CommaDelimitedList": "list(string)"}
META_ARGUMENTS = {"count", "for_each", "depends_on", "lifecycle", "provider", "__is_block__"}
#: CloudFormation takes no longer template in a request. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LARGEST_BODY = 51_200


def variables(modules, templates):
    """Each parameter is a variable with its type, default, description and limits, and each variable is a parameter."""
    problems = []
    for folder, (path, own) in MODULES.items():
        module, parameters = modules[folder], templates[path]["Parameters"]
        problems += compare(f"variables of {folder}", sorted(module.variables), sorted({variable_of(name) for name in parameters} | own))
        for name, spec in parameters.items():
            variable = module.variables.get(variable_of(name), {})
            default = spec.get("Default", "required")
            if spec["Type"] == "CommaDelimitedList" and default != "required":
                default = default.split(",")
            where = f"{folder}: var.{variable_of(name)}"
            problems += compare(f"{where}: type", expression(variable.get("type")), TYPES[spec["Type"]])
            problems += compare(f"{where}: default", value_of(variable["default"]) if "default" in variable else "required", default)
            problems += compare(f"{where}: description", text(variable.get("description")), spec["Description"])
            problems += compare(f"{where}: nullable", variable.get("nullable"), False)
            problems += limits(where, variable, variable_of(name), spec)
    return problems


def limits(where, variable, name, spec):
    expected = {}
    for key in ("AllowedValues", "AllowedPattern", "MinValue", "MaxValue"):
        if key in spec:
            expected[key] = spec[key]
    found = {}
    for validation in variable.get("validation", []):
        condition = expression(validation["condition"])
        if match := re.fullmatch(rf"contains\((\[.*\]), var\.{name}\)", condition):
            found["AllowedValues"] = json.loads(match[1])
        elif match := re.fullmatch(rf'can\(regex\((".*"), var\.{name}\)\)', condition):
            found["AllowedPattern"] = joined_repeats(text(match[1]))
        elif match := re.fullmatch(rf"var\.{name} (>=|<=) (-?[0-9]+)", condition):
            found["MinValue" if match[1] == ">=" else "MaxValue"] = int(match[2])
    return compare(f"{where}: limits", found, expected)


def joined_repeats(pattern):
    """Undoes the division of a repetition above 1000, which Terraform's regular expressions do not have."""
    return re.sub(r"(\[[^\]]+\])\{(\d+),1000\}\1\{0,(\d+)\}", lambda match: f"{match[1]}{{{match[2]},{1000 + int(match[3])}}}", pattern)


def parameters_of_the_stack(modules, templates):
    """Every variable reaches the parameter it is named after, as a text."""
    problems = []
    for folder, (path, _) in MODULES.items():
        module, parameters = modules[folder], templates[path]["Parameters"]
        given = module.locals.get("parameters", {})
        problems += compare(f"{folder}: local.parameters", sorted(given.keys() - {"__is_block__"}), sorted(parameters))
        forms = {"String": "var.{}", "Number": "tostring(var.{})", "CommaDelimitedList": 'join(",", var.{})'}
        for name, spec in parameters.items():
            problems += compare(f"{folder}: parameter {name}", expression(given.get(name)), forms[spec["Type"]].format(variable_of(name)))
        stack = module.resources.get(("aws_cloudformation_stack", "this"), {})
        source = expression(stack.get("parameters"))
        if not re.match(r"(merge\()?local\.parameters\b", source):
            problems.append(f"{folder}: the stack has {source} for its parameters")
        added = set(re.findall(r"\b([A-Z]\w+)\s*=", source))
        problems += compare(f"{folder}: parameters that the module sets", added, SET_BY_MODULE[folder])
        used = set(re.findall(r"\bvar\.(\w+)", "\n".join(module.text.values())))
        # Validations name their variable too.
        unused = {name for name in module.variables if "var." + name not in "\n".join(uses_outside_variables(module))}
        problems += [f"{folder}: var.{name} is not used" for name in sorted(unused)]
        problems += [f"{folder}: var.{name} is not there" for name in sorted(used - module.variables.keys())]
    return problems


def uses_outside_variables(module):
    for node in (module.resources, module.locals, module.outputs, module.calls):
        yield from strings(node)


def outputs(modules, templates):
    problems = []
    for folder, (path, _) in MODULES.items():
        found = {name: (text(output["description"]), expression(output["value"])) for name, output in modules[folder].outputs.items()}
        expected = {
            variable_of(name): (output["Description"], f'lookup(aws_cloudformation_stack.this.outputs, "{name}", null)')
            for name, output in templates[path]["Outputs"].items()
        }
        problems += compare(f"{folder}: names of outputs", sorted(found), sorted(expected))
        problems += [problem for name in found.keys() & expected.keys() for problem in compare(f"{folder}: output {name}", found[name], expected[name])]
    return problems


def examples(modules, templates):
    """Examples call modules that are there, with variables that they have and with every one that they require."""
    problems, referred = [], re.compile(r"\bmodule\.(\w+)\.(\w+)")
    for folder in EXAMPLES:
        example = modules[folder]
        problems += [] if example.calls else [f"{folder} calls no module"]
        called = {}
        for name, call in example.calls.items():
            source = os.path.normpath(os.path.join(folder, text(call["source"])))
            if source not in MODULES:
                problems.append(f"{folder}: module.{name} is of {source}, which is no module")
                continue
            called[name] = modules[source]
            given = call.keys() - META_ARGUMENTS - {"source", "version", "providers"}
            required = {variable for variable, body in modules[source].variables.items() if "default" not in body}
            problems += [f"{folder}: {source} has no variable {argument}" for argument in sorted(given - modules[source].variables.keys())]
            problems += [f"{folder}: module.{name} lacks {argument}" for argument in sorted(required - given)]
        for name, output in {match for line in strings(example.resources | example.calls | example.outputs) for match in referred.findall(line)}:
            if name not in called or output not in called[name].outputs:
                problems.append(f"{folder}: module.{name} has no output {output}")
        used = set(re.findall(r"\bvar\.(\w+)", "\n".join(example.text.values())))
        problems += compare(f"{folder}: variables that are used", sorted(used), sorted(example.variables))
    # CloudFormation answers with every parameter of a StackSet, so the provider sees a change in one that is left out.
    stack_set = modules["terraform/examples/organisation"].resources.get(("aws_cloudformation_stack_set", "member"), {})
    return problems + compare("parameters of the StackSet", sorted(stack_set.get("parameters", {})), sorted(templates["member-role.yaml"]["Parameters"]))


def arguments(modules, _):
    """Every resource has arguments that the provider knows, and every one that it requires. Every reference leads to an attribute."""
    problems = []
    for folder, module in modules.items():
        for (kind, label), body in module.resources.items():
            if kind not in ARGUMENTS:
                problems.append(f"{folder}: {kind} is not in aws_arguments.json")
                continue
            problems += unknown_arguments(f"{folder}: {kind}.{label}", body, ARGUMENTS[kind]["arguments"], META_ARGUMENTS)
        for line in strings(module.resources | module.calls | module.outputs | module.locals):
            for data, kind, label, attribute in re.findall(r"\b(data\.)?(aws_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?", line):
                resource = ("data_" if data else "") + kind
                if (resource, label) not in module.resources:
                    problems.append(f"{folder}: {resource}.{label} is not there")
                elif attribute and attribute not in ARGUMENTS[resource]["attributes"]:
                    problems.append(f"{folder}: {resource}.{label} has no {attribute}")
            problems += [f"{folder}: local.{name} is not there" for name in re.findall(r"\blocal\.(\w+)", line) if name not in module.locals]
    return problems


def unknown_arguments(where, body, known, besides=frozenset({"__is_block__"})):
    given = body.keys() - besides
    problems = [f"{where}: {argument} is no argument" for argument in sorted(given - known.keys())]
    problems += [f"{where} lacks {argument}" for argument, spec in known.items() if spec["required"] and argument not in given]
    for argument in given & known.keys():
        for block in body[argument] if isinstance(body[argument], list) else []:
            if isinstance(block, dict) and "block" in known[argument]:
                problems += unknown_arguments(f"{where}.{argument}", block, known[argument]["block"])
    return problems


def capabilities(modules, templates):
    """The capabilities are those that the template needs, and no others."""
    stacks = {
        "template.yaml": modules["terraform"].resources.get(("aws_cloudformation_stack", "this"), {}),
        "member-role.yaml": modules["terraform/member-role"].resources.get(("aws_cloudformation_stack", "this"), {}),
        # Below, the StackSet of the same template.
        None: modules["terraform/examples/organisation"].resources.get(("aws_cloudformation_stack_set", "member"), {}),
    }
    problems = []
    for path, stack in stacks.items():
        template = templates[path or "member-role.yaml"]
        properties = [r["Properties"] for r in template["Resources"].values() if r["Type"].startswith("AWS::IAM::")]
        is_named = any(re.fullmatch(r"(Role|User|Group|ManagedPolicy|InstanceProfile)Name", key) for of_one in properties for key in of_one)
        needed = ["CAPABILITY_NAMED_IAM" if is_named else "CAPABILITY_IAM"]
        needed += ["CAPABILITY_AUTO_EXPAND"] if "Transform" in template else []
        problems += compare(f"capabilities of {path or 'the StackSet'}", value_of(stack.get("capabilities")), needed)
    return problems


def artifacts(modules, _):
    """The keys of the template and the code have their hash, and the stack reads them from the bucket that they are in."""
    module, problems = modules["terraform"], []
    for label, file, end in (("template", "template_file", "yaml"), ("code", "zip_file", "zip")):
        body = module.resources.get(("aws_s3_object", label), {})
        problems += compare(f"key of {label}", text(body.get("key")), f"${{var.name}}/${{filesha256(var.{file})}}.{end}")
        problems += compare(f"source of {label}", expression(body.get("source")), f"var.{file}")
        problems += compare(f"bucket of {label}", expression(body.get("bucket")), "local.artifact_bucket")
        lifecycle = body.get("lifecycle", [{}])[0]
        problems += compare(f"{label}: create_before_destroy", lifecycle.get("create_before_destroy"), True)
    stack = module.resources.get(("aws_cloudformation_stack", "this"), {})
    problems += compare("template_url", text(stack.get("template_url")), "https://${local.artifact_domain}/${aws_s3_object.template.key}")
    merged = " ".join(expression(stack.get("parameters")).split())
    for part in ("CodeBucket = aws_s3_object.code.bucket", "CodeKey = aws_s3_object.code.key"):
        problems += [] if part in merged else [f"the stack's parameters lack {part}"]
    own = {kind for kind, label in module.resources if label == "artifacts"}
    protected = {"aws_s3_bucket", "aws_s3_bucket_versioning", "aws_s3_bucket_public_access_block", "aws_s3_bucket_server_side_encryption_configuration"}
    return problems + [f"the module's own bucket lacks {kind}" for kind in sorted(protected - own)]


def inline_template(modules, templates):
    """The template of the members is read from its file, and is short enough to be sent in the request."""
    problems = []
    size = (ROOT / "member-role.yaml").stat().st_size
    problems += [] if size < LARGEST_BODY else [f"member-role.yaml has {size} bytes, and a request takes {LARGEST_BODY}"]
    for folder, module in modules.items():
        for source in module.text.values():
            for path in re.findall(r'"\$\{path\.module\}/((?:\.\./)+[^"]+)"', source):
                problems += [] if (ROOT / folder / path).exists() else [f"{folder}: {path} is not there"]
    return problems


def versions(modules, _):
    problems = []
    for folder, module in modules.items():
        found = "\n".join(module.text.values())
        for line in ('required_version = ">= 1.9"', 'source  = "hashicorp/aws"', 'version = ">= 6.0, < 7.0"'):
            problems += [] if line in found else [f"{folder} lacks {line}"]
    return problems


CHECKS = [variables, parameters_of_the_stack, outputs, examples, arguments, capabilities, artifacts, inline_template, versions]

def problems_of(files, templates):
    folders = sorted({path.rpartition("/")[0] for path in files})
    modules = {folder: Module(files, folder) for folder in folders}
    problems = compare("folders", folders, sorted([*MODULES, *EXAMPLES]))
    for check in CHECKS:
        try:
            problems += check(modules, templates)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            problems.append(f"{check.__name__}: {type(error).__name__} {error}")
    return problems


def unnoticed(files, templates):
    problems = []
    for name, (path, old, new, word) in MUTATIONS.items():
        if old not in files[path]:
            problems.append(f"{path} has no {old!r}, to change for the worse: {name}")
            continue
        found = problems_of(files | {path: files[path].replace(old, new, 1)}, templates)
        if not any(word in problem for problem in found):
            problems.append(f"not noticed: {name}; found was {found}")
    return problems + unnoticed_in_the_template(files, templates)


def unnoticed_in_the_template(files, templates):
    """The template may change instead, and the modules not follow."""
    changes = {
        "a parameter more": lambda template: template["Parameters"].update(New={"Type": "String", "Default": "", "Description": "new"}),
        "a parameter less": lambda template: template["Parameters"].pop("SpreadAbove"),
        "another default": lambda template: template["Parameters"]["MemorySize"].update(Default=1024),
        "an output more": lambda template: template["Outputs"].update(New={"Description": "new", "Value": "new"}),
        "a role with a name": lambda template: template["Resources"]["CaptureRole"]["Properties"].update(RoleName="capture"),
    }
    problems = []
    for name, change in changes.items():
        changed = copy.deepcopy(templates)
        change(changed["template.yaml"])
        problems += [] if problems_of(files, changed) else [f"not noticed: {name} in template.yaml"]
    return problems


def main():
    values = json.loads(pathlib.Path(sys.argv[1]).read_text())
    files, templates = read_files(), {path: cfn.load(ROOT / path) for path, _ in MODULES.values()}
    problems = problems_of(files, templates) + unnoticed(files, templates) + terraform_engine.problems_of_values(templates, values)
    for problem in problems:
        print(problem)
    print(f"terraform: {len(problems)} problems in {len(files)} files by {len(CHECKS)} checks; {len(MUTATIONS)} changes for the worse tried")
    sys.exit(1 if problems else 0)


main()
