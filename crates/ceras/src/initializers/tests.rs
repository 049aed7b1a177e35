//! Against what Keras' draws look like; the random numbers are our own.

use ceras_graph::DType;
use ceras_testkit::oracle::Group;

use super::{INITIALIZERS, InitCx, InitializerRef};
use crate::activations::oracle::{Report, of, same};

fn cx(dims: &[usize]) -> InitCx<'_> {
    InitCx { dims, dtype: DType::F64, seed: 7, stream: 11 }
}

/// Mean, standard deviation, least and greatest.
fn moments(values: &[f64]) -> [f64; 4] {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    [mean, variance.sqrt(), least, values.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
}

#[test]
fn distributions_are_keras() {
    let group = Group::load("initializers");
    for case in group.cases() {
        let initializer = InitializerRef::from_json(&case.meta["config"]).unwrap();
        assert!(same(&initializer.to_json()["config"], &case.meta["config"]["config"]), "{}", case.name);
        let dims: Vec<usize> =
            case.meta["shape"].as_array().unwrap().iter().map(|dim| dim.as_u64().unwrap() as usize).collect();
        let values = initializer.sample(&cx(&dims)).unwrap().to_f64();
        let number = |name: &str| case.meta[name].as_f64().unwrap();
        let [mean, stddev, least, greatest] = moments(&values);
        // Errors of a mean and of a standard deviation of so many draws, five times over.
        let slack = 5.0 / (values.len() as f64).sqrt();
        match case.meta["distribution"].as_str().unwrap() {
            "constant" => assert!(least == number("value") && greatest == number("value"), "{}", case.name),
            "uniform" => {
                let (low, high) = (number("minimum"), number("maximum"));
                assert!(least >= low && greatest < high, "{}", case.name);
                let wanted = (high - low) / 12f64.sqrt();
                assert!((stddev / wanted - 1.0).abs() < slack, "{}: {stddev} {wanted}", case.name);
                assert!((mean - (low + high) / 2.0).abs() < slack * wanted, "{}", case.name);
            }
            "normal" | "truncated_normal" => {
                let wanted = number("stddev");
                assert!((stddev / wanted - 1.0).abs() < slack, "{}: {stddev} {wanted}", case.name);
                assert!((mean - number("mean")).abs() < slack * wanted, "{}", case.name);
                if let Some(low) = case.meta["minimum"].as_f64() {
                    assert!(least >= low && greatest <= number("maximum"), "{}", case.name);
                }
            }
            "matrix" => {}
            other => panic!("{other}"),
        }
    }
}

#[test]
fn fourier_kernels_are_keras() {
    let group = Group::load("stft");
    let mut report = Report::default();
    for case in group.cases() {
        let initializer = InitializerRef::from_json(&case.meta["config"]).unwrap();
        assert_eq!(initializer.to_json()["config"], case.meta["config"]["config"], "{}", case.name);
        let keras = of(&case, "values");
        let ours = initializer.sample(&InitCx { dtype: DType::F32, ..cx(keras.dims()) }).unwrap();
        report.compare(case.name, "values", &ours, &keras);
    }
    report.finish();
}

#[test]
fn orthogonal_columns_or_rows_have_the_length_of_gain() {
    for dims in [&[5usize, 3][..], &[3, 5], &[2, 2, 3], &[4, 4]] {
        let initializer = InitializerRef::from(super::Orthogonal::new().gain(2.0));
        let q = initializer.sample(&cx(dims)).unwrap().to_f64();
        let columns = dims[dims.len() - 1];
        let rows = q.len() / columns;
        let at = |row: usize, column: usize| q[row * columns + column];
        let (vectors, length) = (rows.min(columns), rows.max(columns));
        let element =
            |vector: usize, place: usize| if rows < columns { at(vector, place) } else { at(place, vector) };
        for a in 0..vectors {
            for b in 0..vectors {
                let dot: f64 = (0..length).map(|place| element(a, place) * element(b, place)).sum();
                assert!((dot - if a == b { 4.0 } else { 0.0 }).abs() < 1e-12, "{dims:?} {a} {b} {dot}");
            }
        }
    }
}

#[test]
fn a_seed_of_its_own_fills_alike_and_a_stream_does_not() {
    let own = InitializerRef::from(super::HeNormal::new().seed(3));
    let shared = InitializerRef::glorot_uniform();
    let sample = |initializer: &InitializerRef, stream: u64| {
        initializer.sample(&InitCx { dims: &[3, 2], dtype: DType::F32, seed: 1, stream }).unwrap()
    };
    assert_eq!(sample(&own, 1), sample(&own, 2));
    assert_eq!(sample(&shared, 1), sample(&shared, 1));
    assert_ne!(sample(&shared, 1), sample(&shared, 2));
}

#[test]
fn every_name_is_found_and_read_back() {
    assert_eq!(INITIALIZERS.names().len(), 16);
    for name in INITIALIZERS.names() {
        let initializer = InitializerRef::by_name(name).unwrap();
        let again = InitializerRef::from_json(&initializer.to_json()).unwrap();
        assert_eq!(again.to_json(), initializer.to_json(), "{name}");
    }
    let error = InitializerRef::by_name("glorot_unifrom").unwrap_err();
    assert!(error.to_string().contains("did you mean `glorot_uniform`?"), "{error}");
}

#[test]
fn what_cannot_be_filled_is_refused() {
    let refuse =
        |initializer: InitializerRef, dims: &[usize]| initializer.sample(&cx(dims)).unwrap_err().to_string();
    assert!(refuse(super::Identity::new().into(), &[3]).contains("matrices"));
    assert!(refuse(super::Orthogonal::new().into(), &[3]).contains("rank 2 or more"));
    assert!(refuse(super::VarianceScaling::new().scale(0.0).into(), &[3]).contains("must be positive"));
    assert!(refuse(super::Stft::new().into(), &[8, 2, 5]).contains("STFT fills kernels"));
    assert!(refuse(super::Stft::new().window("han").into(), &[8, 1, 5]).contains("did you mean `hann`?"));
    assert!(refuse(super::Stft::new().window(vec![1.0; 7]).into(), &[8, 1, 5]).contains("a frame of 8"));
    assert!(refuse(super::Stft::new().into(), &[usize::MAX, 1, 2]).contains("too large"));
    assert!(refuse(super::Zeros.into(), &[usize::MAX, 2]).contains("too large"));
}
