//! What the contestants in Go and in Node cost: lines, time to build, and what their tools say of a wrong error.
//!
//! Lines are counted as those of Rust are: without blank ones, comments and tests. Types in JSDoc are comments.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::contestants::{HERE, Part};
use super::messages::{Measured, Message, wrong_error};
use crate::compare::contestants;
use crate::compare::toolchains::{self, Toolchain, go_build};

/// One of them.
pub struct Elsewhere {
    pub name: &'static str,
    pub toolchain: Toolchain,
    files: &'static [(Part, &'static str)],
}

/// Both, in the order of the reports.
pub const ELSEWHERE: [Elsewhere; 2] = [
    Elsewhere {
        name: "go",
        toolchain: Toolchain::Go,
        files: &[
            (Part::Carries, "go/main.go"),
            (Part::Carries, "go/server.go"),
            (Part::Carries, "go/render.go"),
            (Part::Carries, "go/listener.go"),
            (Part::Answers, "go/routes.go"),
            (Part::Answers, "go/reply.go"),
            (Part::Answers, "go/counts.go"),
            // The way to the captioner, which a service in one language does not have.
            (Part::More, "go/captioner/captioner.go"),
        ],
    },
    Elsewhere {
        name: "node",
        toolchain: Toolchain::Node,
        files: &[
            (Part::Carries, "node/main.js"),
            (Part::Carries, "node/server.js"),
            (Part::Carries, "node/renderer.js"),
            (Part::Answers, "node/routes.js"),
            (Part::Answers, "node/reply.js"),
            (Part::More, "node/captioner.js"),
        ],
    },
];

impl Elsewhere {
    /// Lines and files in the parts that `wanted` has.
    ///
    /// # Errors
    /// If a file is not there.
    pub fn lines_and_files(&self, wanted: &[Part]) -> Result<(usize, usize), Box<dyn Error>> {
        let mut counted = (0, 0);
        for (_, file) in self.files.iter().filter(|(part, _)| wanted.contains(part)) {
            let path = Path::new(HERE).join(file);
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            counted = (counted.0 + lines(&text), counted.1 + 1);
        }
        Ok(counted)
    }

    /// What its tool says of a function of four steps whose third fails with something that is no error of the right
    /// type; `None` if the tool is missing. Empty if it says nothing.
    ///
    /// # Errors
    /// If the tool cannot be asked.
    pub fn message(&self) -> Result<Option<Message>, Box<dyn Error>> {
        if self.toolchain.missing().is_some() {
            return Ok(None);
        }
        let folder = Path::new(HERE).join("messages/tests/messages/wrong-error");
        let mut tool = match self.toolchain {
            Toolchain::Go => Command::new("go"),
            Toolchain::Node => Command::new("node"),
        };
        match self.toolchain {
            Toolchain::Go => tool.args(["build", "-o", "/dev/null", "go.go"]),
            Toolchain::Node => tool.args(["--check", "node.mjs"]),
        };
        let output = tool.current_dir(folder).stdin(Stdio::null()).output()?;
        // "# command-line-arguments" is no part of it.
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = said.lines().filter(|line| !line.starts_with('#')).collect();
        let said = Measured::of(&lines.join("\n"));
        let mistake = wrong_error().to_string();
        Ok(Some(Message { mistake, contestant: self.name, form: None, full: said.clone(), shown: said }))
    }

    /// How long its own sources take to build from nothing, those of the language's library included, without the
    /// captioner; `None` if the tool is missing, or there is nothing to build.
    ///
    /// # Errors
    /// If it cannot be built.
    pub fn build_time(&self) -> Result<Option<Duration>, Box<dyn Error>> {
        if self.toolchain != Toolchain::Go || self.toolchain.missing().is_some() {
            return Ok(None);
        }
        let own: Vec<_> = contestants::ALL.iter().filter(|one| one.name == self.name).collect();
        // With the captioner.
        contestants::build(&own)?;
        let program = std::env::current_exe()?.canonicalize()?;
        let folder = program.parent().ok_or("this program is in no folder")?;
        let scratch = tempfile::tempdir()?;
        let mut go = go_build(folder, &scratch.path().join("server"));
        go.env("GOCACHE", scratch.path().join("cache"));
        let start = Instant::now();
        toolchains::run(&mut go, "the server in Go")?;
        Ok(Some(start.elapsed()))
    }
}

/// Lines of code, of Go or JavaScript: without blank ones and comments. What is between `/*` and `*/` is a comment, but in
/// Go only of cgo, and then it is code in C.
fn lines(text: &str) -> usize {
    let is_go = text.lines().any(|line| line.starts_with("package "));
    let mut is_comment = false;
    let mut lines = 0;
    for line in text.lines() {
        let line = line.trim();
        if !is_go && line.starts_with("/*") {
            is_comment = true;
        }
        let is_code = !is_comment && !line.is_empty() && !line.starts_with("//");
        lines += usize::from(is_code);
        if line.ends_with("*/") {
            is_comment = false;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_no_code_but_the_c_of_cgo_is() {
        let go = "// Package a.\npackage a\n\n/*\n#include \"b.h\"\n*/\nimport \"C\"\n\tb() // c\n";
        assert_eq!(lines(go), 6);
        let js = "/** A. */\n\n/**\n * @param {b} c\n */\nfunction a(c) {\n  // d\n  return c; // e\n}\n";
        assert_eq!(lines(js), 3);
    }

    #[test]
    fn each_file_of_both_is_in_one_part() {
        for (elsewhere, folder, extension) in [(&ELSEWHERE[0], "go", "go"), (&ELSEWHERE[1], "node", "js")] {
            let mut there = Vec::new();
            for folder in [folder.to_string(), format!("{folder}/captioner")] {
                let Ok(entries) = fs::read_dir(Path::new(HERE).join(&folder)) else { continue };
                let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
                there.extend(
                    names
                        .filter(|name| name.ends_with(&format!(".{extension}")))
                        .map(|name| format!("{folder}/{name}")),
                );
            }
            let mut listed: Vec<_> = elsewhere.files.iter().map(|(_, file)| (*file).to_string()).collect();
            there.sort();
            listed.sort();
            assert_eq!(there, listed);
            let (carried, files) = elsewhere.lines_and_files(&[Part::Carries]).unwrap();
            assert!(carried > 100 && files > 2);
        }
    }

    #[test]
    fn a_wrong_error_is_seen_by_go_and_not_by_node() {
        let [go, node] = ELSEWHERE.map(|elsewhere| elsewhere.message().unwrap());
        if let Some(message) = go {
            assert!(
                message.full.text.contains("cannot use") && message.full.text.contains("error"),
                "{message:?}"
            );
        }
        assert!(node.is_none_or(|message| message.full.text.is_empty()));
    }
}
