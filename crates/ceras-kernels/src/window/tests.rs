//! Windows on small images, by hand and on any number of threads.

use super::*;
use crate::isa::Isa;
use crate::testing::{Run, Sequence, bytes, values};

fn spec(batch: usize, axes: [Axis; 3], channels: usize) -> Spec {
    Spec { dtype: DType::F32, batch, axes, channels }
}

fn line(input: usize, output: usize, window: usize, stride: usize, low: usize) -> [Axis; 3] {
    [Axis::ONE, Axis::ONE, Axis { input, output, window, stride, low }]
}

#[test]
fn the_first_of_equals_and_nan_are_the_largest() {
    let spec = spec(1, line(5, 3, 2, 2, 0), 1);
    let x = [1.0f32, 1.0, -2.0, f32::NAN, 7.0];
    for isa in Isa::available() {
        let run = Run::new(vec![bytes(&x)], vec![12, 3]);
        let out = run.on(MaxPool::new(spec.clone(), isa), 1);
        let best: Vec<f32> = values(&out[0]);
        assert!(best[0] == 1.0 && best[1].is_nan() && best[2] == 7.0, "{best:?}");
        assert_eq!(out[1], [0, 1, 0]);
    }
}

#[test]
fn a_mean_counts_only_what_lies_in_the_image() {
    let spec = spec(1, line(3, 3, 3, 1, 1), 1);
    let out = Run::new(vec![bytes(&[1.0f32, 2.0, 6.0])], vec![12])
        .on(AveragePool::new(spec.clone(), Isa::Portable), 1);
    assert_eq!(values::<f32>(&out[0]), [1.5, 3.0, 4.0]);
    let out = Run::new(vec![bytes(&[2.0f32, 3.0, 4.0])], vec![12])
        .on(AveragePoolScatter::new(spec, Isa::Portable), 1);
    assert_eq!(values::<f32>(&out[0]), [2.0, 4.0, 3.0]);
}

#[test]
fn levels_and_threads_agree_to_the_bit() {
    let axis = |input, output| Axis { input, output, window: 3, stride: 2, low: 1 };
    let spec = spec(3, [Axis::ONE, axis(17, 9), axis(23, 12)], 50);
    let (image, result) = (3 * 17 * 23 * 50, 3 * 9 * 12 * 50);
    let mut sequence = Sequence::new(5);
    let (x, g) = (sequence.floats(image), sequence.floats(result));
    let all = |isa, threads| {
        let pooled =
            Run::new(vec![bytes(&x)], vec![result * 4, result]).on(MaxPool::new(spec.clone(), isa), threads);
        let inputs = vec![bytes(&g), pooled[1].clone()];
        let scattered = Run::new(inputs, vec![image * 4]).on(MaxPoolScatter::new(spec.clone(), isa), threads);
        let mean =
            Run::new(vec![bytes(&x)], vec![result * 4]).on(AveragePool::new(spec.clone(), isa), threads);
        let shared = Run::new(vec![bytes(&g)], vec![image * 4])
            .on(AveragePoolScatter::new(spec.clone(), isa), threads);
        (pooled, scattered, mean, shared)
    };
    let expected = all(Isa::Reference, 1);
    for isa in Isa::available() {
        assert!(all(isa, 1) == expected && all(isa, 3) == expected, "on {isa}");
    }
    let gathered =
        Run::new(vec![bytes(&x), expected.0[1].clone()], vec![result * 4]).on(MaxPoolGather::new(spec), 1);
    assert_eq!(gathered[0], expected.0[0]);
}
