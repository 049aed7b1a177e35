//! Matrix products of ceras beside those of the `gemm` crate: `cargo run --release --manifest-path
//! benches/peers/gemm/Cargo.toml [-- WORD…]`, see `benches/matmul.rs`.

#[path = "../../../matmul.rs"]
mod matmul;

use matmul::{Case, fill};

fn main() {
    matmul::table(Some(("gemm", product)));
}

fn product(case: &Case, threads: usize) -> Box<dyn FnMut()> {
    let Case { m, n, k, .. } = *case;
    let (lhs, rhs) = case.strides();
    let (mut left, mut right, mut out) = (vec![0.0; m * k], vec![0.0; k * n], vec![0.0_f32; m * n]);
    fill(&mut left);
    fill(&mut right);
    let parallelism = if threads == 1 { gemm::Parallelism::None } else { gemm::Parallelism::Rayon(threads) };
    Box::new(move || {
        // SAFETY: the vectors hold the matrices that the strides describe.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                out.as_mut_ptr(),
                1,
                n as isize,
                false,
                left.as_ptr(),
                lhs.col as isize,
                lhs.row as isize,
                right.as_ptr(),
                rhs.col as isize,
                rhs.row as isize,
                0.0,
                1.0,
                false,
                false,
                false,
                parallelism,
            );
        }
    })
}
