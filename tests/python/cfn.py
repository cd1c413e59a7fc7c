"""Reads a CloudFormation template, and says what it comes to for given parameters."""

import re

import yaml

ACCOUNT, REGION = "111122223333", "eu-central-1"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::StackName": "client-vpn-audit",
}
#: The form of the ARN of a resource, with the logical id in place of what only a deployment names.
ARNS = {
    "AWS::Events::Rule": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/",
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/",
    "AWS::KMS::Key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:",
    "AWS::S3::Bucket": "arn:aws:s3:::",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:",
    "AWS::Serverless::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:",
}
ENDPOINTS = [f"arn:aws:ec2:{REGION}:{ACCOUNT}:client-vpn-endpoint/cvpn-endpoint-{digit * 17}" for digit in "ab"]
NO_VALUE = object()


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        value = value.split(".") if suffix == "GetAtt" else value
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short_form)


def load(path):
    with open(path) as file:
        return yaml.load(file, Loader)


def resolve(template, **parameters):
    """The template with every function worked out. A name that only a deployment gives is the logical id in small
    letters, and an ARN has the logical id in its place."""
    return Resolver(template, parameters).whole()


def broken_rules(template, **parameters):
    """Returns CloudFormation's errors before it creates anything: the descriptions of the assertions that these parameters fail."""
    resolver = Resolver(template, parameters)
    rules = [rule for rule in template.get("Rules", {}).values() if resolver.value(rule.get("RuleCondition", True))]
    assertions = [assertion for rule in rules for assertion in rule["Assertions"]]
    return [assertion["AssertDescription"] for assertion in assertions if not resolver.value(assertion["Assert"])]


class Resolver:
    def __init__(self, template, parameters):
        self.template = template
        defaults = {name: spec.get("Default") for name, spec in template["Parameters"].items()}
        self.values = PSEUDO | defaults | {"Targets": ",".join(ENDPOINTS)} | parameters
        self.conditions = {}
        for name, condition in template.get("Conditions", {}).items():
            self.conditions[name] = self.value(condition)

    def whole(self):
        resources = {
            name: self.value(resource)
            for name, resource in self.template["Resources"].items()
            if self.conditions.get(resource.get("Condition"), True)
        }
        return {**self.template, "Resources": resources, "Globals": self.value(self.template.get("Globals", {}))}

    def value(self, node):
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name == "Condition" and argument in self.conditions:
                return self.conditions[argument]
            function = getattr(self, name.replace("Fn::", "fn_").lower(), None) if name.startswith("Fn::") or name == "Ref" else None
            if function is not None:
                return function(argument)
        values = {name: self.value(value) for name, value in node.items()}
        return {name: value for name, value in values.items() if value is not NO_VALUE}

    def ref(self, name):
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.values:
            return self.values[name]
        resource = self.template["Resources"][name]
        # A state machine's Ref is its ARN, and that of what has a name of its own is that name.
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            return self.fn_getatt([name, "Arn"])
        if name == "Database":
            return self.value(resource["Properties"]["DatabaseInput"]["Name"])
        if name == "WorkGroup":
            return self.values["AWS::StackName"]
        return name.lower()

    def fn_getatt(self, argument):
        name, attribute = argument
        kind = self.template["Resources"][name]["Type"]
        if attribute != "Arn":
            return name.lower()
        if kind == "AWS::Logs::LogGroup":
            return f"{ARNS[kind]}{name}:*"
        if kind == "AWS::S3::Bucket":
            return ARNS[kind] + name.lower()
        own = self.template["Resources"][name]["Properties"].get("StateMachineName")
        return ARNS[kind] + (self.value(own) if own else name)

    def fn_sub(self, argument):
        text, own = argument if isinstance(argument, list) else (argument, {})
        own = {name: self.value(value) for name, value in own.items()}

        def replaced(match):
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in own:
                return str(own[name])
            return str(self.fn_getatt(name.split(".")) if "." in name else self.ref(name))

        return re.sub(r"\$\{([^}]+)\}", replaced, text)

    def fn_if(self, argument):
        condition, yes, no = argument
        return self.value(yes if self.conditions[condition] else no)

    def fn_equals(self, argument):
        one, other = self.value(argument)
        return str(one) == str(other)

    def fn_not(self, argument):
        return not self.value(argument)[0]

    def fn_and(self, argument):
        return all(self.value(argument))

    def fn_or(self, argument):
        return any(self.value(argument))

    def fn_contains(self, argument):
        values, value = self.value(argument)
        return str(value) in values

    def fn_join(self, argument):
        separator, texts = self.value(argument)
        return separator.join(texts)

    def fn_split(self, argument):
        separator, text = self.value(argument)
        return text.split(separator)

    def fn_select(self, argument):
        index, values = self.value(argument)
        return values[int(index)]

    def fn_findinmap(self, argument):
        name, first, second = self.value(argument)
        return self.template["Mappings"][name][str(first)][second]
