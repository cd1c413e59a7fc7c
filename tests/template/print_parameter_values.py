"""Prints the values that each parameter takes and refuses, as JSON, for tests/template/terraform.py: its virtual environment lacks
what access.py needs."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "python"))

import access
import member_role

print(json.dumps({"template.yaml": access.VALUES, "member-role.yaml": member_role.VALUES}))
