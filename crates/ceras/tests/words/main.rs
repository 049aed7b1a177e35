//! Keras' words in dense networks: names, weights of rows, freezing, summaries, and what a user's mistakes are answered with.

mod freezing;
mod mistakes;
mod modes;
mod names;
mod own;
mod summaries;
mod weighting;
