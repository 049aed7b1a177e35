//! The oracle's fixtures: what real Keras says.
//!
//! A group is `oracle/fixtures/GROUP.json`, a list of cases, and `GROUP.npz` with the arrays `CASE/ARRAY`.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use serde_json::Value;

use crate::npy::Array;

/// Where the fixtures are.
pub fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../oracle/fixtures")
}

/// A group of cases.
#[derive(Debug)]
pub struct Oracle {
    cases: Vec<Case>,
}

/// A case: what the JSON says and its arrays.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// All that the JSON says of it.
    pub json: Value,
    /// Its arrays.
    pub arrays: HashMap<String, Array>,
}

impl Oracle {
    /// Loads a group.
    ///
    /// # Panics
    /// If the files are missing or broken: a test cannot go on without them.
    pub fn load(group: &str) -> Oracle {
        let json = std::fs::read_to_string(fixtures().join(format!("{group}.json")));
        let json = json.unwrap_or_else(|error| panic!("the fixture {group}.json: {error}"));
        let list: Vec<Value> =
            serde_json::from_str(&json).unwrap_or_else(|error| panic!("the fixture {group}.json: {error}"));
        let mut arrays = load_arrays(group);
        let cases = list
            .into_iter()
            .map(|json| {
                let name = json["case"].as_str().unwrap_or_default().to_owned();
                let arrays = arrays.remove(&name).unwrap_or_default();
                Case { name, json, arrays }
            })
            .collect();
        Oracle { cases }
    }

    /// The cases, in their order.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The case of a name.
    ///
    /// # Panics
    /// If there is none.
    pub fn case(&self, name: &str) -> &Case {
        let case = self.cases.iter().find(|case| case.name == name);
        case.unwrap_or_else(|| panic!("the oracle has no case `{name}`"))
    }
}

impl Case {
    /// An array.
    ///
    /// # Panics
    /// If there is none of that name.
    pub fn array(&self, name: &str) -> &Array {
        self.arrays.get(name).unwrap_or_else(|| panic!("the case `{}` has no array `{name}`", self.name))
    }

    /// The arrays `NAME0`, `NAME1`, … as far as they go.
    pub fn numbered(&self, name: &str) -> Vec<&Array> {
        (0..).map_while(|index| self.arrays.get(&format!("{name}{index}"))).collect()
    }
}

/// The arrays of a group by case and name; none if it has no file of arrays.
fn load_arrays(group: &str) -> HashMap<String, HashMap<String, Array>> {
    let mut arrays: HashMap<String, HashMap<String, Array>> = HashMap::new();
    let Ok(file) = File::open(fixtures().join(format!("{group}.npz"))) else { return arrays };
    let mut zip =
        zip::ZipArchive::new(file).unwrap_or_else(|error| panic!("the fixture {group}.npz: {error}"));
    for index in 0..zip.len() {
        let mut member =
            zip.by_index(index).unwrap_or_else(|error| panic!("the fixture {group}.npz: {error}"));
        let name = member.name().trim_end_matches(".npy").to_owned();
        let mut bytes = Vec::new();
        let read = member.read_to_end(&mut bytes);
        let array = read.map_err(|error| error.to_string()).and_then(|_| Array::parse(&bytes));
        let array = array.unwrap_or_else(|why| panic!("the fixture {group}.npz, {name}: {why}"));
        let (case, key) = name.split_once('/').unwrap_or((&name, ""));
        arrays.entry(case.to_owned()).or_default().insert(key.to_owned(), array);
    }
    arrays
}
