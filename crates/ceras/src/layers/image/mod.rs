//! Layers that resize pictures and vary them while training.

mod affine;
mod augmentation;
pub mod center_crop;
mod factor;
#[cfg(test)]
mod oracle;
mod pixels;
pub mod random_brightness;
pub mod random_contrast;
pub mod random_crop;
pub mod random_flip;
pub mod random_rotation;
pub mod random_translation;
pub mod random_zoom;
mod resize;
pub mod resizing;
mod window;

pub use affine::FillMode;
pub use center_crop::CenterCrop;
pub use factor::Factor;
pub use random_brightness::RandomBrightness;
pub use random_contrast::RandomContrast;
pub use random_crop::RandomCrop;
pub use random_flip::{FlipMode, RandomFlip};
pub use random_rotation::RandomRotation;
pub use random_translation::RandomTranslation;
pub use random_zoom::RandomZoom;
pub use resize::Interpolation;
pub(crate) use resize::resize;
pub use resizing::Resizing;
