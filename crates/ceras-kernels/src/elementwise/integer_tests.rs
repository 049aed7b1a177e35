//! Integers, truth values and conversions.

use super::*;
use crate::Element;
use crate::testing::bytes;

fn apply<T: Element, R: Element>(function: &Function, types: &[DType], arguments: &[&[T]]) -> Vec<Vec<R>> {
    let levels = [Isa::Reference].into_iter().chain(Isa::available());
    let result = function.result(types).expect("the function takes these types");
    assert_eq!(result.size(), size_of::<R>());
    levels
        .map(|isa| {
            let code = function.code(isa, types).expect("the function takes these types");
            let mut out = vec![R::default(); arguments[0].len()];
            let mut pointers = [std::ptr::null(); 3];
            pointers.iter_mut().zip(arguments).for_each(|(pointer, run)| *pointer = run.as_ptr().cast());
            // SAFETY: all runs hold the elements, and the level is available.
            unsafe { code(pointers, out.as_mut_ptr().cast(), out.len()) };
            out
        })
        .collect()
}

fn all<R: Element>(results: Vec<Vec<R>>, expected: &[R]) {
    for result in results {
        assert_eq!(result, expected);
    }
}

#[test]
fn integers_wrap_and_never_panic() {
    let types = [DType::I32; 2];
    let a = [7, -7, i32::MIN, i32::MAX, 5, i32::MIN];
    let b = [2, 2, -1, 1, 0, 0];
    all(apply(&ADD, &types, &[&a, &b]), &[9, -5, i32::MAX, i32::MIN, 5, i32::MIN]);
    all(apply(&SUBTRACT, &types, &[&a, &b]), &[5, -9, i32::MIN + 1, i32::MAX - 1, 5, i32::MIN]);
    all(apply(&MULTIPLY, &types, &[&a, &b]), &[14, -14, i32::MIN, i32::MAX, 0, 0]);
    all(apply(&DIVIDE, &types, &[&a, &b]), &[3, -3, i32::MIN, i32::MAX, -1, -1]);
    all(apply(&REMAINDER, &types, &[&a, &b]), &[1, -1, 0, 0, 5, i32::MIN]);
    all(apply(&NEGATE, &types[..1], &[&a]), &[-7, 7, i32::MIN, -i32::MAX, -5, i32::MIN]);
    all(apply(&ABS, &types[..1], &[&a]), &[7, 7, i32::MIN, i32::MAX, 5, i32::MIN]);
    all(apply(&SIGN, &types[..1], &[&a]), &[1, -1, -1, 1, 1, -1]);
    all(
        apply(&POWER, &types, &[&[3, 2, -1, -1, 1, 5, 0], &[4, 33, -3, -2, -9, -1, 0]]),
        &[81, 0, -1, 1, 1, 0, 1],
    );
    let unsigned = [DType::U64; 2];
    all(apply(&DIVIDE, &unsigned, &[&[9u64, 9], &[0, 4]]), &[u64::MAX, 2]);
    all(apply(&SUBTRACT, &unsigned, &[&[1u64], &[2]]), &[u64::MAX]);
    all(apply(&POWER, &unsigned, &[&[3u64], &[40]]), &[3u64.wrapping_pow(40)]);
    all(apply(&CLAMP, &[DType::I64; 3], &[&[0i64; 3], &[-3, 3, 30], &[9; 3]]), &[0i64, 3, 9]);
    all(apply(&XOR, &[DType::U8; 2], &[&[0b1100u8], &[0b1010]]), &[0b0110u8]);
    all(apply(&NOT, &[DType::U8], &[&[0b1100u8]]), &[0b1111_0011u8]);
}

#[test]
fn truth_values_stay_0_or_1() {
    let types = [DType::Bool; 2];
    let (a, b) = ([0u8, 0, 1, 1], [0u8, 1, 0, 1]);
    for function in [&ADD, &MAXIMUM, &OR] {
        all(apply(function, &types, &[&a, &b]), &[0u8, 1, 1, 1]);
    }
    for function in [&MULTIPLY, &MINIMUM, &AND] {
        all(apply(function, &types, &[&a, &b]), &[0u8, 0, 0, 1]);
    }
    all(apply(&XOR, &types, &[&a, &b]), &[0u8, 1, 1, 0]);
    all(apply(&NOT, &types[..1], &[&a]), &[1u8, 1, 0, 0]);
    assert_eq!(SUBTRACT.result(&types), None);
    assert_eq!(EXPONENTIAL.result(&[DType::I32]), None);
    assert_eq!(ADD.result(&[DType::F32]), None);
}

#[test]
fn comparisons_order_numbers_and_deny_nan() {
    let (a, b) = ([1.0f32, 2.0, 2.0, f32::NAN], [2.0f32, 1.0, 2.0, 0.0]);
    let expected = [
        (Direction::Eq, [0u8, 0, 1, 0]),
        (Direction::Ne, [1, 1, 0, 1]),
        (Direction::Lt, [1, 0, 0, 0]),
        (Direction::Le, [1, 0, 1, 0]),
        (Direction::Gt, [0, 1, 0, 0]),
        (Direction::Ge, [0, 1, 1, 0]),
    ];
    for (direction, expected) in expected {
        all(apply(compare(direction), &[DType::F32; 2], &[&a, &b]), &expected);
    }
    all(apply(compare(Direction::Lt), &[DType::U32; 2], &[&[1u32], &[u32::MAX]]), &[1u8]);
    all(apply(compare(Direction::Lt), &[DType::I32; 2], &[&[1i32], &[-1]]), &[0u8]);
    all(apply(&IS_FINITE, &[DType::F32], &[&[1.0f32, f32::INFINITY, f32::NAN, -1e-40]]), &[1u8, 0, 0, 1]);
}

#[test]
fn conversions_work_between_all_types() {
    for from in DType::ALL {
        for to in DType::ALL {
            let zero_one_three = match from {
                DType::Bool => bytes(&[0u8, 1, 1]),
                DType::U8 => bytes(&[0u8, 1, 3]),
                DType::I32 => bytes(&[0i32, 1, 3]),
                DType::U32 => bytes(&[0u32, 1, 3]),
                DType::I64 => bytes(&[0i64, 1, 3]),
                DType::U64 => bytes(&[0u64, 1, 3]),
                DType::F32 => bytes(&[0.0f32, 1.0, 3.0]),
                DType::F64 => bytes(&[0.0f64, 1.0, 3.0]),
            };
            let run = crate::testing::Run::new(vec![zero_one_three], vec![3 * to.size()]);
            let body = Body {
                shape: vec![3],
                inputs: vec![Operand { dtype: from, strides: vec![1] }],
                instructions: vec![Instruction {
                    function: convert(to),
                    arguments: vec![Register::Input(0)],
                }],
                outputs: vec![Register::Instruction(0)],
            };
            let out = run.on(fused(body, Isa::active()).unwrap(), 1).remove(0);
            let three = if from == DType::Bool || to == DType::Bool { 1 } else { 3 };
            let expected = match to {
                DType::Bool | DType::U8 => bytes(&[0u8, 1, three]),
                DType::I32 | DType::U32 => bytes(&[0u32, 1, u32::from(three)]),
                DType::I64 | DType::U64 => bytes(&[0u64, 1, u64::from(three)]),
                DType::F32 => bytes(&[0.0, 1.0, f32::from(three)]),
                DType::F64 => bytes(&[0.0, 1.0, f64::from(three)]),
            };
            assert_eq!(out, expected, "{from} to {to}");
        }
    }
    let floats = [-1.9f32, 1.9, f32::NAN, 1e20, -1e20];
    all(apply(convert(DType::I32), &[DType::F32], &[&floats]), &[-1, 1, 0, i32::MAX, i32::MIN]);
    all(apply(convert(DType::U8), &[DType::F32], &[&floats]), &[0u8, 1, 0, 255, 0]);
    all(apply(convert(DType::Bool), &[DType::F32], &[&[0.0f32, -0.0, 0.5, f32::NAN]]), &[0u8, 0, 1, 1]);
}
