"""Changes for the worse, each with a word of the problem that must be found."""

from .careless import PLAIN
from .expiry import EXPIRY
from .logs import READS_LOGS
from .stacks_and_locks import STACKS_AND_LOCKS
from .unprotected import UNPROTECTED
from .wider import WIDER
from .worse import WORSE

MUTATIONS = {**PLAIN, **WIDER, **WORSE, **UNPROTECTED, **STACKS_AND_LOCKS, **EXPIRY, **READS_LOGS}
