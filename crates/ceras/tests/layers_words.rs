//! Layers in models: what they refuse, what noise does, masks that reach the loss.

use ceras::layers::{
    Add, AlphaDropout, Bidirectional, Concatenate, Dot, Embedding, GaussianDropout, GaussianNoise,
    GroupNormalization, LSTM, Masking, Permute, ReLU, RepeatVector, Reshape, SpatialDropout1D,
};
use ceras::prelude::*;

/// The error of applying a layer to inputs of these shapes.
fn error(layer: impl Into<LayerRef>, shapes: &[&[usize]]) -> String {
    let inputs: Vec<KerasTensor> = shapes.iter().map(|shape| Input::new(*shape).tensor()).collect();
    let error = layer.into().apply_all(&inputs.iter().collect::<Vec<_>>()).unwrap_err();
    error.message().to_owned() + "\n" + &error.details().join("\n")
}

#[test]
fn misfits_are_told() {
    assert_eq!(
        error(Add::new(), &[&[2, 3], &[4]]),
        "layer `add` (Add) cannot take this input\n\
         the inputs of Add must have equal dimensions, or 1, along each axis; axis -1 of input 1 does not fit those before it\n  \
         input 0   float32 [?, 2, 3]\n  input 1   float32 [?, 4]"
    );
    assert_eq!(
        error(Concatenate::new(), &[&[2, 3], &[3, 3]]),
        "layer `concatenate` (Concatenate) cannot take this input\n\
         the inputs of Concatenate must have equal shapes besides axis 2; input 1 differs from input 0\n  \
         input 0   float32 [?, 2, 3]\n  input 1   float32 [?, 3, 3]"
    );
    assert_eq!(
        error(Dot::new(1), &[&[2], &[3]]),
        "layer `dot` (Dot) cannot take this input\n\
         Dot needs one dimension along axis 1 of input 0 and axis 1 of input 1; they are 2 and 3\n  \
         input 0   float32 [?, 2]\n  input 1   float32 [?, 3]"
    );
    let cases: [(String, &str); 9] = [
        (error(Dot::new(0), &[&[2], &[2]]), "Dot cannot sum over axis 0, the batch"),
        (error(Reshape::new(&[4, -1]), &[&[6]]), "a row of 6 elements does not fit `target_shape` [4, -1]"),
        (error(Reshape::new(&[-1, -1]), &[&[6]]), "`target_shape` may hold one -1"),
        (error(Permute::new(&[1, 3]), &[&[2, 3]]), "`dims` must name each of 1 to 2 once"),
        (error(RepeatVector::new(2), &[&[2, 3]]), "RepeatVector needs an input of rank 2"),
        (error(GroupNormalization::new(4), &[&[6]]), "6 channels do not make 4 groups"),
        (error(ReLU::new().threshold(-1.0), &[&[6]]), "`threshold` must be 0 or more"),
        (error(LSTM::new(2), &[&[6]]), "LSTM needs an input [batch, steps, features]"),
        (error(Bidirectional::new(Dense::new(2)), &[&[6, 2]]), "Bidirectional needs a recurrent layer"),
    ];
    for (error, expected) in cases {
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn numbers_beyond_an_embedding_are_named() {
    let stack = Sequential::new().add(Input::new([2])).add(Embedding::new(5, 2)).add(Flatten::new());
    let mut model = stack.add(Dense::new(1)).build().unwrap();
    model.compile(Compile::new("mse").optimizer("sgd")).unwrap();
    let y = Tensor::new(&[1, 1], [0.0f32]).unwrap();
    for bad in [5.0f32, -1.0] {
        let x = Tensor::new(&[1, 2], [1.0f32, bad]).unwrap();
        let error = model.fit(&x, &y, Fit::new().verbose(Verbose::Silent)).unwrap_err().to_string();
        let expected =
            format!("`x` holds the number {bad}, and layer `embedding` (Embedding) has rows for 0 to 4");
        assert!(error.contains(&expected), "{error}");
    }
    let x = Tensor::new(&[1, 2], [0.0f32, 4.9]).unwrap();
    model.predict(&x).unwrap();
}

/// The outputs of a layer in training, seen through a loss that adds them up: a layer behind it cannot tell.
fn trained(layer: impl Into<LayerRef>, x: &Tensor) -> f64 {
    let row: Vec<usize> = x.dims()[1..].to_vec();
    let mut model = Sequential::new().add(Input::new(row.as_slice())).add(layer).build().unwrap();
    model.compile(Compile::new("mean_absolute_error").optimizer("sgd")).unwrap();
    let zeros = Tensor::zeros(DType::F32, x.dims()).unwrap();
    let fit = Fit::new().batch_size(x.dims()[0]).verbose(Verbose::Silent);
    model.fit(x, &zeros, fit).unwrap().get("loss")[0]
}

#[test]
fn noise_has_its_strength() {
    let ones = Tensor::new(&[64, 100], vec![1.0f32; 6400]).unwrap();
    let zeros = Tensor::new(&[64, 100], vec![0.0f32; 6400]).unwrap();
    // The mean of |normal| is √(2/π) of the deviation.
    let noise = trained(GaussianNoise::new(0.5), &zeros);
    assert!((noise - 0.5 * 0.7979).abs() < 0.02, "{noise}");
    let factor = trained(GaussianDropout::new(0.2), &ones);
    assert!((factor - 1.0).abs() < 0.03, "{factor}");
    // SELU's limit is kept with the share that is dropped: |a · α' + b| and |a · 0 + b|.
    let alpha = trained(AlphaDropout::new(0.5), &zeros);
    let a = (0.5 * (1.0 + 0.5 * 1.7580993408473766f64.powi(2))).powf(-0.5);
    let b = a * 1.7580993408473766 * 0.5;
    assert!((alpha - 0.5 * (b + (b - a * 1.7580993408473766).abs())).abs() < 0.03, "{alpha}");
    let steps = Tensor::new(&[64, 10, 10], vec![1.0f32; 6400]).unwrap();
    let spatial = trained(SpatialDropout1D::new(0.5), &steps);
    assert!((spatial - 1.0).abs() < 0.15, "{spatial}");
}

#[test]
fn masks_reach_the_loss() {
    let build = |mask: bool| {
        let mut stack = Sequential::new().add(Input::new([2, 1]));
        if mask {
            stack = stack.add(Masking::new());
        }
        let mut model = stack.add(Dense::new(1).kernel_initializer("ones")).build().unwrap();
        model.compile(Compile::new("mse").optimizer("sgd")).unwrap();
        let x = Tensor::new(&[1, 2, 1], [0.0f32, 1.0]).unwrap();
        let y = Tensor::new(&[1, 2, 1], [3.0f32, 3.0]).unwrap();
        model.evaluate(&x, &y, Evaluate::new()).unwrap().get("loss").unwrap()
    };
    assert_eq!(build(false), (9.0 + 4.0) / 2.0);
    // Keras leaves the masked step out of the mean.
    assert_eq!(build(true), 4.0);
}
