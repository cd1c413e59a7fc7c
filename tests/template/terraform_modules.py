"""Reads the Terraform modules and their examples."""

import functools
import json
import pathlib

import hcl2

ROOT = pathlib.Path(__file__).parents[2]
#: The template of each module, and the variables that are not its parameters.
MODULES = {
    "terraform": ("template.yaml", {"name", "artifact_bucket", "template_file", "zip_file", "tags"}),
    "terraform/member-role": ("member-role.yaml", {"name", "template_file", "tags"}),
}
EXAMPLES = ["terraform/examples/single-account", "terraform/examples/organisation"]


def read_files():
    """Returns the text of every file of the modules and examples, by its path."""
    return {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "terraform").rglob("*.tf"))}


@functools.cache
def parse(source):
    return hcl2.loads(source, serialization_options=hcl2.SerializationOptions(with_comments=False))


class Module:
    """The blocks of all files in one folder."""

    def __init__(self, files, folder):
        self.folder = folder
        self.text = {path: text for path, text in files.items() if path.rpartition("/")[0] == folder}
        self.variables, self.outputs, self.locals, self.calls, self.resources = {}, {}, {}, {}, {}
        for source in self.text.values():
            parsed = parse(source)
            for kind, into in (("variable", self.variables), ("output", self.outputs), ("module", self.calls)):
                for block in parsed.get(kind, []):
                    into |= {text(name): body for name, body in block.items()}
            for block in parsed.get("locals", []):
                self.locals |= block
            for kind, prefix in (("resource", ""), ("data", "data_")):
                for block in parsed.get(kind, []):
                    for name, bodies in block.items():
                        self.resources |= {(prefix + text(name), text(label)): body for label, body in bodies.items()}


def text(value):
    """Returns the text of a string of HCL."""
    return json.loads(value).replace("$${", "${").replace("%%{", "%{") if isinstance(value, str) else value


def value_of(node):
    return [value_of(item) for item in node] if isinstance(node, list) else text(node)


def expression(node):
    """Returns the source of an expression, without what the parser puts around it."""
    return node.removeprefix("${").removesuffix("}") if isinstance(node, str) else json.dumps(node)


def variable_of(parameter):
    return "".join("_" + c.lower() if c.isupper() else c for c in parameter).lstrip("_")


def compare(what, found, expected):
    return [] if found == expected else [f"{what} is {found!r}, not {expected!r}"]


def strings(node):
    if isinstance(node, dict):
        for key, value in node.items():
            # Descriptions are texts.
            yield from strings(value) if key != "description" else ()
    elif isinstance(node, list):
        for item in node:
            yield from strings(item)
    elif isinstance(node, str):
        yield node
