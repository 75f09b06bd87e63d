"""What the peers' programs share: their line of JSON."""

import json
import resource


def print_figures(**figures):
    """One line of JSON a measurement; run.sh makes the table out of them."""
    rounded = {k: round(v, 3) if isinstance(v, float) else v for k, v in figures.items()}
    print(json.dumps(rounded), flush=True)


def peak_rss_mib():
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def best_of(runs, seconds):
    """The least of what so many calls return: short runs are disturbed the most."""
    return min(seconds() for _ in range(runs))
