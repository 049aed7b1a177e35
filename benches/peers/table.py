"""The lines of all peers as one table: `python table.py FILE… > table.md`."""

import json
import sys

ROWS = [
    ("W1", "penguins, 100 epochs"),
    ("W2", "weather with BatchNorm, 200 epochs with validation"),
    ("W3", "a small CNN, one epoch of 878 pictures of 64×64"),
    ("W4", "DenseNet121 predicts pictures of 160×160, 32 at a time"),
    ("W5", "ResNet50 learns from pictures of 224×224, 16 at a time"),
    ("row", "one row, warm"),
    ("start", "process start, load, predict one row"),
    ("memory", "peak memory of W1"),
    ("memory W3", "peak memory of W3"),
    ("mm 1024", "SGEMM 1024³"),
    ("mm 4096", "SGEMM 4096³"),
    ("mm 32x100x50", "32×100×50"),
    ("mm 30752x27x50", "30752×27×50"),
    ("mm 6272x450x50", "6272×450×50"),
    ("dense", "(4096×256)·(256×1024), forward and both gradients"),
]
PEERS = ["ceras", "ceras avx2", "Burn", "Candle", "PyTorch", "Keras/JAX", "Keras/TF"]


def show(value, unit):
    if unit == "GFLOP/s":
        return f"{value:.0f} GFLOP/s"
    if unit == "images/s":
        return f"{value:.3g} images/s"
    if unit == "MiB":
        return f"{value:.0f} MiB"
    for scale, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= scale:
            return f"{value / scale:.3g} {name}"
    return f"{value * 1e9:.3g} ns"


def read(paths):
    cells = {}
    for path in paths:
        for text in open(path):
            if text.startswith("{"):
                line = json.loads(text)
                cells[line["work"], line["peer"]] = (line["best"], line["unit"])
                memory = {"W1": "memory", "W3": "memory W3"}.get(line["work"])
                if memory and line.get("peak_mib"):
                    cells[memory, line["peer"]] = (line["peak_mib"], "MiB")
    return cells


def main():
    cells = read(sys.argv[1:])
    limits = {work: value for (work, _), (value, _) in cells.items() if work.startswith("peak")}
    for work, value in sorted(limits.items()):
        print(f"{work}: {value:.0f} GFLOP/s\n")
    peers = [peer for peer in PEERS if any(key[1] == peer for key in cells)]
    print(f"| work | {' | '.join(peers)} | fastest peer ÷ ceras |")
    print("|---|" + "---|" * (len(peers) + 1))
    for work, name in ROWS:
        own = cells.get((work, "ceras"))
        others = [cells[work, peer] for peer in peers if (work, peer) in cells and not peer.startswith("ceras")]
        shown = [show(*cells[work, peer]) if (work, peer) in cells else "–" for peer in peers]
        ratio = "–"
        if own and others:
            values = [value for value, _ in others]
            ratio = own[0] / max(values) if own[1].endswith("/s") else min(values) / own[0]
            ratio = f"{ratio:.2f}×"
        print(f"| {name} | {' | '.join(shown)} | {ratio} |")


main()
