//! Measures the compiler's error messages for the same mistake: their length, and the longest type in them.
//!
//! Twice: in full, as `messages/tests/messages` keeps it, with every type spelled out; and as a terminal shows it, where the
//! compiler cuts long types short.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Serialize;
use syn::Type;

use super::contestants::{MESSAGES, NAMES};

/// Of one file.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// In a few words.
    pub mistake: String,
    pub contestant: &'static str,
    /// Whether the steps of a chain are boxes; only futures 0.1 has the choice.
    pub form: Option<&'static str>,
    #[serde(flatten)]
    pub full: Measured,
    /// As a terminal shows it.
    pub shown: Measured,
}

/// A message and its measures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    pub lines: usize,
    pub characters: usize,
    pub longest_type_characters: usize,
    pub longest_type: String,
    pub text: String,
}

impl Measured {
    /// Of the text of one error or more.
    pub fn of(text: &str) -> Measured {
        let text = text.trim_end();
        let longest_type = types(text).max_by_key(|name| name.chars().count()).unwrap_or_default();
        Measured {
            lines: text.lines().count(),
            characters: text.chars().count(),
            longest_type_characters: longest_type.chars().count(),
            longest_type: longest_type.to_string(),
            text: text.to_string(),
        }
    }
}

/// A mistake, as a file that does not compile.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    pub file: PathBuf,
    /// Of the folder.
    name: String,
    contestant: usize,
    form: Option<&'static str>,
}

impl Mistake {
    /// What is wrong, in a few words.
    fn sentence(&self) -> String {
        match self.name.as_str() {
            "wrong-error" => wrong_error().to_string(),
            "not-send" => "a value that is not Send moves to another thread".to_string(),
            "borrowed" => "borrowed data moves into a task that may outlive it".to_string(),
            name => name.to_string(),
        }
    }

    /// With what the compiler says in full and as shown.
    ///
    /// # Errors
    /// If there is no text beside the file, or what is shown is about another error.
    pub fn message(&self, shown: &str) -> io::Result<Message> {
        let full = fs::read_to_string(self.file.with_extension("stderr"))?;
        // "error[E0271]", or "error".
        let kind = |text: &str| text.split(':').next().map(str::to_string);
        if kind(&full) != kind(shown) {
            return Err(io::Error::other(format!(
                "{}: this is another mistake: {shown}",
                self.file.display()
            )));
        }
        Ok(Message {
            mistake: self.sentence(),
            contestant: NAMES[self.contestant],
            form: self.form,
            full: Measured::of(&full),
            shown: Measured::of(shown),
        })
    }
}

/// The mistake that can be made in other languages, too.
pub fn wrong_error() -> &'static str {
    "the third of four steps fails with a different error type"
}

/// All mistakes that there are: a folder each, in it a file for each contestant and form, called by both.
///
/// # Errors
/// If the folder cannot be read, or a file is called otherwise.
pub fn mistakes() -> Result<Vec<Mistake>, Box<dyn Error>> {
    let mut mistakes = Vec::new();
    for folder in fs::read_dir(Path::new(MESSAGES).join("tests/messages"))? {
        let folder = folder?;
        let name = folder.file_name().to_string_lossy().into_owned();
        for file in fs::read_dir(folder.path())? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "rs") {
                mistakes.push(mistake(&name, file)?);
            }
        }
    }
    // The mistake that chains were known for comes first.
    let place = |name: &str| ["wrong-error", "not-send", "borrowed"].iter().position(|known| *known == name);
    mistakes.sort_by_key(|mistake| (place(&mistake.name), mistake.contestant, mistake.form));
    Ok(mistakes)
}

fn mistake(name: &str, file: PathBuf) -> Result<Mistake, String> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let unknown = || format!("{}: whose mistake is it?", file.display());
    let contestant = NAMES.iter().position(|contestant| stem.starts_with(contestant)).ok_or_else(unknown)?;
    let form = match &stem[NAMES[contestant].len()..] {
        "" => None,
        "-boxed" => Some("boxed"),
        "-unboxed" => Some("unboxed"),
        _ => return Err(unknown()),
    };
    Ok(Mistake { file, name: name.to_string(), contestant, form })
}

/// The types that a message names between backticks: those of values, those that bounds are about, both sides of an
/// equation.
fn types(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let sides = quoted.flat_map(|quoted| quoted.split(" == ")).flat_map(|quoted| quoted.split(" = "));
    // An equation inside of a type, as in `dyn Future<Item = T>`, has been torn: so the whole is looked at, too.
    let wholes = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let parts = sides.chain(wholes).flat_map(|part| [part, before_bound(part)]);
    parts.filter(|part| is_type(part))
}

/// What a bound is about: `A` of `A: B`. Closures have a colon in their place, but no space after it and a type
/// around it.
fn before_bound(part: &str) -> &str {
    let mut depth = 0;
    for (at, character) in part.char_indices() {
        match character {
            '<' | '{' | '(' | '[' => depth += 1,
            '>' | '}' | ')' | ']' => depth -= 1,
            ':' if depth == 0 && part[at..].starts_with(": ") => return &part[..at],
            _ => {}
        }
    }
    part
}

/// Whether it is a type, and not the name of a value, a function or a lifetime.
fn is_type(text: &str) -> bool {
    let Ok(Type::Path(path)) = syn::parse_str(&parsable(text)) else {
        // References, tuples and trait objects are types and nothing else; a macro is none, nor is a bare `_`.
        return matches!(
            syn::parse_str(&parsable(text)),
            Ok(Type::Reference(_)
                | Type::Tuple(_)
                | Type::TraitObject(_)
                | Type::ImplTrait(_)
                | Type::Array(_))
        );
    };
    path.path.segments.last().is_some_and(|name| {
        name.ident.to_string().starts_with(char::is_uppercase)
            || !name.arguments.is_none()
            || path.qself.is_some()
    })
}

/// The type with plain names for what the compiler calls a closure or a block by its place, or cuts short.
fn parsable(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let length = rest[start..].find('}').map_or(rest.len() - start, |end| end + 1);
        plain.push_str(&rest[..start]);
        plain.push_str("Unnamed");
        rest = &rest[start + length..];
    }
    plain.push_str(rest);
    plain.replace("...", "_").replace('…', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_type_is_found_between_backticks() {
        let text = "error: `Option<u8>` is no `Future`, `a_function_with_a_long_name` neither\n  `'1`: `Vec<Option<u8>>`\n";
        let measured = Measured::of(text);
        assert_eq!((measured.lines, measured.characters), (2, text.len() - 1));
        assert_eq!(
            (measured.longest_type.as_str(), measured.longest_type_characters),
            ("Vec<Option<u8>>", 15)
        );
    }

    #[test]
    fn closures_bounds_and_equations_are_understood() {
        let longest = |text: &str| Measured::of(text).longest_type;
        assert_eq!(longest("`Map<A, {closure@a.rs:1:2: 3:4}>: Future`"), "Map<A, {closure@a.rs:1:2: 3:4}>");
        assert_eq!(
            longest("`<Failed<Vec<u8>> as IntoFuture>::Error == Refusal`"),
            "<Failed<Vec<u8>> as IntoFuture>::Error"
        );
        assert_eq!(
            longest("`Box<dyn Future<Error = (), Item = u8> + Send>`"),
            "Box<dyn Future<Error = (), Item = u8> + Send>"
        );
        assert_eq!(longest("within `{async block@a.rs:1:2: 3:4}`"), "{async block@a.rs:1:2: 3:4}");
        assert_eq!(longest("`AndThen<AndThen<..., ...>, ...>`"), "AndThen<AndThen<..., ...>, ...>");
        assert_eq!(longest("`spawn` needs `captioner` of `tokio::spawn`, and `?`"), "");
    }

    #[test]
    fn every_mistake_is_made_by_all_and_has_its_message() {
        let mistakes = mistakes().unwrap();
        assert_eq!(mistakes.len(), 12);
        for four in mistakes.chunks(4) {
            let contestants: Vec<_> = four.iter().map(|mistake| (mistake.contestant, mistake.form)).collect();
            assert_eq!(contestants, [(0, None), (1, Some("boxed")), (1, Some("unboxed")), (2, None)]);
            for mistake in four {
                let full = fs::read_to_string(mistake.file.with_extension("stderr")).unwrap();
                let shown = format!("{}: `Rc<u8>`", full.split(':').next().unwrap());
                let message = mistake.message(&shown).unwrap();
                assert!(message.full.lines > 5 && message.full.text.starts_with("error"), "{message:?}");
                assert!(!message.full.text.contains(MESSAGES), "{message:?}");
                assert_eq!(message.shown.longest_type, "Rc<u8>");
                assert!(mistake.message("error[E0433]: cannot find module or crate").is_err());
            }
        }
    }

    #[test]
    fn a_file_of_nobody_is_refused() {
        let whose = |name: &str| mistake("not-send", PathBuf::from(name));
        assert!(whose("futures-0.1-boxed.rs").is_ok() && whose("threads.rs").is_ok());
        assert!(whose("fibers.rs").is_err() && whose("threads-boxed-twice.rs").is_err());
    }
}
