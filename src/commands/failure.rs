//! Why a command fails: a sentence and an exit code, which is one of sysexits.h where that has one.

use std::error::Error;
use std::io;

use super::interrupt::INTERRUPTED;
use captioner::{CaptionError, Captioner};
use command_line::suggestion;
use image_macro::Invalid;

/// Why a command fails.
#[derive(Debug, PartialEq)]
pub struct Failure {
    /// The exit code.
    pub code: i32,
    /// For standard error.
    pub sentence: String,
}

impl Failure {
    /// The command line makes no sense.
    pub fn usage<S: Into<String>>(sentence: S) -> Failure {
        Failure { code: 64, sentence: sentence.into() }
    }

    /// The request makes no sense, or what it asks for is not there.
    pub fn data<S: Into<String>>(sentence: S) -> Failure {
        Failure { code: 65, sentence: sentence.into() }
    }

    /// A file cannot be read.
    pub fn unread(what: &str, error: &io::Error) -> Failure {
        Failure { code: 66, sentence: format!("cannot read {}: {}", what, error) }
    }

    /// A file cannot be written.
    pub fn unwritten(what: &str, error: &io::Error) -> Failure {
        Failure { code: 73, sentence: format!("cannot write {}: {}", what, error) }
    }

    /// What was to be done has failed, in part or as a whole.
    pub fn undone<S: Into<String>>(sentence: S) -> Failure {
        Failure { code: 1, sentence: sentence.into() }
    }

    /// A signal has ended it.
    pub fn interrupted<S: Into<String>>(sentence: S) -> Failure {
        Failure { code: INTERRUPTED, sentence: sentence.into() }
    }

    /// Whether a signal has ended it.
    pub fn is_interrupt(&self) -> bool {
        self.code == INTERRUPTED
    }

    /// A picture was not drawn. Here the client is the operator too, so the causes are told.
    pub fn of_caption(error: &CaptionError, captioner: &Captioner) -> Failure {
        let list = |command: &str, name: &str, names: &[String]| {
            let meant = match suggestion(name, names.iter().cloned()) {
                ref meant if meant.is_empty() => ";".to_string(),
                meant => meant,
            };
            Failure::data(format!("{}{} `memed {}` lists them", error, meant, command))
        };
        match *error {
            CaptionError::UnknownTemplate(ref name) => list("templates", name, &captioner.template_names()),
            CaptionError::UnknownFont(ref name) => list("fonts", name, &captioner.font_names()),
            CaptionError::Cancelled => Failure::interrupted("interrupted: nothing was written"),
            CaptionError::Io(ref cause) => Failure { code: 66, sentence: format!("{}: {}", error, cause) },
            CaptionError::Encode(_) => Failure { code: 70, sentence: in_full(error) },
            CaptionError::TooManyTexts { .. } => Failure::data(error.to_string()),
            CaptionError::BadFile { .. } | CaptionError::BadPicture { .. } => Failure::data(in_full(error)),
        }
    }

    /// A request in JSON is not one.
    pub fn of_json(what: &str, Invalid(sentence): Invalid) -> Failure {
        Failure::data(format!("{}: {}", what, sentence.replace("GET /templates", "`memed templates`")))
    }
}

/// An error with its causes.
pub fn in_full(error: &dyn Error) -> String {
    let (mut sentence, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        sentence = format!("{}: {}", sentence, error);
        cause = error.source();
    }
    sentence
}
