//! Layers whose calls have arguments.

use super::*;
use crate::layers::{AdditiveAttention, Attention, MultiHeadAttention};

/// A model whose attention layers have arguments of their calls, a mask as an input among them.
fn model() -> Model {
    let query = Input::new([3, 4]).tensor();
    let value = Input::new([5, 4]).tensor();
    let mask = Input::new([3, 5]).tensor();
    let masked = MultiHeadAttention::new(2, 3).attention_mask(true).use_causal_mask(true);
    let a = masked.apply_all(&[&query, &value, &mask]).unwrap();
    let b = Attention::new().use_causal_mask(true).apply_all(&[&a, &value]).unwrap();
    let c = AdditiveAttention::new().return_attention_scores(true).apply_all(&[&b, &value]).unwrap();
    let scores = c.outputs()[1].clone();
    Model::new(&[query, value, mask], &[c, scores]).unwrap()
}

fn inputs() -> [Tensor; 3] {
    let ramp = |dims: &[usize]| {
        let count: usize = dims.iter().product();
        Tensor::new(dims, (0..count).map(|i| (i * 7 % 13) as f32 / 6.0 - 1.0).collect::<Vec<f32>>()).unwrap()
    };
    let mask =
        Tensor::new(&[2, 3, 5], (0..30).map(|i| f32::from(u8::from(i % 3 != 1))).collect::<Vec<f32>>());
    [ramp(&[2, 3, 4]), ramp(&[2, 5, 4]), mask.unwrap()]
}

#[test]
fn arguments_of_calls_are_kept_in_files() {
    let mut model = model();
    let [query, value, mask] = inputs();
    let expected = model.predict_all([&query, &value, &mask], 2).unwrap();
    let folder = temporary();
    let path = folder.path().join("attention.keras");
    model.save(&path).unwrap();
    let mut loaded = load(&path, &CustomObjects::new()).unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    let again = loaded.model.predict_all([&query, &value, &mask], 2).unwrap();
    assert_eq!(expected.len(), 2);
    for (expected, again) in expected.iter().zip(&again) {
        assert_eq!(expected.to_f64(), again.to_f64());
    }
    // The weights of the second output are those of steps: they sum to 1.
    for row in expected[1].slice::<f32>().chunks(5) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{row:?}");
    }
    let config = Archive::open(std::fs::read(&path).unwrap()).unwrap().member(CONFIG).unwrap().unwrap();
    let config: Value = serde_json::from_slice(&config).unwrap();
    let nodes = |name: &str| {
        let layers = config["config"]["layers"].as_array().unwrap();
        let layer = layers.iter().find(|layer| layer["name"] == name).unwrap();
        layer["inbound_nodes"][0].clone()
    };
    let heads = nodes("multi_head_attention");
    assert_eq!(heads["args"].as_array().unwrap().len(), 2);
    assert_eq!(heads["kwargs"]["use_causal_mask"], json!(true));
    assert_eq!(heads["kwargs"]["attention_mask"]["class_name"], json!("__keras_tensor__"));
    assert_eq!(nodes("attention")["kwargs"], json!({"use_causal_mask": true}));
    assert_eq!(nodes("additive_attention")["args"][0].as_array().unwrap().len(), 2);
}

#[test]
fn an_unknown_argument_of_a_call_is_named() {
    let arguments = json!({"use_causal_mask": true, "training": true, "mask": null, "wonder": 3});
    let layer: crate::layers::LayerRef = MultiHeadAttention::new(1, 2).into();
    let error = layer.as_called().unwrap().called(arguments.as_object().unwrap()).unwrap_err();
    assert!(error.to_string().contains("`wonder`"), "{error}");
}
