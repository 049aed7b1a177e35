mod errors;
mod graphs;
mod images;
mod list;
mod oracle;
