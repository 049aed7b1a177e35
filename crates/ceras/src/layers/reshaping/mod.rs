//! Layers that move elements about.

pub mod cropping1d;
pub mod cropping2d;
pub mod cropping3d;
pub mod flatten;
mod margins;
pub mod permute;
pub mod repeat_vector;
pub mod reshape;
pub mod up_sampling1d;
pub mod up_sampling2d;
pub mod up_sampling3d;
pub mod zero_padding1d;
pub mod zero_padding2d;
pub mod zero_padding3d;

pub use cropping1d::Cropping1D;
pub use cropping2d::Cropping2D;
pub use cropping3d::Cropping3D;
pub use flatten::Flatten;
pub use permute::Permute;
pub use repeat_vector::RepeatVector;
pub use reshape::Reshape;
pub use up_sampling1d::UpSampling1D;
pub use up_sampling2d::UpSampling2D;
pub use up_sampling3d::UpSampling3D;
pub use zero_padding1d::ZeroPadding1D;
pub use zero_padding2d::ZeroPadding2D;
pub use zero_padding3d::ZeroPadding3D;
