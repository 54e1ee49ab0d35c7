//! `memed completions` and `memed man`: what a package installs beside the program, made from the arguments that are
//! parsed.

use std::fs;
use std::path::Path;

use clap::Command;
use clap_complete::{self, Shell};
use clap_mangen::Man;

use super::failure::Failure;
use super::output;
use command_line;

/// The foot of a man page says what it describes.
const SOURCE: &str = concat!("memed ", env!("CARGO_PKG_VERSION"));

/// Prints the completions for a shell.
///
/// # Errors
/// If standard output cannot be written.
pub fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command_line::command(true), "memed", &mut script);
    output::print(&script)
}

/// Prints the man page of a command, or of the program.
///
/// # Errors
/// If standard output cannot be written.
pub fn man(command: Option<&str>) -> Result<(), Failure> {
    let (_, page) =
        pages().into_iter().find(|(name, _)| name == &page_name(command)).expect("clap knows the names");
    output::print(&page)
}

/// Writes all man pages into a folder.
///
/// # Errors
/// If the folder or a file cannot be written.
pub fn man_pages(folder: &Path) -> Result<(), Failure> {
    let unwritten = |error| Failure::unwritten(&folder.display().to_string(), &error);
    fs::create_dir_all(folder).map_err(unwritten)?;
    for (name, page) in pages() {
        output::write(&folder.join(format!("{}.1", name)), &page, false).map_err(unwritten)?;
    }
    Ok(())
}

fn page_name(command: Option<&str>) -> String {
    command.map_or("memed".to_string(), |command| format!("memed-{}", command))
}

/// The man pages, by name.
fn pages() -> Vec<(String, Vec<u8>)> {
    let mut all = command_line::command(true);
    all.build();
    let of_commands = all.get_subcommands().map(|sub| (Some(sub.get_name().to_string()), sub.clone()));
    let commands: Vec<_> = Some((None, all.clone())).into_iter().chain(of_commands).collect();
    let page = |(name, command): (Option<String>, Command)| {
        let name = page_name(name.as_deref());
        let mut page = Vec::new();
        let man = Man::new(command).title(name.clone()).section("1").source(SOURCE).manual("Commands");
        man.render(&mut page).expect("a Vec takes all that is written");
        // clap_mangen's word for what follows the help.
        let page = String::from_utf8_lossy(&page).replace(".SH EXTRA\n", ".SH NOTES\n");
        (name, page.into_bytes())
    };
    commands.into_iter().map(page).collect()
}
