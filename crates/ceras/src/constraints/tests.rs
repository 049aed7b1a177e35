//! Names, configs and axes.

use ceras_graph::Tensor;

use super::{Axes, CONSTRAINTS, ConstraintRef, MaxNorm};

#[test]
fn every_name_is_found_and_read_back() {
    for name in CONSTRAINTS.names() {
        let constraint = ConstraintRef::by_name(name).unwrap();
        let again = ConstraintRef::from_json(&constraint.to_json()).unwrap();
        assert_eq!(again.to_json(), constraint.to_json(), "{name}");
    }
}

#[test]
fn several_axes_make_one_vector() {
    let w = Tensor::new(&[2, 2], [3.0f32, 0.0, 4.0, 0.5]).unwrap();
    let constraint = ConstraintRef::from(MaxNorm::new(1.0).axis([0, 1]));
    let w = constraint.eval(&w).unwrap().to_f64();
    let norm = w.iter().map(|x| x * x).sum::<f64>().sqrt();
    assert!((norm - 1.0).abs() < 1e-6, "{norm}");
    let wrong = ConstraintRef::from(MaxNorm::new(1.0).axis(Axes::One(5)));
    assert!(
        wrong.eval(&Tensor::from_slice(&[1.0f32])).unwrap_err().to_string().contains("there is no axis 5")
    );
}
