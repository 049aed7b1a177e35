//! Sine and cosine.
//!
//! Method: `x = n·π/2 + r` in double precision with π/2 in two parts, then a polynomial of `r` in single precision
//! for the sine or the cosine, as the quadrant `n mod 4` says. Angles beyond 2²⁰, whose `n` is too large for that, are
//! done one by one by the standard library in double precision. Error: below 2 ULP. Double precision is the standard
//! library's.

use super::kernel::{Level, Map1, function};

/// See [`COSINE`].
pub(crate) enum Cosine {}
/// See [`SINE`].
pub(crate) enum Sine {}

function!(
    /// The cosine of an angle in radians.
    COSINE, "cosine", 1, Cosine, [F32 => f32, F64 => f64]
);
function!(
    /// The sine of an angle in radians.
    SINE, "sine", 1, Sine, [F32 => f32, F64 => f64]
);

/// The leading 33 bits of π/2: a product with a whole number up to 2²⁰ is exact.
const HALF_PI_HIGH: f64 = 1.570_796_326_734_125_6;
/// The rest of π/2.
const HALF_PI_LOW: f64 = 6.077_100_506_506_192e-11;
/// The largest angle that the vector code takes.
const LIMIT: f32 = 1_048_576.0;

/// Of `(sin r − r) / r³` as a polynomial of `r²`: minimax (Remez) over ±π/4, 2⁻²⁸ of the sine.
const SIN: [f32; 3] = [-0.166_666_55, 0.008_332_178, -0.000_195_172_34];
/// Of `(cos r − 1 + r²/2) / r⁴` as a polynomial of `r²`: minimax (Remez) over ±π/4, 2⁻³³.
const COS: [f32; 3] = [0.041_666_646, -0.001_388_736_7, 2.443_838e-5];

/// The sine of `x + quadrants·π/2`.
#[inline(always)]
fn turned<L: Level>(x: f32, quadrants: u32) -> f32 {
    // Adding and taking away 1.5·2⁵² rounds to the nearest whole number, whose low bits are then in the sum.
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let wide = f64::from(x);
    let shifted = wide * std::f64::consts::FRAC_2_PI + ROUNDER;
    let n = shifted - ROUNDER;
    let r = ((wide - n * HALF_PI_HIGH) - n * HALF_PI_LOW) as f32;
    let quadrant = (shifted.to_bits() as u32).wrapping_add(quadrants);
    let square = r * r;
    let sin = L::fma(square * r, L::fma(L::fma(SIN[2], square, SIN[1]), square, SIN[0]), r);
    let cos = L::fma(L::fma(COS[2], square, COS[1]), square, COS[0]);
    let cos = L::fma(square * square, cos, L::fma(square, -0.5, 1.0));
    let value = if quadrant & 1 == 0 { sin } else { cos };
    f32::from_bits(value.to_bits() ^ ((quadrant & 2) << 30))
}

impl Map1<f32> for Sine {
    type Out = f32;
    const PARTIAL: bool = true;

    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        if L::REFERENCE {
            return a.sin();
        }
        // Only a zero's sign would be lost.
        if a == 0.0 { a } else { turned::<L>(a, 0) }
    }

    #[inline(always)]
    fn covers(a: f32) -> bool {
        a.abs() <= LIMIT
    }

    fn elsewhere(a: f32) -> f32 {
        f64::from(a).sin() as f32
    }
}

impl Map1<f32> for Cosine {
    type Out = f32;
    const PARTIAL: bool = true;

    #[inline(always)]
    fn map<L: Level>(a: f32) -> f32 {
        if L::REFERENCE { a.cos() } else { turned::<L>(a, 1) }
    }

    #[inline(always)]
    fn covers(a: f32) -> bool {
        a.abs() <= LIMIT
    }

    fn elsewhere(a: f32) -> f32 {
        f64::from(a).cos() as f32
    }
}

impl Map1<f64> for Cosine {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.cos()
    }
}

impl Map1<f64> for Sine {
    type Out = f64;
    #[inline(always)]
    fn map<L: Level>(a: f64) -> f64 {
        a.sin()
    }
}
