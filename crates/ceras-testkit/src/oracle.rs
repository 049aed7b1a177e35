//! What real Keras says: the committed fixtures of `oracle/fixtures`.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// An array of a fixture.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its dimensions.
    pub dims: Vec<usize>,
    /// NumPy's word for its elements' type, such as `<f4`.
    pub kind: String,
    /// Its elements in C order, little endian.
    pub bytes: Vec<u8>,
}

impl Array {
    /// How many elements it has.
    pub fn len(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements as `f64`, whatever their type.
    ///
    /// # Panics
    /// If the type is one that no fixture has.
    pub fn f64s(&self) -> Vec<f64> {
        macro_rules! read {
            ($ty:ty) => {
                self.bytes
                    .chunks_exact(size_of::<$ty>())
                    .map(|chunk| <$ty>::from_le_bytes(chunk.try_into().expect("a whole element")) as f64)
                    .collect()
            };
        }
        match self.kind.as_str() {
            "<f4" => read!(f32),
            "<f8" => read!(f64),
            "<i4" => read!(i32),
            "<i8" => read!(i64),
            "<u4" => read!(u32),
            "<u8" => read!(u64),
            "|u1" | "|b1" => self.bytes.iter().map(|byte| f64::from(*byte)).collect(),
            "|i1" => self.bytes.iter().map(|byte| f64::from(*byte as i8)).collect(),
            other => panic!("no fixture has elements of type {other}"),
        }
    }

    /// The elements as `f32`.
    pub fn f32s(&self) -> Vec<f32> {
        self.f64s().into_iter().map(|value| value as f32).collect()
    }
}

/// A group of cases.
#[derive(Debug)]
pub struct Group {
    cases: Vec<Value>,
    arrays: HashMap<String, Array>,
}

/// A case of a group.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Its name.
    pub name: &'a str,
    /// What is known of it.
    pub meta: &'a Value,
    group: &'a Group,
}

impl Group {
    /// Reads `oracle/fixtures/NAME.json` and, where there is one, `NAME.npz`.
    ///
    /// # Panics
    /// If the fixture is missing or damaged: it is part of the project.
    pub fn load(name: &str) -> Group {
        let path = fixtures().join(format!("{name}.json"));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let cases: Vec<Value> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let path = fixtures().join(format!("{name}.npz"));
        let arrays = if path.exists() { read_npz(&path) } else { HashMap::new() };
        Group { cases, arrays }
    }

    /// The cases.
    pub fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        self.cases.iter().map(|meta| Case { name: meta["case"].as_str().unwrap_or(""), meta, group: self })
    }

    /// The case of that name.
    ///
    /// # Panics
    /// If there is none.
    pub fn case(&self, name: &str) -> Case<'_> {
        self.cases()
            .find(|case| case.name == name)
            .unwrap_or_else(|| panic!("the fixtures have no case `{name}`"))
    }
}

impl Case<'_> {
    /// An array of the case, if it has one of that name.
    pub fn get(&self, array: &str) -> Option<&Array> {
        self.group.arrays.get(&format!("{}/{array}", self.name))
    }

    /// An array of the case.
    ///
    /// # Panics
    /// If there is none of that name.
    pub fn array(&self, array: &str) -> &Array {
        self.get(array).unwrap_or_else(|| panic!("case `{}` has no array `{array}`", self.name))
    }

    /// The arrays `NAME0`, `NAME1`, … as far as they go without a gap.
    pub fn list(&self, name: &str) -> Vec<&Array> {
        (0..).map_while(|index| self.get(&format!("{name}{index}"))).collect()
    }
}

/// The folder of the committed fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../oracle/fixtures")
}

/// The arrays of an `.npz`.
///
/// # Panics
/// If the file is missing or damaged.
pub fn read_npz(path: &Path) -> HashMap<String, Array> {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip archive");
    let mut arrays = HashMap::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).expect("a member");
        let name = member.name().expect("a name in UTF-8").trim_end_matches(".npy").to_owned();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).expect("a readable member");
        arrays.insert(name, read_npy(&bytes));
    }
    arrays
}

/// An array of `.npy` bytes in C order.
///
/// # Panics
/// If the bytes are not such.
pub fn read_npy(bytes: &[u8]) -> Array {
    assert_eq!(&bytes[..6], b"\x93NUMPY", "an .npy file");
    let (length, start) = match bytes[6] {
        1 => (usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), 10),
        _ => (u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize, 12),
    };
    let header = std::str::from_utf8(&bytes[start..start + length]).expect("a text header");
    let after = |key: &str| {
        header.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start()).expect("the key")
    };
    assert!(after("fortran_order").starts_with("False"), "fixtures are in C order");
    let kind = after("descr").trim_start_matches('\'').split('\'').next().expect("a type").to_owned();
    let shape = after("shape").trim_start_matches('(').split(')').next().expect("a shape");
    let dims = shape
        .split(',')
        .map(str::trim)
        .filter(|dim| !dim.is_empty())
        .map(|dim| dim.parse().expect("a number"));
    Array { dims: dims.collect(), kind, bytes: bytes[start + length..].to_vec() }
}

/// Asserts that two tensors agree: max|a − b| ≤ tolerance · max(1e-3, max|b|), with equal places for what is not finite.
///
/// # Panics
/// If they do not.
#[track_caller]
pub fn assert_close(what: &str, actual: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{what}: the number of elements");
    let largest = expected
        .iter()
        .filter(|value| value.is_finite())
        .fold(1e-3f64, |largest, value| largest.max(value.abs()));
    for (index, (a, b)) in actual.iter().zip(expected).enumerate() {
        let same = (a.is_nan() && b.is_nan()) || a == b;
        let close = (a - b).abs() <= tolerance * largest;
        assert!(same || close, "{what}: element {index} is {a}, the oracle says {b} (largest {largest})");
    }
}

/// The tolerance of the design in single precision.
pub const TOLERANCE: f64 = 1e-5;
