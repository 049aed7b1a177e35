//! Layers that keep one number of each window.

pub mod average_pooling1d;
pub mod average_pooling2d;
pub mod average_pooling3d;
mod common;
pub mod global_average_pooling1d;
pub mod global_average_pooling2d;
pub mod global_average_pooling3d;
pub mod global_max_pooling1d;
pub mod global_max_pooling2d;
pub mod global_max_pooling3d;
pub mod max_pooling1d;
pub mod max_pooling2d;
pub mod max_pooling3d;

pub use average_pooling1d::AveragePooling1D;
pub use average_pooling2d::AveragePooling2D;
pub use average_pooling3d::AveragePooling3D;
pub use global_average_pooling1d::GlobalAveragePooling1D;
pub use global_average_pooling2d::GlobalAveragePooling2D;
pub use global_average_pooling3d::GlobalAveragePooling3D;
pub use global_max_pooling1d::GlobalMaxPooling1D;
pub use global_max_pooling2d::GlobalMaxPooling2D;
pub use global_max_pooling3d::GlobalMaxPooling3D;
pub use max_pooling1d::MaxPooling1D;
pub use max_pooling2d::MaxPooling2D;
pub use max_pooling3d::MaxPooling3D;
