"""Writing fixtures: byte for byte the same on every run.

A group G is two files in `oracle/fixtures/`:

- `G.json`: a list of cases, one a line, each `{"case": name, ...}`;
- `G.npz`: what `np.savez` would write (a zip of `.npy`, stored, not deflated), keys `<case>/<array>`.

`np.savez` stamps the time of day into the zip; here every member has the zip format's first date, 1980-01-01.
"""

import io
import json
import pathlib
import zipfile
import zlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE / "fixtures"


def random(name):
    """The random stream of the case `name`; adding a case changes no other case."""
    return np.random.RandomState(zlib.crc32(name.encode("utf-8")))


def drift(ours, exact):
    """How far `ours` is from `exact`, in units of the tests' tolerance 1e-5 · max(1e-3, max|exact|)."""
    ours, exact = np.asarray(ours, "float64"), np.asarray(exact, "float64")
    if exact.size == 0:
        return 0.0
    return float(np.abs(ours - exact).max() / (1e-5 * max(1e-3, np.abs(exact).max())))


def plain(value):
    """`value` as plain JSON types (numpy scalars, tuples and arrays included)."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    return value


class Group:
    """The cases of one group, in the order they were added."""

    def __init__(self, name):
        self.name = name
        self.cases = []
        self.arrays = {}

    def add(self, case, arrays=None, finite=True, **metadata):
        """Adds one case; `arrays` maps array names to values, the keywords go to the JSON."""
        if "/" in case or any(c["case"] == case for c in self.cases):
            raise ValueError(f"{self.name}: bad or repeated case name {case!r}")
        self.cases.append({"case": case, **plain(metadata)})
        for key, value in (arrays or {}).items():
            value = np.asarray(value)
            if finite and value.dtype.kind == "f" and not np.isfinite(value).all():
                raise ValueError(f"{self.name}/{case}/{key} holds values that are not finite")
            self.arrays[f"{case}/{key}"] = np.array(value, order="C", copy=True)

    def write(self):
        """Writes `G.json` and, where there are arrays, `G.npz`."""
        FIXTURES.mkdir(exist_ok=True)
        write_json_lines(FIXTURES / f"{self.name}.json", self.cases)
        if self.arrays:
            write_npz(FIXTURES / f"{self.name}.npz", self.arrays)
        size = sum(p.stat().st_size for p in FIXTURES.glob(f"{self.name}.*"))
        print(f"{self.name}: {len(self.cases)} cases, {len(self.arrays)} arrays, {size:,} bytes")


def write_json_lines(path, cases):
    """A JSON list with one case a line: small, and a diff shows which case changed."""
    lines = [json.dumps(c, separators=(",", ":"), ensure_ascii=False, allow_nan=False) for c in cases]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def write_npz(path, arrays):
    """An uncompressed `.npz` with fixed dates."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for key, value in arrays.items():
            write_member(archive, key + ".npy", npy_bytes(value))
    path.write_bytes(buffer.getvalue())


def npy_bytes(value):
    member = io.BytesIO()
    np.lib.format.write_array(member, np.ascontiguousarray(value).reshape(value.shape), version=(1, 0), allow_pickle=False)
    return member.getvalue()


def write_member(archive, name, content):
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.external_attr = 0o644 << 16
    info.create_system = 3
    archive.writestr(info, content)
