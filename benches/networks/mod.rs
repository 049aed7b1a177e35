//! Networks that are measured: the lesson's small CNN, DenseNet121 without its head, ResNet50.

use ceras::layers::convolutional::Conv2D;
use ceras::layers::merging::{Add, Concatenate};
use ceras::layers::pooling::{AveragePooling2D, GlobalAveragePooling2D, MaxPooling2D};
use ceras::layers::reshaping::ZeroPadding2D;
use ceras::layers::spatial::Padding;
use ceras::prelude::*;

/// Two convolutions of 50 filters, each with pooling, and two dense layers: 64×64 pixels in, ten classes out.
pub(crate) fn lesson_cnn() -> Result<Model> {
    let mut model = Sequential::new()
        .add(Input::new([64, 64, 3]))
        .add(Conv2D::new(50, 3).activation("relu"))
        .add(MaxPooling2D::new(2))
        .add(Conv2D::new(50, 3).activation("relu"))
        .add(MaxPooling2D::new(2))
        .add(Flatten::new())
        .add(Dense::new(50).activation("relu"))
        .add(Dense::new(10))
        .build()?;
    let loss = SparseCategoricalCrossentropy::new().from_logits(true);
    model.compile(Compile::new(loss).optimizer("adam"))?;
    Ok(model)
}

fn normalized(x: &KerasTensor) -> Result<KerasTensor> {
    let x = BatchNormalization::new().epsilon(1.001e-5).apply(x)?;
    Activation::new("relu").apply(&x)
}

fn convolved(x: &KerasTensor, filters: usize, size: usize) -> Result<KerasTensor> {
    Conv2D::new(filters, size).padding(Padding::Same).use_bias(false).apply(x)
}

/// DenseNet121 (Huang et al. 2017) without its head: four blocks of 6, 12, 24 and 16 layers that each add 32 channels.
pub(crate) fn densenet121(side: usize) -> Result<Model> {
    let input = Input::new([side, side, 3]).tensor();
    let x = ZeroPadding2D::new(3).apply(&input)?;
    let x = Conv2D::new(64, 7).strides(2).use_bias(false).apply(&x)?;
    let x = ZeroPadding2D::new(1).apply(&normalized(&x)?)?;
    let mut x = MaxPooling2D::new(3).strides(2).apply(&x)?;
    for (block, layers) in [6, 12, 24, 16].into_iter().enumerate() {
        if block > 0 {
            let channels = x.shape().last().unwrap_or(0);
            let narrow = convolved(&normalized(&x)?, channels / 2, 1)?;
            x = AveragePooling2D::new(2).apply(&narrow)?;
        }
        for _ in 0..layers {
            let narrow = convolved(&normalized(&x)?, 128, 1)?;
            let new = convolved(&normalized(&narrow)?, 32, 3)?;
            x = Concatenate::new().apply_all(&[&x, &new])?;
        }
    }
    Model::new(&[input], &normalized(&x)?)
}

fn residual(x: &KerasTensor, width: usize, stride: usize, widen: bool) -> Result<KerasTensor> {
    let normalize = |x: &KerasTensor| BatchNormalization::new().epsilon(1.001e-5).apply(x);
    let shortcut =
        if widen { normalize(&Conv2D::new(4 * width, 1).strides(stride).apply(x)?)? } else { x.clone() };
    let narrow = normalized(&Conv2D::new(width, 1).strides(stride).apply(x)?)?;
    let middle = normalized(&Conv2D::new(width, 3).padding(Padding::Same).apply(&narrow)?)?;
    let wide = normalize(&Conv2D::new(4 * width, 1).apply(&middle)?)?;
    Activation::new("relu").apply(&Add::new().apply_all(&[&shortcut, &wide])?)
}

/// ResNet50 (He et al. 2016), with the stride in the first 1×1 convolution of a stage, for stochastic gradient descent.
pub(crate) fn resnet50() -> Result<Model> {
    let input = Input::new([224, 224, 3]).tensor();
    let x = ZeroPadding2D::new(3).apply(&input)?;
    let x = normalized(&Conv2D::new(64, 7).strides(2).apply(&x)?)?;
    let x = ZeroPadding2D::new(1).apply(&x)?;
    let mut x = MaxPooling2D::new(3).strides(2).apply(&x)?;
    for (stage, (blocks, width)) in [(3, 64), (4, 128), (6, 256), (3, 512)].into_iter().enumerate() {
        for block in 0..blocks {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            x = residual(&x, width, stride, block == 0)?;
        }
    }
    let x = GlobalAveragePooling2D::new().apply(&x)?;
    let classes = Dense::new(1000).activation("softmax").apply(&x)?;
    let mut model = Model::new(&[input], &classes)?;
    let optimizer = Sgd::new().learning_rate(0.01).momentum(0.9);
    model.compile(Compile::new("sparse_categorical_crossentropy").optimizer(optimizer))?;
    Ok(model)
}
