"""Random ledgers for the tests of coverage, with the faults that a fleet can have."""

import random

from ledgers import DAY, NOW, REFUSED, A, B, C, Ledger

#: A fifth of the random runs is by hand, and a fifth of an older version.
SCHEDULED = [True, True, True, False, None]
#: Steps of a clock within a capture, as seconds added to the first and to the last page.
STEPPED_BACK, STEPPED_AHEAD = (0, -4 * 3600), (4 * 3600, 0)


def random_ledger(account_id, seed):
    """A ledger that a fleet with much bad luck could leave."""
    rng = random.Random(seed)
    ledger = Ledger(account_id, f"random {seed}", days=rng.choice([1, 2, 4, 35, 44]))
    step = rng.choice([15, 20, 30, 45])
    lists = rng.random() < 0.7
    bad = rng.choice([0.02, 0.1, 0.3])
    present = set(rng.sample([A, B, C], rng.randint(1, 3)))
    minute = rng.random()
    last = ledger_end = (NOW - ledger.origin).total_seconds() / 60 - 1
    kept = {}
    for _ in range(rng.randint(15, 60)):
        if rng.random() < 0.08:
            present ^= {rng.choice([A, B, C])}
        named = sorted(present) if rng.random() < 0.9 else [rng.choice([A, B, C])]
        listing = None
        if lists and rng.random() < 0.95:
            listing = REFUSED if rng.random() < bad else sorted(present)
        snapshot = int(minute) - (rng.choice([20, 50]) if rng.random() < bad else 0)
        targets = [random_target(ledger, rng, id, minute, bad, kept, snapshot) for id in named]
        skew = (rng.uniform(0, 5), rng.uniform(5, 20), rng.uniform(20, 900) if rng.random() < bad else 21)
        if rng.random() < bad / 3:
            skew = tuple(seconds + step for seconds, step in zip(skew, (0, *rng.choice([STEPPED_BACK, STEPPED_AHEAD])), strict=True))
        # A run that is killed leaves its objects, and no record.
        if rng.random() > bad / 2:
            ledger.run(minute, targets, listing, snapshot, skew, rng.choice(SCHEDULED))
        if rng.random() < bad:
            again = minute + rng.uniform(0.5, 3)
            if again < last:
                found = [random_retry(ledger, rng, id, again, kept, snapshot) for id in named]
                ledger.run(again, found, listing, snapshot, scheduled=rng.choice(SCHEDULED))
        outage = rng.choice([50, 61, 75, 300, 1500, 38 * DAY]) if rng.random() < bad / 2 else 0
        minute += step * rng.uniform(0.7, 1.3) + outage
        if minute + 5 > ledger_end:
            break
    rng.shuffle(ledger.records)
    return ledger


def random_target(ledger, rng, endpoint_id, minute, bad, kept, snapshot):
    luck = rng.random()
    if luck < bad:
        return ledger.failed(endpoint_id) if rng.random() < 0.7 else ledger.partial(endpoint_id, minute)
    requested = minute + rng.uniform(0, 1)
    first = requested + rng.uniform(0, 0.3)
    last = first + (rng.uniform(0, 20) if rng.random() < bad else rng.uniform(0, 0.2))
    if rng.random() < bad / 3:
        last -= rng.choice([10, 240])
    if rng.random() < bad / 4:
        first += rng.choice([-30, 30])
    if (endpoint_id, snapshot) in kept:
        return random_retry(ledger, rng, endpoint_id, minute, kept, snapshot)
    times = (None if rng.random() < 0.05 else requested, first, last)
    kept[endpoint_id, snapshot] = times
    return ledger.target(endpoint_id, "complete", *times)


def random_retry(ledger, rng, endpoint_id, minute, kept, snapshot):
    """A second attempt at a snapshot: it finds the object if there is one."""
    if (endpoint_id, snapshot) not in kept:
        kept[endpoint_id, snapshot] = (minute + 0.1, minute + 0.15, minute + 0.2)
        return ledger.target(endpoint_id, "complete", *kept[endpoint_id, snapshot])
    if rng.random() < 0.1:
        return ledger.target(endpoint_id, "already_captured")
    return ledger.target(endpoint_id, "already_captured", *kept[endpoint_id, snapshot])
