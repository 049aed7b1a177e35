//! How far two tensors may be apart.

/// |a − b| ≤ relative · max(floor, max|b|), for all elements of a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// What the largest expected number is multiplied with.
    pub relative: f64,
    /// Expected numbers count as at least so large.
    pub floor: f64,
}

impl Default for Tolerance {
    /// That of the oracle's tests in `float32`: 1e-5 · max(1e-3, max|b|).
    fn default() -> Tolerance {
        Tolerance { relative: 1e-5, floor: 1e-3 }
    }
}

impl Tolerance {
    /// The same with another factor.
    pub fn relative(relative: f64) -> Tolerance {
        Tolerance { relative, ..Tolerance::default() }
    }

    /// The first element that is too far off; NaN and infinities must be where they are expected.
    pub fn excess(&self, actual: &[f64], expected: &[f64]) -> Option<String> {
        if actual.len() != expected.len() {
            return Some(format!("{} elements, expected {}", actual.len(), expected.len()));
        }
        let finite = expected.iter().filter(|x| x.is_finite());
        let largest = finite.fold(0.0f64, |largest, x| largest.max(x.abs()));
        let limit = self.relative * largest.max(self.floor);
        let worst = actual
            .iter()
            .zip(expected)
            .enumerate()
            .filter(|(_, (a, b))| !(a == b || (a.is_nan() && b.is_nan()) || (**a - **b).abs() <= limit))
            .max_by(|(_, (a, b)), (_, (c, d))| (**a - **b).abs().total_cmp(&(**c - **d).abs()));
        worst.map(|(index, (a, b))| format!("element {index} is {a:?}, expected {b:?} ± {limit:.1e}"))
    }
}

/// That two tensors agree.
///
/// # Panics
/// If they do not.
#[track_caller]
pub fn assert_close(what: &str, actual: &[f64], expected: &[f64], tolerance: Tolerance) {
    if let Some(why) = tolerance.excess(actual, expected) {
        panic!("{what}: {why}");
    }
}
