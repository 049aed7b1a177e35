//! Every file of the museum, damaged in many ways: whatever is done to it, loading returns, and soon.

use std::time::{Duration, Instant};

use super::museum::{files, museum_of};
use super::*;

/// A small generator for the damage below; the damage is the same on every run.
fn xorshift(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state as usize
}

/// One small file of each kind and version.
fn samples() -> Vec<(String, Vec<u8>)> {
    let mut samples: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |path: PathBuf| {
        samples.push((path.display().to_string(), std::fs::read(path).unwrap()));
    };
    for (_, group) in museum_of("training") {
        for case in group.cases().filter(|case| ["adam_amsgrad", "legacy_adam"].contains(&case.name)) {
            files(&case).for_each(|file| add(fixtures().join(file)));
        }
    }
    for (version, _) in museum_of("training") {
        for name in ["functional.keras", "functional.h5", "normalized.weights.h5", "lambda_relu.keras"] {
            add(fixtures().join("museum").join(&version).join(name));
        }
    }
    let folder = temporary();
    let path = folder.path().join("model.safetensors");
    super::noisy().save_as(&path, FileKind::Safetensors).unwrap();
    add(path);
    samples
}

/// Loads as a model and as weights; either may fail.
fn try_both(bytes: &[u8], path: &std::path::Path, model: &mut Model) {
    std::fs::write(path, bytes).unwrap();
    let _ = load(path, &CustomObjects::new().replace_lambdas());
    let _ = model.load_weights_with(path, LoadWeights::new().skip_mismatch(true));
}

fn small() -> Model {
    Sequential::new()
        .add(Input::new([4]))
        .add(Dense::new(5).activation("tanh"))
        .add(Dense::new(3))
        .build()
        .unwrap()
}

/// All rounds of a kind of damage over all samples, none longer than a moment.
fn damage(rounds: usize, mut spoil: impl FnMut(&mut Vec<u8>, usize)) {
    let (folder, mut model) = (temporary(), small());
    let path = folder.path().join("file");
    for (name, whole) in samples() {
        for round in 0..rounds {
            let mut bytes = whole.clone();
            spoil(&mut bytes, round);
            let start = Instant::now();
            try_both(&bytes, &path, &mut model);
            let taken = start.elapsed();
            assert!(taken < Duration::from_secs(5), "{name}, round {round}: {taken:?}");
        }
    }
}

#[test]
fn files_cut_off_anywhere() {
    const ROUNDS: usize = 60;
    damage(ROUNDS, |bytes, round| {
        let length = bytes.len();
        bytes.truncate(if round < 10 { round * 7 } else { length * round / ROUNDS });
    });
}

#[test]
fn flipped_bits() {
    let mut state = 0x2545_F491_4F6C_DD1D;
    damage(100, |bytes, _| {
        for _ in 0..1 + xorshift(&mut state) % 4 {
            let place = xorshift(&mut state) % bytes.len();
            bytes[place] ^= 1 << (xorshift(&mut state) % 8);
        }
    });
}

/// Lengths, addresses and counts are where a format is weakest; they stand in the headers.
#[test]
fn large_numbers_in_headers() {
    let mut state = 0x9E37_79B9_7F4A_7C15;
    damage(80, |bytes, _| {
        let places = bytes.len().saturating_sub(8);
        for _ in 0..1 + xorshift(&mut state) % 3 {
            let place = xorshift(&mut state) % places;
            let number = match xorshift(&mut state) % 4 {
                0 => u64::MAX,
                1 => u64::from(u32::MAX),
                2 => place as u64,
                _ => xorshift(&mut state) as u64,
            };
            let width = [1, 2, 4, 8][xorshift(&mut state) % 4];
            bytes[place..place + width].copy_from_slice(&number.to_le_bytes()[..width]);
        }
    });
}

/// A stored zip's checksum would hide the members from damage: here the members themselves are spoilt.
#[test]
fn spoilt_members_of_archives() {
    let mut state = 0xD1B5_4A32_D192_ED03;
    let (folder, mut model) = (temporary(), small());
    let path = folder.path().join("file");
    for (name, bytes) in samples() {
        let Ok(mut archive) = Archive::open(bytes) else { continue };
        let members: Vec<(String, Vec<u8>)> = archive
            .names()
            .into_iter()
            .map(|member| (member.clone(), archive.member(&member).unwrap().unwrap()))
            .collect();
        for round in 0..60 {
            let mut spoilt = members.clone();
            let which = xorshift(&mut state) % spoilt.len();
            let member = &mut spoilt[which].1;
            for _ in 0..1 + xorshift(&mut state) % 3 {
                let place = xorshift(&mut state) % member.len().max(1);
                if let Some(byte) = member.get_mut(place) {
                    // Digits and brackets now and then, for the JSON members.
                    *byte = *b"09[]{}\",:-eE\x00\xff\x80n"
                        .get(xorshift(&mut state) % 24)
                        .unwrap_or(&((xorshift(&mut state) % 256) as u8));
                }
            }
            let mut bytes = std::io::Cursor::new(Vec::new());
            let listed: Vec<(&str, &[u8])> =
                spoilt.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
            archive::write_members(&mut bytes, &listed).unwrap();
            let start = Instant::now();
            try_both(&bytes.into_inner(), &path, &mut model);
            assert!(start.elapsed() < Duration::from_secs(5), "{name}, round {round}");
        }
    }
}

/// Every number of a config, as large as it can be: nothing is allocated that the file does not hold.
#[test]
fn numbers_in_configs_that_no_file_holds() {
    fn numbers(value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::Number(_) => found.push(at),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(n, item)| numbers(item, format!("{at}/{n}"), found));
            }
            Value::Object(map) => {
                map.iter().for_each(|(key, item)| numbers(item, format!("{at}/{key}"), found));
            }
            _ => {}
        }
    }
    for case in ["sequential_normalization", "functional_shared"] {
        let mut found = Vec::new();
        super::damage::with_config(case, |config| numbers(config, String::new(), &mut found));
        for pointer in found {
            for number in [json!(1u64 << 33), json!(u64::MAX), json!(-1), json!(1e300), json!(0)] {
                let edit = |config: &mut Value| *config.pointer_mut(&pointer).unwrap() = number.clone();
                let start = Instant::now();
                let _ = super::damage::load_bytes(&super::damage::with_config(case, edit));
                assert!(start.elapsed() < Duration::from_secs(5), "{case}{pointer} = {number}");
            }
        }
    }
}
