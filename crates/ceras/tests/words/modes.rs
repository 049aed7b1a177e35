//! What a summary says of `fit` and `predict`.

use ceras::layers::*;
use ceras::models::Summary;
use ceras::prelude::*;

fn said(layer: impl Into<LayerRef>, shape: &[usize]) -> String {
    let model = Sequential::new().add(Input::new(shape)).add(layer).build().unwrap();
    let text = model.summary_with(&Summary::new().show_modes(true)).unwrap();
    text[model.summary().len()..].lines().skip(1).map(str::trim).collect::<Vec<_>>().join("; ")
}

#[test]
fn layers_that_differ_say_how() {
    let passes = "predict  passes its inputs on";
    let share = "sets 25% of its channels to 0 at random and multiplies the others by 1.333";
    for (said, class_name, fit) in [
        (
            said(Dropout::new(0.07), &[2]),
            "dropout (Dropout)",
            "sets 7% of its inputs to 0 at random and multiplies the others by 1.075",
        ),
        (said(Dropout::new(1.0), &[2]), "dropout (Dropout)", "sets all its inputs to 0"),
        (said(SpatialDropout1D::new(0.25), &[4, 2]), "spatial_dropout1d (SpatialDropout1D)", share),
        (said(SpatialDropout2D::new(0.25), &[4, 4, 2]), "spatial_dropout2d (SpatialDropout2D)", share),
        (said(SpatialDropout3D::new(0.25), &[4, 4, 4, 2]), "spatial_dropout3d (SpatialDropout3D)", share),
        (
            said(GaussianNoise::new(0.1), &[2]),
            "gaussian_noise (GaussianNoise)",
            "adds noise of mean 0 and standard deviation 0.1 to its inputs",
        ),
        (
            said(GaussianDropout::new(0.2), &[2]),
            "gaussian_dropout (GaussianDropout)",
            "multiplies its inputs by noise of mean 1 and standard deviation 0.500",
        ),
        (
            said(AlphaDropout::new(0.2), &[2]),
            "alpha_dropout (AlphaDropout)",
            "sets 20% of its inputs to -1.758 at random, then scales and shifts all so that mean and variance stay",
        ),
        (
            said(ActivityRegularization::new(0.1, 0.01), &[2]),
            "activity_regularization (ActivityRegularization)",
            "passes its inputs on and adds 0.1 times the sum of their sizes and 0.01 times the sum of their squares, per row, to the loss, in `evaluate` too",
        ),
        (
            said(TimeDistributed::new(Dropout::new(0.5)), &[3, 2]),
            "time_distributed (TimeDistributed)",
            "sets 50% of its inputs to 0 at random and multiplies the others by 2.000",
        ),
    ] {
        assert_eq!(
            said,
            format!("{class_name}; fit      {fit}; {passes}; All other layers compute the same in both.")
        );
    }
    let recurrent = "sets 10% of its inputs and 20% of its state to 0 at random, the same in all steps, and scales the others up; predict  uses all of them";
    let lstm = || LSTM::new(2).dropout(0.1).recurrent_dropout(0.2);
    for said in [said(lstm(), &[3, 2]), said(Bidirectional::new(lstm()), &[3, 2])] {
        assert!(said.contains(recurrent), "{said}");
    }
    let gru = said(GRU::new(2).recurrent_dropout(0.2), &[3, 2]);
    assert!(gru.contains("fit      sets 20% of its state to 0 at random, the same in all steps"), "{gru}");
    let (x, heads) = (Input::new([3, 4]).tensor(), MultiHeadAttention::new(2, 2).dropout(0.1));
    let attention = Model::new(&x, heads.apply_all(&[&x, &x]).unwrap()).unwrap();
    let attention = attention.summary_with(&Summary::new().show_modes(true)).unwrap();
    assert!(attention.contains("fit      sets 10% of its attention weights to 0 at random"), "{attention}");
    for same in [said(Dropout::new(0.0), &[2]), said(Dense::new(2), &[2]), said(SimpleRNN::new(2), &[3, 2])] {
        assert_eq!(same, "");
    }
}
