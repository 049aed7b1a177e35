//! Bodies of all kinds of shape against plain loops.

use super::*;
use crate::testing::{Run, Sequence, bytes, values};

fn operand(strides: &[usize]) -> Operand {
    Operand { dtype: DType::F32, strides: strides.to_vec() }
}

fn apply(function: &'static Function, arguments: &[Register]) -> Instruction {
    Instruction { function, arguments: arguments.to_vec() }
}

fn all_levels() -> Vec<Isa> {
    [Isa::Reference].into_iter().chain(Isa::available()).collect()
}

fn elements(shape: &[usize], strides: &[usize]) -> usize {
    if shape.contains(&0) {
        return 0;
    }
    shape.iter().zip(strides).map(|(extent, stride)| (extent - 1) * stride).sum::<usize>() + 1
}

fn at(shape: &[usize], strides: &[usize], index: usize) -> usize {
    let mut rest = index;
    let mut offset = 0;
    for (extent, stride) in shape.iter().zip(strides).rev() {
        offset += rest % extent * stride;
        rest /= extent;
    }
    offset
}

/// `(a + b) · c` and `a − b`, with operands of these strides.
fn body(shape: &[usize], strides: [&[usize]; 3]) -> Body {
    let (a, b, c) = (Register::Input(0), Register::Input(1), Register::Input(2));
    Body {
        shape: shape.to_vec(),
        inputs: strides.iter().map(|strides| operand(strides)).collect(),
        instructions: vec![
            apply(&ADD, &[a, b]),
            apply(&SUBTRACT, &[a, b]),
            apply(&MULTIPLY, &[Register::Instruction(0), c]),
        ],
        outputs: vec![Register::Instruction(2), Register::Instruction(1)],
    }
}

fn dense(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect()
}

fn cases() -> Vec<(Vec<usize>, [Vec<usize>; 3])> {
    let mut cases = Vec::new();
    let shapes: [&[usize]; 17] = [
        &[],
        &[1],
        &[7],
        &[0, 3],
        &[320],
        &[32, 10],
        &[3, 1025],
        &[2, 3, 5],
        &[33, 3],
        &[2, 2],
        &[9, 1, 16],
        &[70, 33],
        &[5, 1, 64],
        &[2, 2100],
        &[700_001],
        &[3333, 200],
        &[4, 5, 6, 7],
    ];
    for shape in shapes {
        let full = dense(shape);
        let scalar = vec![0; shape.len()];
        let mut row = scalar.clone();
        let mut column = scalar.clone();
        let mut middle = full.clone();
        let mut turned = full.clone();
        if let Some(last) = row.last_mut() {
            *last = 1;
        }
        if shape.len() > 1 {
            // One element for each row; and all axes but the first.
            let rows = &shape[..shape.len() - 1];
            column[..rows.len()].copy_from_slice(&dense(rows));
            middle[0] = 0;
            // Column-major.
            for axis in 0..shape.len() {
                turned[axis] = shape[..axis].iter().product();
            }
        }
        cases.push((shape.to_vec(), [full.clone(), full.clone(), full.clone()]));
        cases.push((shape.to_vec(), [full.clone(), row.clone(), scalar.clone()]));
        cases.push((shape.to_vec(), [full.clone(), column, middle]));
        cases.push((shape.to_vec(), [full, turned, row]));
    }
    cases
}

#[test]
fn broadcasts_and_strides_of_all_kinds() {
    let mut numbers = Sequence::new(1);
    for (shape, strides) in cases() {
        let total: usize = shape.iter().product();
        let data: Vec<Vec<f32>> = strides.iter().map(|s| numbers.floats(elements(&shape, s))).collect();
        let value = |operand: usize, index: usize| data[operand][at(&shape, &strides[operand], index)];
        let first: Vec<f32> = (0..total).map(|i| (value(0, i) + value(1, i)) * value(2, i)).collect();
        let second: Vec<f32> = (0..total).map(|i| value(0, i) - value(1, i)).collect();
        let expected = vec![bytes(&first), bytes(&second)];
        let mut run = Run::new(data.iter().map(|data| bytes(data)).collect(), vec![4 * total; 2]);
        let body = body(&shape, [&strides[0], &strides[1], &strides[2]]);
        for isa in all_levels() {
            for threads in [1, 2, 3] {
                run.in_place = vec![];
                run.gaps = vec![];
                let context = format!("{shape:?} {strides:?} {isa} {threads}");
                assert!(run.on(fused(body.clone(), isa).unwrap(), threads) == expected, "{context}");
                run.in_place = vec![(0, 0)];
                assert!(run.on(fused(body.clone(), isa).unwrap(), threads) == expected, "in place {context}");
                run.in_place = vec![(0, 1)];
                assert!(run.on(fused(body.clone(), isa).unwrap(), threads) == expected, "in place {context}");
                if total > 0 && shape.len() > 1 {
                    let row = 4 * shape[shape.len() - 1];
                    run.gaps = vec![Some((row, 12)), None, None, Some((row, 4)), Some((row, 64))];
                    assert!(run.on(fused(body.clone(), isa).unwrap(), threads) == expected, "rows {context}");
                    run.in_place = vec![];
                    assert!(run.on(fused(body.clone(), isa).unwrap(), threads) == expected, "rows {context}");
                }
            }
        }
    }
}

#[test]
fn outputs_may_be_inputs_or_the_same() {
    let (a, b) = (Register::Input(0), Register::Input(1));
    let body = Body {
        shape: vec![100],
        inputs: vec![operand(&[1]), operand(&[0])],
        instructions: vec![apply(&ADD, &[a, b])],
        outputs: vec![Register::Instruction(0), Register::Instruction(0), a, b],
    };
    let x: Vec<f32> = (0..100).map(|i| i as f32).collect();
    let sum: Vec<f32> = x.iter().map(|x| x + 5.0).collect();
    let mut run = Run::new(vec![bytes(&x), bytes(&[5.0f32])], vec![400; 4]);
    for in_place in [vec![], vec![(0, 0)], vec![(0, 2)]] {
        run.in_place = in_place;
        let outputs = run.on(fused(body.clone(), Isa::active()).unwrap(), 1);
        assert_eq!(values::<f32>(&outputs[0]), sum);
        assert_eq!(values::<f32>(&outputs[1]), sum);
        assert_eq!(values::<f32>(&outputs[2]), x);
        assert_eq!(values::<f32>(&outputs[3]), [5.0; 100]);
    }
}

#[test]
fn types_change_within_a_body() {
    // select(a < b, a, convert(c)) for floats a, b and bytes c.
    let body = Body {
        shape: vec![3, 70],
        inputs: vec![operand(&[70, 1]), operand(&[0, 1]), Operand { dtype: DType::U8, strides: vec![70, 1] }],
        instructions: vec![
            apply(compare(Direction::Lt), &[Register::Input(0), Register::Input(1)]),
            apply(convert(DType::F32), &[Register::Input(2)]),
            apply(&SELECT, &[Register::Instruction(0), Register::Input(0), Register::Instruction(1)]),
        ],
        outputs: vec![Register::Instruction(2), Register::Instruction(0)],
    };
    let mut numbers = Sequence::new(2);
    let (a, b) = (numbers.floats(210), numbers.floats(70));
    let c: Vec<u8> = (0..210).collect();
    let less: Vec<u8> = (0..210).map(|i| u8::from(a[i] < b[i % 70])).collect();
    let chosen: Vec<f32> = (0..210).map(|i| if less[i] != 0 { a[i] } else { f32::from(c[i]) }).collect();
    let run = Run::new(vec![bytes(&a), bytes(&b), c], vec![840, 210]);
    for isa in all_levels() {
        let outputs = run.on(fused(body.clone(), isa).unwrap(), 1);
        assert_eq!(values::<f32>(&outputs[0]), chosen);
        assert_eq!(outputs[1], less);
    }
}

#[test]
fn many_values_at_once_work_and_too_many_are_refused() {
    // x + 0·x + 1·x + …, with all products alive before the sums.
    let body = |count: usize| {
        let mut instructions: Vec<Instruction> =
            (0..count).map(|i| apply(&MULTIPLY, &[Register::Input(0), Register::Input(i + 1)])).collect();
        for i in 0..count {
            let sum = if i == 0 { Register::Input(0) } else { Register::Instruction(count + i - 1) };
            instructions.push(apply(&ADD, &[sum, Register::Instruction(i)]));
        }
        let mut inputs = vec![operand(&[0]); count + 1];
        inputs[0] = operand(&[1]);
        Body { shape: vec![200], inputs, instructions, outputs: vec![Register::Instruction(2 * count - 1)] }
    };
    let x: Vec<f32> = (0..200).map(|i| i as f32).collect();
    for count in [10, 100, 300] {
        let factors = (0..count).map(|i| bytes(&[i as f32]));
        let run = Run::new([bytes(&x)].into_iter().chain(factors).collect(), vec![800]);
        let outputs = run.on(fused(body(count), Isa::active()).unwrap(), 1);
        let factor = 1.0 + (count * (count - 1) / 2) as f32;
        assert_eq!(values::<f32>(&outputs[0]), x.iter().map(|x| x * factor).collect::<Vec<_>>());
    }
    assert!(fused(body(2000), Isa::active()).is_err());
}

#[test]
fn bodies_that_make_no_sense_are_refused() {
    let good = body(&[2, 3], [&[3, 1], &[3, 1], &[0, 0]]);
    let mut bad = good.clone();
    bad.inputs[1].dtype = DType::I32;
    assert!(fused(bad, Isa::Portable).is_err());
    let mut bad = good.clone();
    bad.inputs[1].strides.pop();
    assert!(fused(bad, Isa::Portable).is_err());
    let mut bad = good.clone();
    bad.instructions[0].arguments[0] = Register::Instruction(0);
    assert!(fused(bad, Isa::Portable).is_err());
    let mut bad = good;
    bad.outputs[0] = Register::Instruction(3);
    assert!(fused(bad, Isa::Portable).is_err());
}

#[test]
fn a_tile_program_gives_the_fused_kernel_s_bits() {
    let (shape, bias) = ([3, 5, 300], [0, 0, 1]);
    let full = dense(&shape);
    let mut body = body(&shape, [&full, &bias, &[5, 1, 0]]);
    body.instructions.push(apply(&ADD, &[Register::Instruction(2), Register::Instruction(1)]));
    body.outputs = vec![Register::Instruction(3)];
    let mut numbers = Sequence::new(3);
    let data = [numbers.floats(4500), numbers.floats(300), numbers.floats(15)];
    let run = Run::new(data.iter().map(|data| bytes(data)).collect(), vec![4500 * 4]);
    for isa in all_levels() {
        let expected = values::<f32>(&run.on(fused(body.clone(), isa).unwrap(), 1)[0]);
        let program = TileProgram::new(&body, isa).unwrap();
        assert_eq!((program.output_bytes(), program.input_elements(2)), (4, 15));
        let operands = data.each_ref().map(|data| data.as_ptr().cast::<u8>());
        for (row, column, len) in [(0, 0, 300), (14, 17, 283), (7, 299, 1), (3, 40, 0)] {
            let range = row * 300 + column..row * 300 + column + len;
            let mut tile = data[0][range.clone()].to_vec();
            let mut apart = vec![0.0f32; len];
            // SAFETY: the run lies in the shape; operands and runs hold the elements.
            unsafe {
                let own = Some((0, tile.as_ptr().cast::<u8>()));
                program.run_row(row, column, len, &operands, own, apart.as_mut_ptr().cast());
                let output = tile.as_mut_ptr().cast::<u8>();
                program.run_row(row, column, len, &operands, Some((0, output.cast_const())), output);
            }
            assert_eq!(apart, expected[range.clone()], "{isa}");
            assert_eq!(tile, expected[range], "{isa}");
        }
    }
}

/// Adam's update, the way back through a `relu`, and a scale and shift: bodies that are combined.
fn combined_bodies() -> Vec<Body> {
    let (x, y) = (Register::Input, Register::Instruction);
    let (strides, le) = ([0usize, 1], super::compare(super::Direction::Le));
    let body = |instructions: Vec<Instruction>, outputs: Vec<Register>| Body {
        shape: vec![3, 50],
        inputs: vec![
            operand(&[50, 1]),
            operand(&[50, 1]),
            operand(&[50, 1]),
            operand(&[0, 0]),
            operand(&strides),
        ],
        instructions,
        outputs,
    };
    let adam = vec![
        apply(&SUBTRACT, &[x(0), x(1)]),
        apply(&MULTIPLY, &[y(0), x(3)]),
        apply(&ADD, &[x(1), y(1)]),
        apply(&MULTIPLY, &[x(0), x(0)]),
        apply(&SUBTRACT, &[y(3), x(2)]),
        apply(&MULTIPLY, &[y(4), x(3)]),
        apply(&ADD, &[x(2), y(5)]),
        apply(&MULTIPLY, &[y(2), x(3)]),
        apply(&super::ABS, &[y(6)]),
        apply(&super::SQRT, &[y(8)]),
        apply(&ADD, &[y(9), x(3)]),
        apply(&super::DIVIDE, &[y(7), y(10)]),
        apply(&SUBTRACT, &[x(4), y(11)]),
    ];
    let gate = vec![apply(le, &[x(0), x(3)]), apply(&super::SELECT, &[y(0), x(3), x(1)])];
    let shift = vec![
        apply(&SUBTRACT, &[x(0), x(4)]),
        apply(&MULTIPLY, &[y(0), x(1)]),
        apply(&ADD, &[y(1), x(2)]),
        apply(&ADD, &[x(2), y(1)]),
        apply(&super::MAXIMUM, &[y(3), x(3)]),
    ];
    vec![
        body(adam, vec![y(12), y(2), y(6)]),
        body(gate.clone(), vec![y(1)]),
        // The mask is wanted as well, so it cannot be combined away.
        body(gate, vec![y(1), y(0)]),
        body(shift, vec![y(2), y(4)]),
    ]
}

#[test]
fn combined_functions_give_the_same_bits() {
    let mut numbers = Sequence::new(5);
    let inputs: Vec<Vec<f32>> = [150, 150, 150, 1, 50].map(|count| numbers.floats(count)).to_vec();
    for body in combined_bodies() {
        let size = |register: &Register| match register {
            Register::Instruction(index) if body.instructions[*index].function.name == "compare_le" => 1,
            _ => 4,
        };
        let outputs = body.outputs.iter().map(|register| 150 * size(register)).collect();
        let run = Run::new(inputs.iter().map(|input| bytes(input)).collect(), outputs);
        let plain = run.on(fused(body.clone(), Isa::Reference).unwrap(), 1);
        for isa in Isa::available() {
            assert_eq!(run.on(fused(body.clone(), isa).unwrap(), 1), plain, "{isa}: {body:?}");
        }
    }
}

#[test]
fn adam_in_one_loop_gives_the_bits_of_its_functions() {
    let (x, y) = (Register::Input, Register::Instruction);
    let instructions = vec![
        apply(&SUBTRACT, &[x(0), x(1)]),
        apply(&MULTIPLY, &[y(0), x(2)]),
        apply(&ADD, &[x(1), y(1)]),
        apply(&MULTIPLY, &[x(0), x(0)]),
        apply(&SUBTRACT, &[y(3), x(3)]),
        apply(&MULTIPLY, &[y(4), x(4)]),
        apply(&ADD, &[x(3), y(5)]),
        apply(&MULTIPLY, &[y(2), x(5)]),
        apply(&SQRT, &[y(6)]),
        apply(&ADD, &[y(8), x(6)]),
        apply(&DIVIDE, &[y(7), y(9)]),
        apply(&SUBTRACT, &[x(7), y(10)]),
    ];
    let mut numbers = Sequence::new(6);
    for (rows, width) in [(1, 1), (1, 3), (4, 10), (2, 32), (61, 17), (700, 300)] {
        let total = rows * width;
        let (full, one) = (operand(&[width, 1]), operand(&[0, 0]));
        let inputs = [&full, &full, &one, &full, &one, &one, &one, &full].map(Clone::clone).to_vec();
        let mut data: Vec<Vec<f32>> = (0..8).map(|_| numbers.floats(total)).collect();
        data[3].iter_mut().for_each(|velocity| *velocity = velocity.abs());
        for (scalar, value) in [(2, 0.1), (4, 0.001), (5, 0.003), (6, 1e-7)] {
            data[scalar] = vec![value];
        }
        let results = [y(2), y(6), y(11)];
        for order in [[0, 1, 2], [2, 0, 1]] {
            let body = Body {
                shape: vec![rows, width],
                inputs: inputs.clone(),
                instructions: instructions.clone(),
                outputs: order.map(|result| results[result]).to_vec(),
            };
            let mut run = Run::new(data.iter().map(|data| bytes(data)).collect(), vec![4 * total; 3]);
            let expected = run.on(fused(body.clone(), Isa::Reference).unwrap(), 1);
            for isa in Isa::available() {
                let kernel = || fused(body.clone(), isa).unwrap();
                assert_eq!(kernel().adam.is_some(), total > 1, "{isa}");
                for threads in [1, 2, 3] {
                    let place = |result: usize| order.iter().position(|other| *other == result).unwrap();
                    for in_place in [vec![], vec![(1, place(0)), (3, place(1)), (7, place(2))], vec![(0, 1)]]
                    {
                        run.in_place = in_place;
                        assert!(
                            run.on(kernel(), threads) == expected,
                            "{isa} {rows} {width} {:?}",
                            run.in_place
                        );
                    }
                }
                if rows > 1 {
                    run.gaps = vec![None, Some((4 * width, 8))];
                    assert!(run.on(kernel(), 2) == expected, "rows {isa} {rows} {width}");
                    run.gaps = vec![];
                }
            }
        }
    }
}
