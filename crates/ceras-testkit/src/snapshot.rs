//! Texts for people, kept beside the tests that make them.

use std::fs;
use std::path::Path;

/// Holds `text` against the file `path`; with `CERAS_WRITE_SNAPSHOTS=1` writes the file anew first. Passages begin with
/// `== `, and the first that differs is shown.
///
/// # Panics
/// They differ, or there is no such file.
pub fn check(path: &Path, text: &str) {
    if std::env::var_os("CERAS_WRITE_SNAPSHOTS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    for (ours, expected) in text.split("== ").zip(expected.split("== ")) {
        assert_eq!(ours, expected, "in {}", path.display());
    }
    assert_eq!(text.len(), expected.len(), "a passage more or less in {}", path.display());
}
