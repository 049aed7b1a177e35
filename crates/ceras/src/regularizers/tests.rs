//! Names, configs and what cannot be.

use super::{L2, REGULARIZERS, RegularizerRef};

#[test]
fn every_name_is_found_and_read_back() {
    for name in REGULARIZERS.names() {
        let regularizer = RegularizerRef::by_name(name).unwrap();
        let again = RegularizerRef::from_json(&regularizer.to_json()).unwrap();
        assert_eq!(again.to_json(), regularizer.to_json(), "{name}");
    }
}

#[test]
fn a_negative_factor_is_refused() {
    let json = serde_json::json!({"class_name": "L2", "config": {"l2": -1.0}});
    assert!(RegularizerRef::from_json(&json).unwrap_err().to_string().contains("`l2` must be 0 or more"));
    assert_eq!(RegularizerRef::from(L2::new(0.5)).to_json()["config"]["l2"], 0.5);
}
