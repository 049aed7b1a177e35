//! Rows that are read while training do not pile up in memory. A program of its own: it looks at the peak of the process.

#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

use ceras::data::npy;
use ceras::layers::Rescaling;
use ceras::prelude::*;
use ceras::{DType, Error};

/// The largest resident size so far in KiB, where the system tells.
fn peak_kib() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok())
}

#[test]
fn a_large_file_is_never_in_memory_whole() -> Result<(), Error> {
    const ROWS: usize = 32 * 1024;
    const WIDTH: usize = 4 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    // 128 MiB of zeros, most of which the file system does not even store.
    let dictionary = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({ROWS}, {WIDTH}), }}\n");
    let mut start = b"\x93NUMPY\x01\0".to_vec();
    start.extend((dictionary.len() as u16).to_le_bytes());
    start.extend(dictionary.bytes());
    std::fs::write(&path, &start).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len((start.len() + ROWS * WIDTH) as u64).unwrap();
    let x = npy::open(&path)?;
    assert_eq!((x.dims(), x.dtype()), (&[ROWS, WIDTH][..], DType::U8));
    let y = Tensor::zeros(DType::F32, &[ROWS, 1])?;
    let mut model = Sequential::new()
        .add(Input::new([WIDTH]))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Dense::new(1))
        .build()?;
    model.compile(Compile::new("mse"))?;
    let before = peak_kib();
    let history = model.fit(&x, &y, Fit::new().verbose(Verbose::Silent))?;
    model.evaluate(&x, &y, Evaluate::new())?;
    assert!(history.last().and_then(|logs| logs.get("loss")).is_some());
    match (before, peak_kib()) {
        (Some(before), Some(after)) => {
            let grown = (after - before) / 1024;
            assert!(grown < 32, "the process grew by {grown} MiB over a file of 128 MiB");
        }
        _ => eprintln!("skipped: this system does not tell the peak of memory"),
    }
    Ok(())
}
