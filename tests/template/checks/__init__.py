"""The promises of the template. Each check takes the template and returns its problems, so that a template that was
changed for the worse can be shown to be noticed."""

from samtranslator.model.exceptions import InvalidDocumentException

import access
import protection

from . import alarms, athena, buckets, fleet_machine, functions, pages, sessions_machine, stacks

CHECKS = [
    *access.CHECKS,
    *protection.CHECKS,
    *buckets.CHECKS,
    *stacks.CHECKS,
    *functions.CHECKS,
    *athena.CHECKS,
    *sessions_machine.CHECKS,
    *fleet_machine.CHECKS,
    *pages.CHECKS,
    *alarms.CHECKS,
]


def problems(template, checks=CHECKS):
    """All of them. A check that stumbles over the template has found one too."""
    found = []
    for check in checks:
        try:
            found += check(template)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError, InvalidDocumentException) as error:
            found.append(f"{check.__name__}: {type(error).__name__} {error}")
    return found
