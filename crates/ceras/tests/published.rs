//! Files that people published. Runs where `CERAS_PUBLISHED_MODELS` names a folder with such files, each `FILE` with a `FILE.npz` of
//! inputs `x0`, `x1`, … and the outputs `y0`, `y1`, … that Keras computed for them.

use std::io::Write;
use std::path::Path;

use ceras::prelude::*;
use ceras::saving::load_model;
use ceras_testkit::oracle::{Array, TOLERANCE, assert_close, read_npz};

fn list(arrays: &std::collections::HashMap<String, Array>, letter: char) -> Vec<Array> {
    (0..).map_while(|number| arrays.get(&format!("{letter}{number}")).cloned()).collect()
}

/// Whether the file opens and predicts as Keras does; `others` are those that predict otherwise.
fn opens(path: &Path, report: &mut impl Write, others: &mut Vec<String>) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut model = match load_model(path) {
        Ok(model) => model,
        Err(error) => {
            writeln!(report, "{name}: {}", error.to_string().replace('\n', "\n    ")).unwrap();
            return false;
        }
    };
    let arrays = read_npz(&path.with_file_name(format!("{name}.npz")));
    let x: Vec<Tensor> =
        list(&arrays, 'x').iter().map(|array| Tensor::new(&array.dims, array.f32s()).unwrap()).collect();
    let outputs = match model.predict_all(x, 32) {
        Ok(outputs) => outputs,
        Err(error) => {
            writeln!(report, "{name}: opens, and does not predict: {error}").unwrap();
            return false;
        }
    };
    let same = || {
        for (output, expected) in outputs.iter().zip(list(&arrays, 'y')) {
            assert_close(&name, &output.to_f64(), &expected.f64s(), 10.0 * TOLERANCE);
        }
    };
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(same)).is_err() {
        others.push(name);
        return false;
    }
    writeln!(report, "{name}: opens and predicts the same").unwrap();
    true
}

#[test]
fn published_files_open_and_predict_the_same() {
    let mut report = std::io::stderr();
    let Some(folder) = std::env::var_os("CERAS_PUBLISHED_MODELS") else {
        writeln!(report, "skipped: set CERAS_PUBLISHED_MODELS to a folder with published files").unwrap();
        return;
    };
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| {
            path.extension().is_some_and(|end| ["keras", "h5", "hdf5"].iter().any(|own| end == *own))
        })
        .collect();
    files.sort();
    let mut others = Vec::new();
    let open = files.iter().filter(|path| opens(path, &mut report, &mut others)).count();
    writeln!(report, "{open} of {} files open", files.len()).unwrap();
    assert!(others.is_empty(), "other predictions: {others:?}");
}
