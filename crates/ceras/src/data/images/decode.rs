//! From a file to pixels.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageReader};

use super::resize::resize;
use super::{ColorMode, Interpolation};

/// The pixels of a picture in the channels and the size that are asked for; of an animation, the first frame.
///
/// # Errors
/// In words, why the file gives none.
pub(super) fn read(
    path: &Path,
    color_mode: ColorMode,
    size: (usize, usize),
    interpolation: Interpolation,
) -> Result<Vec<u8>, String> {
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
    let picture = reader
        .decode()
        .map_err(|error| format!("the picture is damaged or of a kind that is not read: {error}"))?;
    let (height, width) = (picture.height() as usize, picture.width() as usize);
    let channels = color_mode.channels();
    Ok(resize(&pixels(picture, color_mode), (height, width), channels, size, interpolation))
}

/// Eight bits a channel.
fn pixels(picture: DynamicImage, color_mode: ColorMode) -> Vec<u8> {
    match color_mode {
        ColorMode::Grayscale => picture.into_luma8().into_raw(),
        ColorMode::Rgb => picture.into_rgb8().into_raw(),
        ColorMode::Rgba => picture.into_rgba8().into_raw(),
    }
}
