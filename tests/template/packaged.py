"""Checks the template that release/package_template.py writes: it is template.yaml but for its code, which is in a bucket. A
template that is not as the script expects must be refused."""

import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))

from samtranslator.translator.transform import transform

import access
import cfn
from common import ROOT, compare, resources

#: CloudFormation takes no longer template from a bucket. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LARGEST_TEMPLATE = 1_000_000
BUILD = "      BuildMethod: rust-cargolambda\n      BuildProperties:\n        Binary: client-vpn-audit-lambda\n"
LOCAL_CODE = "    CodeUri: .\n"
CODE = "    CodeUri: {Bucket: !Ref CodeBucket, Key: !Ref CodeKey}\n"
ADDED = {"CodeBucket", "CodeKey"}


def run(template, output):
    return subprocess.run([sys.executable, ROOT / "release/package_template.py", "--template", template, output], capture_output=True, text=True, check=False)


def without_additions(packaged, parsed):
    """Removes the lines of the two parameters, of their group and of their labels."""
    lines = packaged.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line == "  CodeBucket:\n")
    length = sum(2 + len(parsed["Parameters"][name].keys() - {"Type"}) for name in ADDED)
    del lines[first : first + length]
    labels = [number for number, line in enumerate(lines) if line.startswith(("      CodeBucket: {default: ", "      CodeKey: {default: "))]
    group = next(number for number, line in enumerate(lines) if line == "        Parameters: [CodeBucket, CodeKey]\n")
    for number in sorted([*labels, group, group - 1], reverse=True):
        del lines[number]
    return "".join(lines)


def same_lines(template, packaged, parsed):
    """Every other line is there, in its place."""
    expected = template.replace(BUILD, "").replace(LOCAL_CODE, CODE)
    return [] if without_additions(packaged, parsed) == expected else ["the packaged template has other lines changed"]


def same_meaning(template, packaged):
    """With its code put back, the parsed template is the same."""
    parameters = {name: spec for name, spec in packaged["Parameters"].items() if name not in ADDED}
    problems = compare("added parameters", packaged["Parameters"].keys() - template["Parameters"].keys(), ADDED)
    for name in ADDED:
        problems += compare(f"keys of {name}", set(packaged["Parameters"][name]), {"Type", "AllowedPattern", "ConstraintDescription", "Description"})
    interface = packaged["Metadata"]["AWS::CloudFormation::Interface"]
    group = interface["ParameterGroups"].pop()
    problems += compare("parameters of the new group", group["Parameters"], ["CodeBucket", "CodeKey"])
    problems += compare("labels that are new", {name for name in ADDED if interface["ParameterLabels"].pop(name, None)}, ADDED)
    for name, function in packaged["Resources"].items():
        if function["Type"] == "AWS::Serverless::Function":
            build = {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": "client-vpn-audit-lambda"}}
            problems += [f"{name} still has {key}" for key in build if key in function["Metadata"]]
            function["Metadata"] |= build
    packaged["Parameters"] = parameters
    code = packaged["Globals"]["Function"]["CodeUri"]
    problems += compare("the code", code, {"Bucket": {"Ref": "CodeBucket"}, "Key": {"Ref": "CodeKey"}})
    packaged["Globals"]["Function"]["CodeUri"] = "."
    return problems + [f"{key} differs from the template" for key in template if packaged.get(key) != template[key]]


def code_after_sam(packaged):
    """Every function takes its code from the parameters."""
    given = {"Targets": ",".join(cfn.ENDPOINTS), "CodeBucket": "code", "CodeKey": "a/b.zip"}
    functions = resources(transform(packaged, given, access.NoManagedPolicies()), "AWS::Lambda::Function")
    problems = compare("functions after SAM", len(functions), 3)
    # CloudFormation puts in the values.
    expected = {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}}
    return problems + [problem for name, function in functions.items() for problem in compare(f"code of {name}", function["Code"], expected)]


#: Templates that are refused: a text of template.yaml, the text in its place, and a word of the error.
REFUSED = {
    "code that is not the folder": (LOCAL_CODE, "    CodeUri: src\n", "expected CodeUri: ., found src"),
    "code that is in a bucket": (LOCAL_CODE, CODE, "expected CodeUri: ."),
    "no code": (LOCAL_CODE, "", "CaptureFunction has no CodeUri"),
    "another way to build": (BUILD, "      BuildMethod: makefile\n", "expected BuildProperties"),
    "no way to build": (BUILD, "", "expected BuildMethod"),
    "another binary": ("        Binary: client-vpn-audit-lambda\n", "        Binary: other\n", "found other"),
    "one more property of a build": (BUILD, BUILD + "        Features: x\n", "and nothing else"),
    "packaged already": ("Parameters:\n  Targets:", "Parameters:\n  CodeKey:\n    Type: String\n  Targets:", "CodeKey already"),
    "no groups": ("    ParameterGroups:", "    Groups:", "expected ParameterGroups"),
    "another local file": ("  CaptureFunction:\n", "  Layer:\n    Type: AWS::Serverless::LayerVersion\n    Properties:\n      ContentUri: layer\n  CaptureFunction:\n", "may name a local file"),
    "no functions": ("AWS::Serverless::Function", "AWS::Lambda::Function", "found none"),
    "two keys of one name": ("Conditions:\n", "Resources:\n", "a second time"),
}


def refusals(text, scratch):
    problems = []
    for name, (old, new, word) in REFUSED.items():
        source, output = scratch / "changed.yaml", scratch / "refused.yaml"
        if old not in text:
            problems.append(f"template.yaml has no {old!r}, to change: {name}")
            continue
        source.write_text(text.replace(old, new))
        result = run(source, output)
        if result.returncode != 1 or word not in result.stderr or output.exists():
            problems.append(f"not refused: {name}; status {result.returncode}, {result.stderr.strip()}")
    return problems


def unnoticed(text, packaged, parsed):
    """Changes of the packaged template that these checks must notice."""
    changes = {"a line": ("MaxValue: 3008", "MaxValue: 3009"), "a comment": ("# ---- Capture:", "# ---- Captures:"), "an empty line": ("\n\nResources:", "\nResources:")}
    return [f"not noticed: {name}" for name, (old, new) in changes.items() if not same_lines(text, packaged.replace(old, new, 1), parsed)]


def own_code_uri(text, scratch):
    """A function may have the code itself, instead of Globals, and no other metadata."""
    source, output = scratch / "own.yaml", scratch / "own-packaged.yaml"
    source.write_text(
        "Metadata:\n  AWS::CloudFormation::Interface:\n    ParameterGroups:\n      - Label: {default: a}\n        Parameters: [A]\n    ParameterLabels:\n      A: {default: a}\n"
        "Parameters:\n  A:\n    Type: String\nGlobals:\n  Function:\n    Runtime: provided.al2023\n"
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Metadata:\n" + BUILD + "    Properties:\n      # Built here.\n      CodeUri: .\n      Handler: bootstrap\n"
    )
    result = run(source, output)
    if result.returncode:
        return [f"a function with its own code: {result.stderr}"]
    function = cfn.load(output)["Resources"]["F"]
    expected = {"CodeUri": {"Bucket": {"Ref": "CodeBucket"}, "Key": {"Ref": "CodeKey"}}, "Handler": "bootstrap"}
    return compare("a function with its own code", function, {"Type": "AWS::Serverless::Function", "Properties": expected})


def main():
    text = (ROOT / "template.yaml").read_text()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        output = scratch / "packaged.yaml"
        result = run(ROOT / "template.yaml", output)
        if result.returncode:
            sys.exit(result.stderr)
        packaged, parsed = output.read_text(), cfn.load(output)
        problems = same_lines(text, packaged, parsed) + unnoticed(text, packaged, parsed)
        problems += same_meaning(cfn.load(ROOT / "template.yaml"), cfn.load(output)) + code_after_sam(parsed)
        size = output.stat().st_size
        problems += [] if size < LARGEST_TEMPLATE else [f"the packaged template has {size} bytes, and CloudFormation takes {LARGEST_TEMPLATE}"]
        problems += refusals(text, scratch) + own_code_uri(text, scratch)
    for problem in problems:
        print(problem)
    print(f"packaged template: {len(problems)} problems; {len(REFUSED)} templates that must be refused tried")
    sys.exit(1 if problems else 0)


main()
