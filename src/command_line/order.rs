//! What a command line asks for if it is not the server: an [`Order`], for [`::commands`] to carry out.

use std::path::PathBuf;
use std::time::Duration;

use clap_complete::Shell;

use image_macro::{Edit, Format, ImageMacro};

/// One of the commands, with everything that it needs beside the knobs.
#[derive(Debug)]
pub enum Order {
    /// Draw a picture.
    Caption {
        /// What is on it.
        what: What,
        /// Where it goes; `None` if the command has to find a name.
        output: Option<Output>,
        /// Whether to show it in the program for it.
        opens: bool,
    },
    /// Draw a picture for each line.
    Batch {
        /// Requests in JSON, one per line.
        lines: Input,
        /// The folder for the pictures.
        folder: PathBuf,
    },
    /// List the names of the templates.
    Templates,
    /// List the names of the fonts.
    Fonts,
    /// Ask a server whether it takes requests.
    Health {
        /// Where it listens.
        target: Target,
        /// How long it may take.
        timeout: Duration,
    },
    /// Make templates of memegen's.
    Import {
        /// memegen's folder of templates.
        from: PathBuf,
        /// The folder for the pictures and what is noted of them.
        to: PathBuf,
        /// Whether files that exist are replaced.
        replaces: bool,
    },
    /// Print the completions for a shell.
    Completions(Shell),
    /// Print the man page of a command, or of the program.
    Man(Option<String>),
    /// Write all man pages into a folder.
    ManPages(PathBuf),
}

/// What is on a picture.
#[derive(Debug)]
pub enum What {
    /// A template, with the fields of the command line.
    Template(ImageMacro),
    /// A picture, with the fields of the command line.
    Picture(Input, Edit),
    /// What the JSON says; on the picture, if there is one.
    Json {
        /// The request.
        json: Input,
        /// A picture of one's own.
        picture: Option<Input>,
    },
}

/// Where something is read from.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Standard input.
    Standard,
    /// A file.
    File(PathBuf),
}

/// Where a picture goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Standard output.
    Standard,
    /// A file, and the format that the end of its name stands for.
    File(PathBuf, Option<Format>),
}

/// Where a server listens, and the path to ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// A name or an address, and the port: `localhost:1337`, `[::1]:1337`.
    pub authority: String,
    /// Begins with a slash.
    pub path: String,
}
