//! Rows have the same bits in any batch, and a step has the same bits on any number of threads.

use std::sync::Arc;

use ceras::Pool;
use ceras::layers::*;
use ceras::prelude::{Compile, Fit, Input, KerasTensor, Model, Tensor, Verbose};

/// Numbers without a pattern, from -1 to 1.
fn numbers(dims: &[usize]) -> Tensor {
    let number = |index: usize| {
        let bits = (index as u32).wrapping_mul(0x9E37_79B9).rotate_left(13).wrapping_mul(0x85EB_CA6B);
        bits as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    Tensor::new(dims, (0..dims.iter().product()).map(number).collect::<Vec<f32>>()).unwrap()
}

/// A model with one output for each layer.
fn model(shape: &[usize], layers: Vec<LayerRef>) -> Model {
    let x = Input::new(shape).tensor();
    let outputs: Vec<KerasTensor> = layers.into_iter().map(|layer| layer.apply(&x).unwrap()).collect();
    Model::new(&[x], &outputs).unwrap()
}

fn one_axis() -> (Vec<usize>, Vec<LayerRef>) {
    let layers: Vec<LayerRef> = vec![
        Conv1D::new(7, 3).padding(Padding::Causal).into(),
        Conv1D::new(6, 4).strides(3).groups(3).activation("relu").into(),
        Conv1D::new(50, 3).dilation_rate(2).padding(Padding::Same).into(),
        DepthwiseConv1D::new(3).strides(2).into(),
        SeparableConv1D::new(5, 3).depth_multiplier(2).into(),
        Conv1DTranspose::new(5, 3).strides(2).into(),
        MaxPooling1D::new(2).into(),
        AveragePooling1D::new(3).padding(Padding::Same).into(),
        GlobalMaxPooling1D::new().into(),
        GlobalAveragePooling1D::new().into(),
    ];
    (vec![37, 6], layers)
}

fn two_axes() -> (Vec<usize>, Vec<LayerRef>) {
    let first = DataFormat::ChannelsFirst;
    let layers: Vec<LayerRef> = vec![
        Conv2D::new(50, 3).activation("relu").into(),
        Conv2D::new(9, [2, 3]).strides([3, 2]).padding(Padding::Same).groups(3).into(),
        Conv2D::new(4, 3).dilation_rate(2).padding(Padding::Same).into(),
        Conv2D::new(8, 1).into(),
        Conv2D::new(5, 3).data_format(first).into(),
        DepthwiseConv2D::new(3).depth_multiplier(2).into(),
        SeparableConv2D::new(11, 3).strides(2).padding(Padding::Same).into(),
        Conv2DTranspose::new(5, 3).strides(2).padding(Padding::Same).into(),
        MaxPooling2D::new(2).into(),
        MaxPooling2D::new(3).strides(2).padding(Padding::Same).data_format(first).into(),
        AveragePooling2D::new(2).strides(3).padding(Padding::Same).into(),
        GlobalMaxPooling2D::new().into(),
        GlobalAveragePooling2D::new().data_format(first).into(),
        Resizing::new(9, 31).into(),
        Resizing::new(40, 8).interpolation(Interpolation::Lanczos3).antialias(true).into(),
        CenterCrop::new(30, 5).into(),
    ];
    (vec![19, 23, 6], layers)
}

fn three_axes() -> (Vec<usize>, Vec<LayerRef>) {
    let layers: Vec<LayerRef> = vec![
        Conv3D::new(9, 3).padding(Padding::Same).activation("relu").into(),
        Conv3D::new(6, [1, 2, 3]).strides([1, 2, 3]).groups(2).into(),
        Conv3DTranspose::new(3, 2).strides(2).into(),
        MaxPooling3D::new(2).into(),
        AveragePooling3D::new([1, 2, 3]).padding(Padding::Same).into(),
        GlobalMaxPooling3D::new().into(),
        GlobalAveragePooling3D::new().into(),
    ];
    (vec![7, 9, 8, 4], layers)
}

#[test]
fn a_row_has_the_same_bits_in_any_batch_on_any_threads() {
    const ROWS: usize = 5;
    for (shape, layers) in [one_axis(), two_axes(), three_axes()] {
        let names: Vec<&str> = layers.iter().map(|layer| layer.class_name()).collect();
        let mut model = model(&shape, layers.clone());
        let x = numbers(&[&[ROWS], &shape[..]].concat());
        model.set_pool(Arc::new(Pool::new(1)));
        let together = model.predict_all(&x, ROWS).unwrap();
        for (threads, batch) in [(1, 1), (2, 2), (3, ROWS), (4, 3)] {
            model.set_pool(Arc::new(Pool::new(threads)));
            for (index, output) in model.predict_all(&x, batch).unwrap().iter().enumerate() {
                assert_eq!(
                    output, &together[index],
                    "{} {threads} threads, batches of {batch}",
                    names[index]
                );
            }
        }
    }
}

#[test]
fn a_step_has_the_same_bits_on_any_threads() {
    for (shape, layers) in [one_axis(), two_axes(), three_axes()] {
        let rows = 3;
        let x = numbers(&[&[rows], &shape[..]].concat());
        let trained = |threads: usize| {
            let mut model = model(&shape, layers.clone());
            model.set_pool(Arc::new(Pool::new(threads)));
            let targets: Vec<Tensor> = model
                .predict_all(&x, rows)
                .unwrap()
                .iter()
                .map(|output| Tensor::new(output.dims(), vec![0.5f32; output.len()]).unwrap())
                .collect();
            model.compile(Compile::new("mse").optimizer("sgd")).unwrap();
            model.fit(&x, targets, Fit::new().epochs(2).verbose(Verbose::Silent)).unwrap();
            model.get_weights()
        };
        let one = trained(1);
        assert!(!one.is_empty());
        for threads in [2, 3] {
            assert_eq!(one, trained(threads), "{threads} threads");
        }
    }
}
