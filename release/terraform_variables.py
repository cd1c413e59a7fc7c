#!/usr/bin/env python3
"""Writes the variables and outputs of the Terraform modules from the parameters, rules and outputs of the templates. It needs
PyYAML: $(tests/venv tests/template/requirements-terraform.txt)/bin/python release/terraform_variables.py"""

import argparse
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tests", "python"))

import cfn

ROOT = pathlib.Path(__file__).parents[1]
#: The module of each template.
MODULES = {"template.yaml": "terraform", "member-role.yaml": "terraform/member-role"}
#: The type of a variable, and what the stack is given of it. A stack's parameters are texts.
TYPES = {
    "String": ("string", "var.{}"),
    "Number": ("number", "tostring(var.{})"),
    "CommaDelimitedList": ("list(string)", 'join(",", var.{})'),
}
KNOWN = {"Type", "Default", "Description", "AllowedPattern", "AllowedValues", "MinValue", "MaxValue", "ConstraintDescription"}
#: Names of variables that Terraform keeps for itself.
RESERVED = {"source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals"}
#: The variables of the modules that are written by hand.
BY_HAND = {"name", "artifact_bucket", "template_file", "zip_file", "tags"}
#: Terraform's regular expressions repeat nothing more often.
MOST_REPEATS = 1000


class UnknownToModuleError(Exception):
    """A template has something that these modules have no translation for."""


def snake_case(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def quote(text):
    """Returns a text as HCL has it, without interpolation."""
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def literal(value):
    return "[" + ", ".join(map(literal, value)) + "]" if isinstance(value, list) else quote(value) if isinstance(value, str) else json.dumps(value)


class Parameter:
    """A parameter of a template, and the variable made from it."""

    def __init__(self, name, spec):
        self.name, self.spec, self.variable = name, spec, snake_case(name)
        if self.variable in RESERVED | BY_HAND:
            raise UnknownToModuleError(f"the variable of {name} would be named {self.variable}, which has another meaning")
        if unknown := spec.keys() - KNOWN:
            raise UnknownToModuleError(f"{name} has {', '.join(sorted(unknown))}")
        if spec["Type"] not in TYPES:
            raise UnknownToModuleError(f"{name} has the type {spec['Type']}")
        if spec["Type"] == "CommaDelimitedList" and spec.keys() & {"AllowedPattern", "AllowedValues"}:
            raise UnknownToModuleError(f"{name} is a list whose items are limited")
        self.type, value = TYPES[spec["Type"]]
        self.value = value.format(self.variable)

    def block(self, rules):
        lines = [f"  description = {quote(self.spec['Description'])}", f"  type        = {self.type}"]
        if "Default" in self.spec:
            lines.append(f"  default     = {literal(self.default())}")
        lines.append("  nullable    = false")
        for condition, message in [*self.limits(), *rules]:
            lines += ["", "  validation {", f"    condition     = {condition}", f"    error_message = {quote(message)}", "  }"]
        return "\n".join([f'variable "{self.variable}" {{', *lines, "}"])

    def default(self):
        default = self.spec["Default"]
        return [item for item in default.split(",") if item] if self.type == "list(string)" else default

    def limits(self):
        """Yields a condition, and its error, for each limit of the parameter."""
        variable = f"var.{self.variable}"
        if "AllowedValues" in self.spec:
            values = self.spec["AllowedValues"]
            yield f"contains({literal(values)}, {variable})", f"{self.variable} must be one of {', '.join(map(str, values))}."
        if "AllowedPattern" in self.spec:
            pattern = re2(self.name, self.spec["AllowedPattern"])
            reason = self.spec.get("ConstraintDescription", f"must match {self.spec['AllowedPattern']}")
            yield f"can(regex({quote(pattern)}, {variable}))", f"{self.variable} {reason}."
        if "MinValue" in self.spec:
            yield f"{variable} >= {self.spec['MinValue']}", f"{self.variable} must be {self.spec['MinValue']} or more."
        if "MaxValue" in self.spec:
            yield f"{variable} <= {self.spec['MaxValue']}", f"{self.variable} must be {self.spec['MaxValue']} or less."


def re2(name, pattern):
    """Returns a pattern of CloudFormation's, which must match all of a value, for Terraform, which searches."""
    depth, in_class, escaped, alternatives = 0, False, False, False
    for character in pattern:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "|" and depth == 0:
            alternatives = True
    if not (pattern.startswith("^") and pattern.endswith("$")) or alternatives or "(?" in pattern:
        raise UnknownToModuleError(f"{name} has a pattern that is not one sequence from ^ to $, without extensions: {pattern}")
    return re.sub(r"(\[[^\]]+\])\{(\d+),(\d+)\}", split_repeats, pattern)


def split_repeats(match):
    characters, least, most = match[1], int(match[2]), int(match[3])
    if most <= MOST_REPEATS:
        return match[0]
    if least > MOST_REPEATS or most > 2 * MOST_REPEATS:
        raise UnknownToModuleError(f"{match[0]} repeats too often")
    return f"{characters}{{{least},{MOST_REPEATS}}}{characters}{{0,{most - MOST_REPEATS}}}"


class Rules:
    """The rules of a template, as conditions of variables. CloudFormation would refuse the same values, but only when it is applied."""

    def __init__(self, template, parameters):
        self.parameters, self.conditions = parameters, {name: [] for name in parameters}
        for rule in template.get("Rules", {}).values():
            unless = f"!({self.condition(rule['RuleCondition'])}) || " if "RuleCondition" in rule else ""
            for assertion in rule["Assertions"]:
                condition = unless + self.condition(assertion["Assert"])
                # A condition must name the variable that it is of.
                first = next(self.names(assertion["Assert"]))
                self.conditions[first].append((condition, f"{assertion['AssertDescription']}."))

    def condition(self, node):
        (function, argument), = node.items()
        if function == "Ref":
            return self.parameters[argument].value
        if function == "Fn::Not":
            return f"!({self.condition(argument[0])})"
        if function in ("Fn::And", "Fn::Or"):
            sign = " && " if function == "Fn::And" else " || "
            return "(" + sign.join(map(self.condition, argument)) + ")"
        if function == "Fn::Equals":
            return " == ".join(map(self.operand, argument))
        if function == "Fn::Contains":
            return f"contains({literal(argument[0])}, {self.operand(argument[1])})"
        raise UnknownToModuleError(f"a rule has {function}")

    def operand(self, node):
        return self.condition(node) if isinstance(node, dict) else literal(str(node))

    def names(self, node):
        """Yields the parameters that an assertion names, in their order."""
        if isinstance(node, dict) and "Ref" in node:
            yield node["Ref"]
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
            yield from self.names(child)


def variables(path, template):
    parameters = {name: Parameter(name, spec) for name, spec in template["Parameters"].items()}
    rules = Rules(template, parameters)
    width = max(map(len, parameters))
    values = [f"    {name:{width}} = {parameter.value}" for name, parameter in parameters.items()]
    blocks = [parameter.block(rules.conditions[name]) for name, parameter in parameters.items()]
    local = ["# The parameters of the stack.\nlocals {\n  parameters = {", *values, "  }\n}"]
    return "\n\n".join([head(path, "parameters"), *blocks, "\n".join(local)]) + "\n"


def outputs(path, template):
    """A stack lacks the outputs whose condition does not hold; their values are null."""
    blocks = [
        f'output "{snake_case(name)}" {{\n  description = {quote(output["Description"])}\n'
        f'  value       = lookup(aws_cloudformation_stack.this.outputs, "{name}", null)\n}}'
        for name, output in template["Outputs"].items()
    ]
    return "\n\n".join([head(path, "outputs"), *blocks]) + "\n"


def head(path, what):
    return f"# Made by release/terraform_variables.py from the {what} of {path}. Do not edit."


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if a file is out of date")
    arguments = parser.parse_args()
    out_of_date = []
    try:
        for path, module in MODULES.items():
            template = cfn.load(ROOT / path)
            for file, text in (("parameters.tf", variables(path, template)), ("outputs.tf", outputs(path, template))):
                target = ROOT / module / file
                if not target.exists() or target.read_text() != text:
                    out_of_date.append(f"{module}/{file}")
                    if not arguments.check:
                        target.write_text(text)
    except UnknownToModuleError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    for file in out_of_date:
        print(f"{file} {'is out of date: run release/terraform_variables.py' if arguments.check else 'written'}")
    return 1 if out_of_date and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
