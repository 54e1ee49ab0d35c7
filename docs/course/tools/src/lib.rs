//! What keeps the course true: [`excerpts`] of sources are what the sources say, examples print what [`pages`] show,
//! pictures are drawn from what happened ([`pictures`]), and every line that "a test guards" has a [`mutants`] row in
//! which that test fails. [`site`] renders the pages.

pub mod draw;
pub mod excerpts;
pub mod mutants;
pub mod pages;
pub mod pictures;
pub mod site;
pub mod strace;
