"""Checks what release/terraform_variables.py makes of parameters that the templates do not have today, and what it refuses."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "release"))

import terraform_variables

from terraform_modules import Module, compare, expression, value_of

TEXT = {"Type": "String", "Description": "d"}
#: Parameters that have no translation, and a word of the error.
REFUSED = {
    "a limit that is not known": ("Name2", TEXT | {"MinLength": 1}, "MinLength"),
    "a type that is not known": ("Subnets", {"Type": "List<AWS::EC2::Subnet::Id>", "Description": "d"}, "has the type"),
    "a name of Terraform's": ("Count", TEXT, "another meaning"),
    "a name of the module's": ("ZipFile", TEXT, "another meaning"),
    "a list whose items are limited": ("Items", {"Type": "CommaDelimitedList", "Description": "d", "AllowedValues": ["a"]}, "items are limited"),
    "a pattern without its end": ("Part", TEXT | {"AllowedPattern": "^a"}, "not one sequence"),
    "alternatives that are not within parentheses": ("Either", TEXT | {"AllowedPattern": "^a|b$"}, "not one sequence"),
    "a lookahead": ("Ahead", TEXT | {"AllowedPattern": "^(?!a).*$"}, "not one sequence"),
    "too many repeats": ("Long", TEXT | {"AllowedPattern": "^[a]{1,5000}$"}, "repeats too often"),
}


def refusals():
    problems = []
    for what, (name, spec, word) in REFUSED.items():
        try:
            terraform_variables.variables("template.yaml", {"Parameters": {name: spec}})
            problems.append(f"not refused: {what}")
        except terraform_variables.UnknownToModuleError as error:
            problems += [] if word in str(error) else [f"{what}: {error}"]
    return problems


def lists_and_signs():
    """A list is joined for the stack, and signs of Terraform's own in a text mean nothing."""
    parameters = {
        "SubnetIds": {"Type": "CommaDelimitedList", "Default": "a,b", "Description": "d"},
        "Empty": {"Type": "CommaDelimitedList", "Default": "", "Description": "d"},
        "Text": TEXT | {"Default": '${a} %{b} "c" \\d'},
    }
    module = Module({"made/parameters.tf": terraform_variables.variables("template.yaml", {"Parameters": parameters})}, "made")
    found = {name: (expression(body["type"]), value_of(body["default"])) for name, body in module.variables.items()}
    expected = {"subnet_ids": ("list(string)", ["a", "b"]), "empty": ("list(string)", []), "text": ("string", '${a} %{b} "c" \\d')}
    given = {name: expression(value) for name, value in module.locals["parameters"].items() if name in parameters}
    joined = {"SubnetIds": 'join(",", var.subnet_ids)', "Empty": 'join(",", var.empty)', "Text": "var.text"}
    return compare("translated variables", found, expected) + compare("translated values", given, joined)


def main():
    problems = refusals() + lists_and_signs()
    for problem in problems:
        print(problem)
    print(f"translation of parameters: {len(problems)} problems; {len(REFUSED)} parameters that must be refused tried")
    sys.exit(1 if problems else 0)


main()
