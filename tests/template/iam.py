"""Decides requests by policies, as the IAM User Guide has it under "Policy evaluation logic" and "IAM JSON policy elements:
Condition operators". It knows nothing of the template. What it does not know it refuses to decide."""

import re

from common import many


def decide(policies, request):
    """`deny` if any statement denies the request, else `allow` if one allows it, else `none`. A request has an action, a
    resource and, by their names, the keys of its context; its principal is `aws:PrincipalArn`."""
    effects = {statement["Effect"] for policy in policies for statement in many(policy["Statement"]) if concerns(statement, request)}
    return "deny" if "Deny" in effects else "allow" if "Allow" in effects else "none"


def concerns(statement, request):
    known = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
    if statement.keys() - known:
        raise ValueError(f"no rule for {sorted(statement.keys() - known)}")
    # The policy of a role names no principal: it is the role's.
    return (
        ("Principal" not in statement or is_principal(statement["Principal"], request["context"]))
        and any(like(pattern.lower(), request["action"].lower()) for pattern in many(statement["Action"]))
        # That of a key names no key: it is the key's.
        and any(like(pattern, request["resource"]) for pattern in many(statement["Resource"]))
        and all(
            holds(operator, key, many(values), request["context"])
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def is_principal(principal, context):
    if principal == "*":
        return True
    # An account, by its root, lets its own policies decide: that a resource's policy names it allows nobody anything.
    if any(named in ("*", context.get("aws:PrincipalArn")) for named in many(principal.get("AWS", []))):
        return True
    return context.get("service") in many(principal.get("Service", []))


def like(pattern, text):
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.S) is not None


def arn_like(pattern, text):
    """Each of the six parts by itself: `*` does not reach over a colon but in the last."""
    patterns, parts = pattern.split(":", 5), text.split(":", 5)
    return len(patterns) == len(parts) and all(map(like, patterns, parts))


#: Each with what it compares; a name with Not is its opposite.
COMPARE = {
    "StringEquals": lambda expected, found: expected == found,
    "StringLike": like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "Bool": lambda expected, found: expected.lower() == found.lower(),
}


def holds(operator, key, expected, context):
    found = next((many(value) for name, value in context.items() if name.lower() == key.lower()), [])
    if operator == "Null":
        return (not found) == (expected[0].lower() == "true")
    of_set, _, operator = operator.rpartition(":")
    if_exists, operator = operator.endswith("IfExists"), operator.removesuffix("IfExists")
    negated = "Not" in operator
    compare = COMPARE[operator.replace("Not", "")]
    matches = [any(compare(e, f) for e in expected) != negated for f in found]
    if of_set == "ForAllValues":
        return all(matches)
    if of_set == "ForAnyValue":
        return any(matches)
    # An operator with Not holds when the key is absent, and one without does not.
    return matches[0] if matches else negated or if_exists


#: From the guide's own words and examples: the operator, the values expected, those found, and whether it holds.
KNOWN = [
    ("StringEquals", ["a"], ["a"], True),
    ("StringEquals", ["a", "b"], ["b"], True),
    ("StringEquals", ["a"], ["A"], False),
    ("StringEquals", ["a"], [], False),
    ("StringEqualsIfExists", ["a"], [], True),
    ("StringNotEquals", ["a"], [], True),
    ("StringNotEquals", ["a", "b"], ["b"], False),
    ("StringNotEquals", ["a", "b"], ["c"], True),
    ("StringLike", ["a*"], ["abc"], True),
    ("ArnLike", ["arn:aws:iam::1:role/*"], ["arn:aws:iam::1:role/a/b"], True),
    ("ArnLike", ["arn:*:role/a"], ["arn:aws:iam::1:role/a"], False),
    ("ArnNotLike", ["arn:aws:iam::1:role/a"], ["arn:aws:iam::1:role/a"], False),
    ("ArnNotLike", ["arn:aws:iam::1:role/a"], ["arn:aws:iam::1:role/ab"], True),
    ("ArnNotLike", ["arn:aws:iam::1:role/a"], [], True),
    ("Bool", ["false"], ["false"], True),
    ("Bool", ["false"], [], False),
    ("Null", ["true"], [], True),
    ("Null", ["true"], ["x"], False),
    # "ForAllValues returns true if there are no context keys in the request"; ForAnyValue returns false.
    ("ForAllValues:StringNotEquals", ["a"], [], True),
    ("ForAllValues:StringNotEquals", ["a"], ["b", "c"], True),
    ("ForAllValues:StringNotEquals", ["a"], ["b", "a"], False),
    ("ForAllValues:StringEquals", ["a"], ["a", "b"], False),
    ("ForAnyValue:StringNotEquals", ["a"], [], False),
    ("ForAnyValue:StringEquals", ["a"], ["b", "a"], True),
    ("ForAnyValue:StringEquals", ["a"], [], False),
]


def wrong():
    """Returns the decisions of this evaluator that differ from the guide."""
    return [
        f"the evaluator says of {operator} {expected} with {found}: {not expected_answer}"
        for operator, expected, found, expected_answer in KNOWN
        if holds(operator, "k", expected, {"k": found} if found else {}) != expected_answer
    ]
