//! `memed caption`: one picture, into a file, to standard output, or onto the screen.

use std::env;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process;

use open;

use super::failure::Failure;
use super::{interrupt, output};
use captioner::{Cancel, Captioner, Format, Picture};
use command_line::{Input, Output, What};
use image_macro::{edit_from_json, from_json, Edit, ImageMacro};

/// The largest request in JSON, in bytes: more than any within the limits of its fields.
pub const MAX_JSON: usize = 128 << 10;
/// The largest picture of one's own, in bytes: that of templates, since it is the operator's own machine.
const MAX_PICTURE: usize = 64 << 20;

/// Draws a picture and puts it where it belongs.
///
/// # Errors
/// If it cannot be drawn or written.
pub fn run(captioner: &Captioner, what: What, output: Option<Output>, opens: bool) -> Result<(), Failure> {
    if let Some(Output::Standard) = output {
        output::refuse_terminal()?;
    }
    let mut asked = Asked::of(what)?;
    let format = format_of(asked.format(), output.as_ref())?;
    asked.set_format(format);
    let picture = asked.draw(captioner, &interrupt::watch(|| ()))?;
    warn_of_small_text(&picture, &mut |sentence| warn!("{}", sentence));
    let path = match output {
        Some(Output::Standard) => return output::picture_to_standard_output(&picture.bytes),
        Some(Output::File(path, _)) => {
            output::write(&path, &picture.bytes, false).map_err(|error| unwritten(&path, &error))?;
            path
        }
        None => named_by_us(&asked, &picture, opens)?,
    };
    if opens {
        open::that_detached(&path).map_err(|error| {
            let sentence = format!("{} is drawn, but cannot be shown: {}", path.display(), error);
            Failure { code: 69, sentence }
        })?;
    }
    Ok(())
}

/// Tells of captions with too much text to be read.
pub fn warn_of_small_text(picture: &Picture, tell: &mut dyn FnMut(String)) {
    for caption in &picture.too_small {
        tell(format!("too much text to be read in caption {}", caption));
    }
}

fn unwritten(path: &Path, error: &::std::io::Error) -> Failure {
    Failure::unwritten(&path.display().to_string(), error)
}

/// What is asked for, as far as it is known before it is drawn.
enum Asked {
    Template(ImageMacro),
    Picture(Vec<u8>, Edit, Input),
}

impl Asked {
    /// Reads what has to be read.
    fn of(what: What) -> Result<Asked, Failure> {
        Ok(match what {
            What::Template(image_macro) => Asked::Template(image_macro),
            What::Picture(file, edit) => Asked::Picture(output::read(&file, MAX_PICTURE)?, edit, file),
            What::Json { json, picture } => {
                let bytes = output::read(&json, MAX_JSON)?;
                let bytes = bytes.trim_ascii();
                let invalid = |invalid| Failure::of_json(&output::name_of(&json), invalid);
                match picture {
                    None => Asked::Template(from_json(bytes).map_err(invalid)?),
                    Some(file) => {
                        let edit = edit_from_json(bytes).map_err(invalid)?;
                        Asked::Picture(output::read(&file, MAX_PICTURE)?, edit, file)
                    }
                }
            }
        })
    }

    fn format(&self) -> Option<Format> {
        match *self {
            Asked::Template(ref image_macro) => image_macro.format,
            Asked::Picture(_, ref edit, _) => edit.format,
        }
    }

    fn set_format(&mut self, format: Option<Format>) {
        match *self {
            Asked::Template(ref mut image_macro) => image_macro.format = format,
            Asked::Picture(_, ref mut edit, _) => edit.format = format,
        }
    }

    fn draw(&self, captioner: &Captioner, cancel: &Cancel) -> Result<Picture, Failure> {
        let drawn = match *self {
            Asked::Template(ref image_macro) => captioner.caption(image_macro, cancel),
            Asked::Picture(ref file, ref edit, _) => captioner.caption_picture(file, edit, cancel),
        };
        drawn.map_err(|error| match *self {
            Asked::Picture(_, _, ref file) => {
                let Failure { code, sentence } = Failure::of_caption(&error, captioner);
                Failure { code, sentence: format!("{}: {}", output::name_of(file), sentence) }
            }
            _ => Failure::of_caption(&error, captioner),
        })
    }

    /// A name for its file, without an end.
    fn stem(&self) -> String {
        match *self {
            Asked::Template(ref image_macro) => image_macro.template.clone(),
            // Never the name of the picture itself.
            Asked::Picture(_, _, Input::File(ref path)) => {
                let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
                format!("{}-captioned", stem.unwrap_or_default())
            }
            Asked::Picture(_, _, Input::Standard) => "captioned".to_string(),
        }
    }
}

/// The format to draw in: what is asked for, or what the end of the file's name says.
fn format_of(asked: Option<Format>, output: Option<&Output>) -> Result<Option<Format>, Failure> {
    let (path, of_name) = match output {
        Some(&Output::File(ref path, of_name)) => (path, of_name),
        _ => return Ok(asked),
    };
    let end = path.extension().map(|end| end.to_string_lossy());
    match (asked, of_name, end) {
        (Some(asked), Some(of_name), _) if asked != of_name => Err(Failure::usage(format!(
            "the format is {}, and -o is {}, which ends as a {}: give one or the other",
            asked.name(),
            path.display(),
            of_name.name()
        ))),
        (None, None, Some(end)) => Err(Failure::usage(format!(
            "-o is {}, and must end in .jpg, .jpeg, .png or .gif, not in .{}; or name the format with --format",
            path.display(),
            end
        ))),
        _ => Ok(asked.or(of_name)),
    }
}

/// Writes a picture whose file has no name yet, and prints the name. Never replaces a file. To be shown only, it is a
/// temporary file.
fn named_by_us(asked: &Asked, picture: &Picture, opens: bool) -> Result<PathBuf, Failure> {
    let stem = asked.stem();
    let end = picture.format.extension();
    let path = if opens {
        env::temp_dir().join(output::file_name(&format!("memed-{}-", process::id()), &stem, end))
    } else {
        output::file_name("", &stem, end)
    };
    output::write(&path, &picture.bytes, true).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure {
            code: 73,
            sentence: format!(
                "{} exists already: name the file, as in -o {}",
                path.display(),
                path.display()
            ),
        },
        _ => unwritten(&path, &error),
    })?;
    output::print(format!("{}\n", path.display()).as_bytes())?;
    Ok(path)
}
