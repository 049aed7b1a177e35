//! Floating-point functions against double precision, over samples of all bit patterns.

use super::*;
use crate::testing::Sequence;

/// Runs a function of floats on runs of elements.
pub(super) fn apply1(function: &Function, isa: Isa, a: &[f32]) -> Vec<f32> {
    let code = function.code(isa, &[DType::F32]).expect("the function takes floats");
    let mut out = vec![0.0f32; a.len()];
    // SAFETY: both runs hold the elements, and the level is available.
    unsafe {
        code([a.as_ptr().cast(), std::ptr::null(), std::ptr::null()], out.as_mut_ptr().cast(), a.len())
    };
    out
}

fn apply2(function: &Function, isa: Isa, a: &[f32], b: &[f32]) -> Vec<f32> {
    let code = function.code(isa, &[DType::F32; 2]).expect("the function takes floats");
    let mut out = vec![0.0f32; a.len()];
    // SAFETY: all runs hold the elements, and the level is available.
    unsafe {
        code([a.as_ptr().cast(), b.as_ptr().cast(), std::ptr::null()], out.as_mut_ptr().cast(), a.len())
    };
    out
}

/// How far `got` is from `exact`, in units of the last place of the nearest float to `exact`.
fn ulps(got: f32, exact: f64) -> f64 {
    let rounded = exact as f32;
    if got.is_nan() || rounded.is_nan() {
        return if got.is_nan() && rounded.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if got.to_bits() == rounded.to_bits() {
        return 0.0;
    }
    if got == 0.0 && rounded == 0.0 {
        // Zeros of different signs.
        return f64::INFINITY;
    }
    if got.is_infinite() && rounded.is_finite() || rounded.is_infinite() && got.is_finite() {
        // The largest float is next to infinity.
        return if got.abs().max(rounded.abs()) == f32::INFINITY && got.abs().min(rounded.abs()) == f32::MAX {
            1.0
        } else {
            f64::INFINITY
        };
    }
    let above = f32::from_bits(rounded.abs().to_bits() + 1);
    (f64::from(got) - exact).abs() / f64::from(above - rounded.abs())
}

const SPECIAL: [f32; 24] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE,
    1e-45,
    -1e-45,
    1e-40,
    -1e-40,
    f32::MAX,
    f32::MIN,
    88.722_84,
    88.722_83,
    -103.972_08,
    -87.336_55,
    0.9,
    4.0,
    1_048_576.0,
];

/// Checks every `step`th float and the special ones at all levels.
fn check(function: &Function, exact: fn(f64) -> f64, step: usize, bound: f64) {
    let mut worst = [(0.0, 0.0f32); 3];
    let patterns: Vec<u32> = (0..=u32::MAX).step_by(step).chain(SPECIAL.map(f32::to_bits)).collect();
    for block in patterns.chunks(1 << 14) {
        let a: Vec<f32> = block.iter().map(|bits| f32::from_bits(*bits)).collect();
        let exact: Vec<f64> = a.iter().map(|x| exact(f64::from(*x))).collect();
        for (isa, worst) in Isa::available().into_iter().zip(&mut worst) {
            for ((got, exact), x) in apply1(function, isa, &a).into_iter().zip(&exact).zip(&a) {
                let error = ulps(got, *exact);
                if error > worst.0 {
                    *worst = (error, *x);
                }
            }
        }
    }
    for (isa, (error, x)) in Isa::available().into_iter().zip(worst) {
        let got = apply1(function, isa, &[x])[0];
        assert!(
            error <= bound,
            "{function:?} at {isa}: {error} ULP at {x:e}: {got:e} for {:e}",
            exact(f64::from(x))
        );
    }
}

#[test]
fn exponential_is_within_its_bound() {
    check(&EXPONENTIAL, f64::exp, 251, 1.5);
}

#[test]
fn exponential_minus_one_is_within_its_bound() {
    check(&EXPONENTIAL_MINUS_ONE, f64::exp_m1, 251, 2.0);
}

#[test]
fn log_is_within_its_bound() {
    check(&LOG, f64::ln, 251, 1.5);
}

#[test]
fn log_plus_one_is_within_its_bound() {
    check(&LOG_PLUS_ONE, f64::ln_1p, 251, 2.0);
}

#[test]
fn tanh_is_within_its_bound() {
    check(&TANH, f64::tanh, 251, 2.5);
}

#[test]
fn logistic_is_within_its_bound() {
    check(&LOGISTIC, |x| 1.0 / (1.0 + (-x).exp()), 251, 2.5);
}

#[test]
fn sine_is_within_its_bound() {
    check(&SINE, f64::sin, 251, 2.0);
}

#[test]
fn cosine_is_within_its_bound() {
    check(&COSINE, f64::cos, 251, 2.0);
}

#[test]
fn erf_is_within_its_bound() {
    check(&ERF, super::erf::erf, 1021, 2.5);
}

#[test]
fn roots_are_exactly_rounded() {
    check(&SQRT, f64::sqrt, 1021, 0.5);
    check(&RSQRT, |x| 1.0 / x.sqrt(), 1021, 1.5);
}

#[test]
fn rounding_is_exact() {
    check(&FLOOR, f64::floor, 1021, 0.0);
    check(&CEIL, f64::ceil, 1021, 0.0);
    check(&ROUND_NEAREST_EVEN, f64::round_ties_even, 1021, 0.0);
    check(&ABS, f64::abs, 1021, 0.0);
    check(&NEGATE, |x| -x, 1021, 0.0);
}

#[test]
fn power_is_within_its_bound() {
    let mut numbers = Sequence::new(5);
    let exponents =
        [0.0, -0.0, 1.0, -1.0, 2.0, 3.0, -3.0, 0.5, -0.5, 0.25, 17.0, 1e-3, 16_777_215.0, 8_388_609.0, -3e38];
    let mut a: Vec<f32> = Vec::new();
    let mut b = Vec::new();
    for x in SPECIAL {
        for y in SPECIAL.into_iter().chain(exponents) {
            a.push(x);
            b.push(y);
        }
    }
    for _ in 0..300_000 {
        let (x, y) = (numbers.bits(), numbers.signed());
        // All magnitudes, then a range near one in which large exponents do not overflow.
        a.extend([
            f32::from_bits(x as u32),
            f32::from_bits(x as u32 & 0x7FFF_FFFF),
            1.0 + numbers.signed() / 8.0,
        ]);
        b.extend([(y * 20.0).round(), y, y * 700.0]);
    }
    for isa in Isa::available() {
        for (index, got) in apply2(&POWER, isa, &a, &b).into_iter().enumerate() {
            let exact = f64::from(a[index]).powf(f64::from(b[index]));
            let error = ulps(got, exact);
            assert!(error <= 0.51, "{} to {} at {isa}: {got} for {exact}: {error} ULP", a[index], b[index]);
        }
    }
}

#[test]
fn extremes_pass_nan_on_and_know_zeros() {
    let values = [f32::NAN, -1.0, -0.0, 0.0, 2.0, f32::INFINITY, f32::NEG_INFINITY];
    let pairs = || values.iter().flat_map(|a| values.iter().map(move |b| (*a, *b)));
    let (a, b): (Vec<f32>, Vec<f32>) = pairs().unzip();
    for isa in Isa::available() {
        let (max, min) = (apply2(&MAXIMUM, isa, &a, &b), apply2(&MINIMUM, isa, &a, &b));
        for (index, (a, b)) in pairs().enumerate() {
            let (max, min) = (max[index], min[index]);
            if a.is_nan() || b.is_nan() {
                assert!(max.is_nan() && min.is_nan());
            } else {
                assert_eq!((max, min), (a.max(b), a.min(b)));
                if a == 0.0 && b == 0.0 {
                    let negatives = (a.is_sign_negative(), b.is_sign_negative());
                    assert_eq!(max.is_sign_negative(), negatives.0 && negatives.1);
                    assert_eq!(min.is_sign_negative(), negatives.0 || negatives.1);
                }
            }
        }
        let signs = apply1(&SIGN, isa, &[-3.0, -0.0, 0.0, 1e-40, f32::INFINITY, f32::NAN]);
        assert_eq!(
            signs[..5].iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
            [-1.0f32, -0.0, 0.0, 1.0, 1.0].map(f32::to_bits)
        );
        assert!(signs[5].is_nan());
        let remainders = apply2(&REMAINDER, isa, &[5.5, -5.5, 5.5, 1.0], &[2.0, 2.0, -2.0, f32::INFINITY]);
        assert_eq!(remainders, [1.5, -1.5, 1.5, 1.0]);
    }
}

/// An element's bits do not depend on how many elements stand before or behind it.
#[test]
fn results_do_not_depend_on_the_place_in_a_run() {
    let unary = [
        &EXPONENTIAL,
        &EXPONENTIAL_MINUS_ONE,
        &LOG,
        &LOG_PLUS_ONE,
        &SQRT,
        &RSQRT,
        &TANH,
        &LOGISTIC,
        &COSINE,
        &SINE,
        &ERF,
    ];
    let a: Vec<f32> = Sequence::new(7).floats(203).into_iter().map(|x| (x * 9.0).abs()).collect();
    let exponents: Vec<f32> = Sequence::new(8).floats(203);
    for isa in Isa::available() {
        for function in unary {
            let whole = apply1(function, isa, &a);
            for (start, len) in [(0, 1), (1, 2), (0, 15), (3, 33), (100, 103), (190, 13)] {
                let part = apply1(function, isa, &a[start..start + len]);
                assert_eq!(part, whole[start..start + len], "{function:?} {isa}");
            }
        }
        let whole = apply2(&POWER, isa, &a, &exponents);
        for start in 0..203 {
            assert_eq!(apply2(&POWER, isa, &a[start..], &exponents[start..]), whole[start..]);
        }
    }
}

#[allow(clippy::type_complexity, reason = "one table, read once")]
#[test]
fn double_precision_works_at_all_levels() {
    let a = [-0.9f64, -1e-9, 0.0, 0.3, 1.0, 2.5, 3.5, 30.0];
    let functions: [(&Function, fn(f64) -> f64); 12] = [
        (&EXPONENTIAL, f64::exp),
        (&EXPONENTIAL_MINUS_ONE, f64::exp_m1),
        (&LOG_PLUS_ONE, f64::ln_1p),
        (&TANH, f64::tanh),
        (&LOGISTIC, |x| 1.0 / (1.0 + (-x).exp())),
        (&SINE, f64::sin),
        (&COSINE, f64::cos),
        (&FLOOR, f64::floor),
        (&CEIL, f64::ceil),
        (&ABS, f64::abs),
        (&NEGATE, |x| -x),
        (&SIGN, |x| if x == 0.0 { x } else { x.signum() }),
    ];
    for isa in [Isa::Reference].into_iter().chain(Isa::available()) {
        for (function, exact) in functions {
            let code = function.code(isa, &[DType::F64]).expect("the function takes doubles");
            let mut out = [0.0f64; 8];
            // SAFETY: both runs hold eight elements, and the level is available.
            unsafe {
                code([a.as_ptr().cast(), std::ptr::null(), std::ptr::null()], out.as_mut_ptr().cast(), 8)
            };
            for (got, x) in out.into_iter().zip(a) {
                assert!((got - exact(x)).abs() <= 4e-16 * exact(x).abs(), "{function:?} of {x}: {got}");
            }
        }
    }
    // Values of Abramowitz and Stegun's table 7.1, with more digits.
    for (x, exact) in
        [(0.5, 0.520_499_877_813_046_5), (1.0, 0.842_700_792_949_714_9), (3.0, 0.999_977_909_503_001_4)]
    {
        assert!((super::erf::erf(x) - exact).abs() < 3e-16 && super::erf::erf(-x) == -super::erf::erf(x));
    }
}
