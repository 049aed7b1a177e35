//! A network in the manner of YOLOv2 (Redmon & Farhadi 2016, <https://arxiv.org/abs/1612.08242>) that says yes or no.

use ceras::layers::{
    Concatenate, Conv2D, GlobalAveragePooling2D, LeakyReLU, MaxPooling2D, Padding, Permute, Rescaling,
    Reshape,
};
use ceras::models::Summary;
use ceras::prelude::*;
use ceras::training::OnBatch;

/// A convolution, batch normalisation, and a leaky ReLU.
fn block(x: &KerasTensor, filters: usize, kernel: usize) -> Result<KerasTensor> {
    let x = Conv2D::new(filters, kernel).padding(Padding::Same).use_bias(false).apply(x)?;
    let x = BatchNormalization::new().apply(&x)?;
    LeakyReLU::new().negative_slope(0.1).apply(&x)
}

/// Blocks of 3×3 kernels, with narrow ones of 1×1 between them.
fn blocks(x: KerasTensor, filters: usize, count: usize) -> Result<KerasTensor> {
    (0..count).try_fold(x, |x, index| match index % 2 {
        0 => block(&x, filters, 3),
        _ => block(&x, filters / 2, 1),
    })
}

/// Darknet-19's body and YOLOv2's passage of finer features, in an eighth of their widths, with one answer.
fn network() -> Result<Model> {
    let pictures = Input::new([448, 448, 3]).dtype(DType::U8).tensor();
    let mut x = Rescaling::new(1.0 / 255.0).apply(&pictures)?;
    for (filters, count) in [(4, 1), (8, 1), (16, 3), (32, 3)] {
        x = MaxPooling2D::new(2).apply(&blocks(x, filters, count)?)?;
    }
    let fine = blocks(x, 64, 5)?;
    let coarse = blocks(MaxPooling2D::new(2).apply(&fine)?, 128, 5)?;
    let coarse = block(&block(&coarse, 128, 3)?, 128, 3)?;
    // Each 2×2 pixels of the finer features become channels of one.
    let fine = block(&fine, 8, 1)?;
    let fine = Reshape::new(&[14, 2, 14, 2, 8]).apply(&fine)?;
    let fine = Reshape::new(&[14, 14, 32]).apply(&Permute::new(&[1, 3, 2, 4, 5]).apply(&fine)?)?;
    let x = block(&Concatenate::new().apply_all(&[&fine, &coarse])?, 128, 3)?;
    let answer = Dense::new(1).activation("sigmoid").apply(&GlobalAveragePooling2D::new().apply(&x)?)?;
    Model::new(&pictures, &answer)
}

#[test]
fn builds_trains_a_step_and_prints_its_summary() {
    let mut model = network().unwrap();
    let summary = model.summary_with(&Summary::new().line_length(120)).unwrap();
    for shape in [
        "(None, 448, 448, 3)",
        "(None, 28, 28, 64)",
        "(None, 14, 14, 160)",
        "(None, 14, 14, 128)",
        "(None, 1)",
    ] {
        assert!(summary.contains(shape), "{shape}:\n{summary}");
    }
    assert!(summary.contains("conv2d_21 (Conv2D)") && summary.contains("Non-trainable params"), "{summary}");
    model.compile(Compile::new("binary_crossentropy").optimizer("adam").metrics(["accuracy"])).unwrap();
    let pixels: Vec<u8> =
        (0..448 * 448 * 3u32).map(|pixel| (pixel.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let picture = Tensor::new(&[1, 448, 448, 3], pixels).unwrap();
    let yes = Tensor::new(&[1, 1], [1.0f32]).unwrap();
    let before = model.get_weights();
    let loss = model.train_on_batch(&picture, &yes, OnBatch::new()).unwrap().get("loss").unwrap();
    assert!(loss.is_finite() && loss > 0.0, "{loss}");
    let changed = before.iter().zip(model.get_weights()).filter(|(before, after)| *before != after).count();
    assert_eq!(changed, before.len(), "every weight and every moving statistic changes");
    let answer = model.predict(&picture).unwrap().to_f32()[0];
    assert!((0.0..=1.0).contains(&answer));
}
