mod errors;
mod graphs;
mod list;
mod oracle;
