# Everything a change must pass.
check:
    .ci/run

test:
    cargo test

# Kernels against their peers and the machine's limits.
bench:
    cargo bench -p ceras-kernels --bench matmul
    cargo run --release --manifest-path benches/peers/gemm/Cargo.toml

# The fixtures anew, from real Keras (needs Python).
oracle:
    python3 -m venv target/oracle-venv
    target/oracle-venv/bin/pip install -r oracle/requirements.txt
    target/oracle-venv/bin/python oracle/generate.py
