"""Does real Keras read what ceras wrote, and predict the same?

    python oracle/interop.py FOLDER

FOLDER holds, for each model, `NAME.keras` or `NAME.h5` or both, `NAME.x.npy` and `NAME.y.npy` (ceras' predictions for x). A model passes if
`keras.models.load_model` loads it and max|predict(x) − y| ≤ 1e-5 · max(1e-3, max|y|). One line a file on standard output;
the exit status is 0 if all pass, 1 if one fails, 2 if there is nothing to check.

With `NAME.targets.npy` and `NAME.losses.npy` besides, Keras goes on training: the losses of so many epochs of one batch must
agree too, to three times the tolerance.

With several inputs: `NAME.x0.npy`, `NAME.x1.npy`, … in Keras' flat order, and likewise `NAME.y0.npy`, ….
"""

import pathlib
import sys

from generate import settle

TOLERANCE = 1e-5
FLOOR = 1e-3


def arrays(path, letter):
    """The arrays `NAME.x.npy`, or else `NAME.x0.npy`, `NAME.x1.npy`, …"""
    import numpy as np

    one = path.with_suffix(f".{letter}.npy")
    if one.exists():
        return [np.load(one, allow_pickle=False)]
    found = []
    while (next_ := path.with_suffix(f".{letter}{len(found)}.npy")).exists():
        found.append(np.load(next_, allow_pickle=False))
    if not found:
        raise FileNotFoundError(f"{one.name} is missing")
    return found


def check(path):
    """Raises what is wrong with the file at `path`; returns the worst deviation as a share of the tolerance."""
    import keras
    import numpy as np

    model = keras.models.load_model(path)
    x, y = arrays(path, "x"), arrays(path, "y")
    structure = getattr(model, "_inputs_struct", None)
    given = x[0] if structure is None else keras.tree.pack_sequence_as(structure, x)
    predicted = keras.tree.flatten(model.predict(given, verbose=0))
    if len(predicted) != len(y):
        raise ValueError(f"Keras gives {len(predicted)} outputs, there are {len(y)} y arrays")
    worst = 0.0
    for ours, theirs in zip(y, predicted):
        theirs = np.asarray(theirs)
        if ours.shape != theirs.shape:
            raise ValueError(f"Keras predicts shape {theirs.shape}, ceras {ours.shape}")
        if ours.dtype != theirs.dtype:
            raise ValueError(f"Keras predicts {theirs.dtype}, ceras {ours.dtype}")
        if ours.size == 0:
            continue
        if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
            raise ValueError("predictions are not finite")
        allowed = TOLERANCE * max(FLOOR, float(np.abs(ours).max()))
        worst = max(worst, float(np.abs(ours - theirs).max()) / allowed)
    if worst > 1:
        raise ValueError(f"predictions differ by {worst:.2f} times the tolerance")
    # Keras builds the optimizer of an HDF5 file for no variables, its own files included, and cannot go on.
    if path.suffix == ".keras" and path.with_suffix(".targets.npy").exists():
        check_training(path, model, x)
    return worst


def check_training(path, model, x):
    import numpy as np

    targets, losses = (np.load(path.with_suffix(f".{name}.npy")) for name in ["targets", "losses"])
    options = dict(batch_size=len(x[0]), epochs=len(losses), shuffle=False, verbose=0)
    theirs = np.asarray(model.fit(x[0], targets, **options).history["loss"])
    allowed = 3 * TOLERANCE * max(FLOOR, float(np.abs(losses).max()))
    worst = float(np.abs(losses - theirs).max()) / allowed
    if worst > 1:
        raise ValueError(f"losses differ by {worst:.2f} times the tolerance")


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    folder = pathlib.Path(arguments[0])
    paths = sorted([*folder.glob("*.keras"), *folder.glob("*.h5")])
    if not paths:
        print(f"no .keras or .h5 file in {arguments[0]}", file=sys.stderr)
        return 2
    settle()
    failed = 0
    for path in paths:
        try:
            print(f"ok    {path.name}  {check(path):.3f} of the tolerance")
        except Exception as error:  # Whatever Keras raises is the finding.
            failed += 1
            text = " ".join(str(error).split())
            print(f"FAIL  {path.name}  {type(error).__name__}: {text[:400]}")
    print(f"{len(paths) - failed} of {len(paths)} files load and predict the same")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
