"""What the Python peers share: data, clocks and the lines that `table.py` reads."""

import json
import resource
import sys
import time

# (name, rows of a, inner length, columns of b)
PRODUCTS = [
    ("1024", 1024, 1024, 1024),
    ("4096", 4096, 4096, 4096),
    ("32x100x50", 32, 100, 50),
    ("30752x27x50", 30752, 27, 50),
    ("6272x450x50", 6272, 450, 50),
]


def report(peer, work, unit, values):
    """One line for a piece of work: the best and the median of some runs."""
    values = sorted(values, reverse=unit.endswith("/s"))
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    line = dict(peer=peer, work=work, unit=unit, best=values[0], median=values[len(values) // 2], peak_mib=peak_kib / 1024)
    print(json.dumps(line), flush=True)


def seconds(run, repeats):
    """What each of some runs takes."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times


def rates(run, flops, repeats):
    """GFLOP/s of some measurements, each long enough for the clock."""
    once = min(seconds(run, 3))
    calls = max(1, int(0.02 / once))

    def many():
        for _ in range(calls):
            run()

    return [flops * calls / time / 1e9 for time in seconds(many, repeats)]


def main(works):
    """Runs the work that the command line names; one process for each, so that its peak memory is its own."""
    if len(sys.argv) != 2 or sys.argv[1] not in works:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(works)}")
    works[sys.argv[1]]()
