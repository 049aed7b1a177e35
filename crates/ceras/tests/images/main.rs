//! Networks of pictures: the lesson's, one like YOLOv2's, and what must hold of every layer of pictures.

mod augmented;
mod detector;
mod invariance;
mod lesson;
mod transposes;
