#!/usr/bin/env python3
"""Writes template.yaml as a template that needs no build: the code of its functions is a ZIP file in S3, which the parameters
CodeBucket and CodeKey name. Every other line stays as it is. A template that is not as expected is refused."""

import argparse
import pathlib
import re
import sys

TEMPLATE = pathlib.Path(__file__).parents[1] / "template.yaml"
#: SAM resolves parameters within a mapping; a whole URI that is a reference fails.
CODE_URI = "CodeUri: {Bucket: !Ref CodeBucket, Key: !Ref CodeKey}"
#: The binary that the ZIP file has, in the file `bootstrap`.
BINARY = "client-vpn-audit-lambda"
#: The folder of the template: what `sam build` builds.
LOCAL_CODE = "."
PARAMETERS = """\
  CodeBucket:
    Type: String
    AllowedPattern: "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
    ConstraintDescription: "must be the name of a bucket"
    Description: "Bucket of this Region that has the code of the functions."
  CodeKey:
    Type: String
    AllowedPattern: "^[A-Za-z0-9!_.()/-]{1,1024}$"
    ConstraintDescription: "must be a key of 1 to 1024 letters, digits and characters of !_.()/-"
    Description: "Key of the ZIP file with the code of the functions. Give each version a key of its own: CloudFormation does not notice content that changed under the same key."
"""
GROUP = """\
      - Label: {default: Where the code is}
        Parameters: [CodeBucket, CodeKey]
"""
LABELS = """\
      CodeBucket: {default: Bucket of the code}
      CodeKey: {default: Key of the code}
"""
#: Properties that may name a local file, which CloudFormation cannot read.
MAY_BE_LOCAL = re.compile(r" *(CodeUri|ContentUri|DefinitionUri|ImageUri|SchemaUri|TemplateURL):")


class UnexpectedTemplateError(Exception):
    """The template is not as expected at a place that packaging changes."""


class Block:
    """The lines of one key and of all that is below it, as a range of line numbers."""

    def __init__(self, lines, first, end):
        self.lines, self.first, self.end = lines, first, end

    @property
    def value(self):
        """Returns the text after the key, on its line."""
        return self.lines[self.first].partition(":")[2].strip()

    def children(self):
        """Returns the block of each key directly below, by name."""
        below = [line for line in self.lines[self.first + 1 : self.end] if is_content(line)]
        if not below:
            return {}
        depth = indentation(below[0])
        return blocks(self.lines, self.first + 1, self.end, depth)

    def child(self, *path):
        block = self
        for name in path:
            found = block.children()
            if name not in found:
                raise UnexpectedTemplateError(f"expected {name} {'below line ' + str(block.first) if block.first else 'at the top'}, found {', '.join(found) or 'nothing'}")
            block = found[name]
        return block

    def replace(self, text):
        """Empties the lines of this block, and puts the text in their place. The numbers of other lines stay."""
        self.lines[self.first : self.end] = [text] + [""] * (self.end - self.first - 1)

    def append(self, text):
        self.lines[self.end - 1] += text


def blocks(lines, first, end, depth):
    """Returns the block of each key at this depth, by name. A block ends with its last line that is neither empty nor a comment."""
    key = re.compile(" " * depth + r"(\"?[A-Za-z][A-Za-z0-9:]*\"?):(\s|$)")
    found, open_block = {}, None
    for number in range(first, end):
        line = lines[number]
        if not is_content(line):
            continue
        if indentation(line) > depth or (indentation(line) == depth and line.lstrip().startswith("- ")):
            if open_block is not None:
                open_block.end = number + 1
            continue
        match = key.match(line)
        open_block = None
        if match:
            if match[1] in found:
                raise UnexpectedTemplateError(f"line {number} has {match[1]} a second time")
            open_block = found[match[1]] = Block(lines, number, number + 1)
    return found


def is_content(line):
    return bool(line.strip()) and not line.lstrip().startswith("#")


def indentation(line):
    return len(line) - len(line.lstrip(" "))


def package(template):
    """Returns the text of the packaged template."""
    lines = template.splitlines(keepends=True)
    # An empty line before the first, so that numbers are those of an editor.
    top = Block(["", *lines], 0, len(lines) + 1)
    add_parameters(top)
    take_code_from_bucket(top)
    return "".join(top.lines)


def add_parameters(top):
    parameters = top.child("Parameters")
    for name in ("CodeBucket", "CodeKey"):
        if name in parameters.children():
            raise UnexpectedTemplateError(f"the template has a parameter {name} already")
    interface = top.child("Metadata", "AWS::CloudFormation::Interface")
    parameters.append(PARAMETERS)
    interface.child("ParameterGroups").append(GROUP)
    interface.child("ParameterLabels").append(LABELS)


def take_code_from_bucket(top):
    resources = top.child("Resources").children()
    functions = {name: block for name, block in resources.items() if block.child("Type").value == "AWS::Serverless::Function"}
    if not functions:
        raise UnexpectedTemplateError("expected an AWS::Serverless::Function, found none")
    global_code = top.child("Globals", "Function").children().get("CodeUri")
    places = [] if global_code is None else [global_code]
    for name, function in functions.items():
        own_code = function.child("Properties").children().get("CodeUri")
        if own_code is None and global_code is None:
            raise UnexpectedTemplateError(f"{name} has no CodeUri, and neither has Globals")
        places += [] if own_code is None else [own_code]
        remove_build(name, function)
    for place in places:
        if place.value != LOCAL_CODE or place.end != place.first + 1:
            raise UnexpectedTemplateError(f"line {place.first}: expected CodeUri: {LOCAL_CODE}, found {place.value or 'a mapping'}")
        line = place.lines[place.first]
        place.replace(line[: indentation(line)] + CODE_URI + "\n")
    for number, line in enumerate(top.lines):
        if MAY_BE_LOCAL.match(line) and line.strip() != CODE_URI:
            raise UnexpectedTemplateError(f"line {number}: {line.strip()} is not known to packaging, and may name a local file")


def remove_build(name, function):
    metadata = function.child("Metadata")
    method, properties = metadata.child("BuildMethod"), metadata.child("BuildProperties")
    binary = properties.child("Binary").value
    if binary != BINARY or len(properties.children()) != 1:
        raise UnexpectedTemplateError(f"expected {name} to be built as {BINARY} and nothing else, found {binary}")
    others = metadata.children().keys() - {"BuildMethod", "BuildProperties"}
    for block in (method, properties) if others else (metadata,):
        block.replace("")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=pathlib.Path, help="where the packaged template is written")
    parser.add_argument("--template", type=pathlib.Path, default=TEMPLATE, help="the template to package (default: template.yaml of this repository)")
    arguments = parser.parse_args()
    try:
        # Line ends stay as they are.
        packaged = package(arguments.template.read_bytes().decode())
        arguments.output.write_bytes(packaged.encode())
    except (UnexpectedTemplateError, OSError, UnicodeDecodeError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
