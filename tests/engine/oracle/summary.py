"""Counts of a run: what the Engine took, and what the proxy refused why."""

import collections


def lines(reports):
    yield f"{'effect':18} cases  taken directly"
    reasons = collections.Counter()
    mutations = collections.defaultdict(collections.Counter)
    for name, tally, by_mutation in reports:
        tally = collections.Counter(tally)
        cases, taken = tally.pop("cases"), tally.pop("taken")
        yield f"{name:18} {cases:5} {taken:6}"
        reasons += tally
        for mutation, counts in by_mutation.items():
            mutations[mutation].update(counts)
    yield ""
    yield "through the proxy:"
    for reason, count in reasons.most_common():
        yield f"{count:6}  {reason[:70]}"
    yield ""
    yield f"{'mutation':24} tried  taken directly"
    for mutation, counts in sorted(mutations.items()):
        yield f"{mutation:24} {counts['tried']:5} {counts['taken']:6}"
