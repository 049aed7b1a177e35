//! From a file to pixels.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageReader};

use super::resize::resize;
use super::{ColorMode, ImageFolder};

/// The pixels of a picture in the channels and the size that are asked for; of an animation, the first frame.
///
/// # Errors
/// In words, why the file gives none.
fn read(path: &Path, options: &ImageFolder) -> Result<Vec<u8>, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    let reader =
        ImageReader::new(Cursor::new(&bytes)).with_guessed_format().map_err(|error| error.to_string())?;
    if reader.format().is_none() {
        return Err("the file is no PNG, JPEG, GIF or BMP picture, whatever its name says".to_owned());
    }
    // The reader's own limits keep a small file from asking for much memory.
    let mut picture = reader
        .decode()
        .map_err(|error| format!("the picture is damaged or of a kind that is not read: {error}"))?;
    if options.crop_to_aspect_ratio {
        picture = cropped(&picture, options.image_size);
    }
    let (height, width) = (picture.height() as usize, picture.width() as usize);
    if height == 0 || width == 0 {
        return Err("the picture has no pixels".to_owned());
    }
    let channels = options.color_mode.channels();
    let pixels = pixels(picture, options.color_mode);
    Ok(resize(&pixels, (height, width), channels, options.image_size, options.interpolation))
}

/// As [`read`]; a decoder that panics has met a picture that it should have refused.
///
/// # Errors
/// As [`read`].
pub(super) fn unpanicked(path: &Path, options: &ImageFolder) -> Result<Vec<u8>, String> {
    let outcome = std::panic::catch_unwind(|| read(path, options));
    outcome.unwrap_or_else(|_| Err("the decoder failed on it".to_owned()))
}

/// The largest part in the middle with the proportions of a size, one pixel at least; rounded as Keras' `smart_resize` does.
fn cropped(picture: &DynamicImage, (height, width): (usize, usize)) -> DynamicImage {
    let (own_height, own_width) = (picture.height(), picture.width());
    let side = |own: u32, other: u32, to: usize, other_to: usize| {
        let wanted = (other as f32 * to as f32 / other_to as f32) as u32;
        wanted.clamp(1, own.max(1))
    };
    let (tall, wide) =
        (side(own_height, own_width, height, width), side(own_width, own_height, width, height));
    picture.crop_imm((own_width - wide) / 2, (own_height - tall) / 2, wide, tall)
}

/// Eight bits a channel.
fn pixels(picture: DynamicImage, color_mode: ColorMode) -> Vec<u8> {
    match color_mode {
        ColorMode::Grayscale => picture.into_luma8().into_raw(),
        ColorMode::Rgb => picture.into_rgb8().into_raw(),
        ColorMode::Rgba => picture.into_rgba8().into_raw(),
    }
}
