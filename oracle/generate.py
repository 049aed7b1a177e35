"""Regenerates the fixtures that ceras is tested against, from real Keras.

    pip install -r oracle/requirements.txt
    python oracle/generate.py              # every group
    python oracle/generate.py ops layers   # these groups

Each group is one module in `oracle/groups/` with one function `generate()`; see `oracle/README.md` for the format.
The output is the same, byte for byte, on every run on one machine: fixed seeds, one thread, fixed zip dates.
"""

import importlib
import os
import sys

GROUPS = [
    "splits",
    "penguins",
    "ops",
    "activations",
    "layers",
    "conv_layers",
    "conv_more",
    "image_layers",
    "image_transforms",
    "layers_plain",
    "activation_layers",
    "layers_attention",
    "layers_merging",
    "layers_rnn",
    "layers_cells",
    "layers_conv_lstm",
    "losses",
    "ctc",
    "metrics",
    "optimizers",
    "optimizer_options",
    "schedules",
    "names",
    "initializers",
    "stft",
    "trajectories",
    "every_trajectory",
    "trajectory_options",
    "fits",
    "weighting",
    "models",
    "summaries",
    "summary_shapes",
    "functional",
    "files",
]


def settle():
    """One thread, no GPU, no oneDNN: the order of every sum is fixed."""
    os.environ.update(
        KERAS_BACKEND="tensorflow",
        CUDA_VISIBLE_DEVICES="",
        TF_CPP_MIN_LOG_LEVEL="3",
        TF_ENABLE_ONEDNN_OPTS="0",
        TF_DETERMINISTIC_OPS="1",
        TF_NUM_INTRAOP_THREADS="1",
        TF_NUM_INTEROP_THREADS="1",
        OMP_NUM_THREADS="1",
        PYTHONHASHSEED="0",
    )


def main(names):
    unknown = [n for n in names if n not in GROUPS]
    if unknown:
        sys.exit(f"no group {', '.join(unknown)}; the groups are {', '.join(GROUPS)}")
    settle()
    for name in names or GROUPS:
        importlib.import_module(f"groups.{name}").generate()


if __name__ == "__main__":
    main(sys.argv[1:])
