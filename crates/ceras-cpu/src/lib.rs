//! The CPU engine of ceras: turns a graph into a plan of steps over one arena, and runs it.
