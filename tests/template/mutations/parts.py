"""The parts of the template that the changes for the worse are made to."""

def properties(template, name):
    return template["Resources"][name]["Properties"]


def statement(template, role, number):
    return statements(template, role)[number]


def statements(template, role):
    return properties(template, role)["Policies"][0]["PolicyDocument"]["Statement"]


#: The ARNs under which the capture's role may read and write objects.
S3 = 5


def allow(action, **more):
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


def add(template, kind, **properties_):
    template["Resources"]["More"] = {"Type": kind, "Properties": properties_}


def members(template):
    """Returns the statement that lets the capture assume roles of other accounts."""
    return statement(template, "CaptureRole", 4)["Fn::If"][1]


def policy(template):
    return properties(template, "EvidenceBucketPolicy")["PolicyDocument"]["Statement"]


def lifecycle(template):
    return properties(template, "EvidenceBucket")["LifecycleConfiguration"]["Rules"]


def variables(template):
    return template["Globals"]["Function"]["Environment"]["Variables"]


def columns(template, table):
    return properties(template, table)["TableInput"]["StorageDescriptor"]["Columns"]


def states(template):
    return properties(template, "SessionsStateMachine")["Definition"]["States"]


def fleet(template):
    return properties(template, "FleetStateMachine")["Definition"]


def batches(template):
    return fleet(template)["States"]["Batches"]


def assigned(template):
    return states(template)["Prepare"]["Assign"]
