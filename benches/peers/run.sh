#!/bin/sh
# Installs the peers into FOLDER (default: target/peers), measures all of them and ceras in one run, and prints one table.
#
#   benches/peers/run.sh [FOLDER]
#
# What cannot be installed is skipped with a message. Needs python3 with venv, cargo, and some gigabytes of room.
set -u
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../../target/peers}
mkdir -p "$folder" && folder=$(cd "$folder" && pwd)
lines=$folder/lines
mkdir -p "$lines" && rm -f "$lines"/*
say() { echo "$*" >&2; }

# --- install

venv() { # NAME PACKAGE…: a virtual environment of its own, so that one that fails does no harm to the others
    name=$1; shift
    [ -e "$folder/$name/done" ] && return 0
    say "installing $name"
    python3 -m venv "$folder/$name" && "$folder/$name/bin/pip" install --quiet "$@" && touch "$folder/$name/done"
}
venv tensorflow keras tensorflow-cpu || say "skipped: Keras on TensorFlow"
venv jax keras jax || say "skipped: Keras on JAX"
venv torch torch numpy || say "skipped: PyTorch"

export CARGO_TARGET_DIR=$folder/rust
rust() { # PACKAGE: a Rust peer, for this very processor
    say "building $1"
    RUSTFLAGS="-C target-cpu=native" cargo build --quiet --release --manifest-path "$here/rust/Cargo.toml" -p "$1"
}
rust burn_peer || say "skipped: Burn"
rust candle_peer || say "skipped: Candle"
# ceras picks its instructions while it runs, so it is built as its users build it.
cargo build --quiet --release --manifest-path "$here/rust/Cargo.toml" -p ceras_peer --target-dir "$folder/ceras" ||
    { say "ceras does not build"; exit 1; }

# --- measure

starts() { # PEER COMMAND…: the best and the median of ten starts, in seconds
    peer=$1; shift
    python3 - "$peer" "$@" <<'PYTHON'
import json, subprocess, sys, time
peer, command, times = sys.argv[1], sys.argv[2:], []
for _ in range(10):
    start = time.perf_counter()
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        sys.exit(f"{peer}: {command} failed")
    times.append(time.perf_counter() - start)
times.sort()
print(json.dumps(dict(peer=peer, work="start", unit="s", best=times[0], median=times[5])))
PYTHON
}
measure() { # PEER FILE COMMAND…
    peer=$1; file=$2; shift 2
    export MODEL="$folder/$file"
    "$@" save
    # Burn and Candle have no networks of convolutions here: they say so and are passed over.
    for work in w1 w2 w3 w4 w5 row mm dense; do
        say "$peer: $work"
        "$@" $work >> "$lines/$file.json" || say "skipped: $peer $work"
    done
    say "$peer: start"
    starts "$peer" "$@" start >> "$lines/$file.json" || say "skipped: $peer start"
}
measure ceras ceras.keras "$folder/ceras/release/ceras_peer"
CERAS_ISA=avx2 measure "ceras avx2" ceras_avx2.keras "$folder/ceras/release/ceras_peer"
for peer in burn candle; do
    [ -x "$folder/rust/release/${peer}_peer" ] || continue
    name=$(echo $peer | sed 's/^b/B/; s/^c/C/')
    measure "$name" $peer.model "$folder/rust/release/${peer}_peer"
done
[ -e "$folder/torch/done" ] && measure PyTorch torch.pt "$folder/torch/bin/python" "$here/torch_peer.py"
[ -e "$folder/jax/done" ] && KERAS_BACKEND=jax measure Keras/JAX jax.keras "$folder/jax/bin/python" "$here/keras_peer.py"
[ -e "$folder/tensorflow/done" ] &&
    KERAS_BACKEND=tensorflow measure Keras/TF tf.keras "$folder/tensorflow/bin/python" "$here/keras_peer.py"

# --- show

{
    echo "$(uname -sm), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(nproc) processors, $(date -u +%Y-%m-%d)"
    echo
    python3 "$here/table.py" "$lines"/*.json
} | tee "$folder/table.md"
