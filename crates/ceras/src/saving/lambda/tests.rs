//! Lambdas of many Pythons, made by `oracle/lambdas.py`.

use serde_json::{Value, json};

use super::*;

fn cases() -> Vec<Value> {
    let path = ceras_testkit::oracle::fixtures().join("lambdas.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn lambdas_of_every_python_are_recognised() {
    let mut known = 0;
    for case in cases() {
        let found = function(case["config"].as_object().unwrap());
        let what = format!("{} of Python {}", case["case"], case["python"]);
        match (&case["layer"], &found) {
            (Value::Null, Function::Known(replacement)) => panic!("{what}: {replacement:?}"),
            (Value::Null, _) => {}
            (layer, Function::Known(replacement)) => {
                known += 1;
                assert_eq!(layer, &json!(replacement.class_name), "{what}");
                let wanted = case["layer_config"].as_object().unwrap();
                for (key, wanted) in wanted {
                    let given = &replacement.config[key];
                    match (wanted.as_f64(), given.as_f64()) {
                        (Some(wanted), Some(given)) => {
                            assert!((wanted - given).abs() < 1e-12, "{what}: {given}")
                        }
                        _ => assert_eq!(wanted, given, "{what}"),
                    }
                }
            }
            (layer, found) => panic!("{what}: not {layer} but {found:?}"),
        }
    }
    assert!(known > 100, "{known}");
}

#[test]
fn damaged_code_is_opaque_and_nothing_worse() {
    let codes: Vec<Vec<u8>> = cases()
        .iter()
        .filter_map(|case| marshal::base64(case["config"]["function"]["config"]["code"].as_str()?))
        .collect();
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize
    };
    for code in codes {
        for length in 0..code.len() {
            assert_eq!(marshal::code(&code[..length]), None);
        }
        for _ in 0..200 {
            let mut broken = code.clone();
            let place = random() % broken.len();
            broken[place] ^= 1 << (random() % 8);
            if let Some(code) = marshal::code(&broken) {
                bytecode::result(&code);
            }
        }
    }
}

#[test]
fn few_bytes_never_become_many_objects() {
    // A tuple that holds itself, and towers of references, each twice as high as the last.
    let mut tower = vec![b')' | 0x80, 2, b'N', b'N'];
    for level in 0..60u32 {
        let mut next = vec![b')' | 0x80, 2];
        next.extend_from_slice(&tower);
        next.push(b'r');
        next.extend_from_slice(&(60 - level).to_le_bytes());
        tower = next;
    }
    assert_eq!(marshal::code(&tower), None);
    assert_eq!(marshal::code(&[b'(', 0xff, 0xff, 0xff, 0x7f]), None);
    assert_eq!(marshal::code(&vec![b')'; 1 << 16]), None);
}
