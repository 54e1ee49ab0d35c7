//! The answer to a body that should be a picture and is none, with the status and the words of `memed`: it tells by the
//! first bytes what was probably sent instead.

use memed::captioner::{CaptionError, Flaw};
use memed::image_macro::{is_ignored, without_mark};

use super::Reply;

/// How far the name of a form's first field is looked for.
const LONGEST_NAME: usize = 64;
/// How much white space is skipped, at most: the body is looked at where requests are served.
const MOST_SPACE: usize = 128 << 10;

/// The reply: 400 or 415.
pub fn refusal(query: &str, body: &[u8]) -> Reply {
    let text = without_mark(body);
    let has_fields = !is_ignored(query);
    let sentence = match text[..MOST_SPACE.min(text.len())].trim_ascii_start().first() {
        None if text.len() <= MOST_SPACE => {
            "the body is empty, and must be a picture: a JPEG, a PNG or a GIF. For a template, send a GET"
        }
        Some(b'{' | b'[') if has_fields => {
            "there are fields in the query string and a body that is JSON: put all of them into the body, or send a \
             GET. Only a picture has its fields in the query string"
        }
        Some(_) if has_fields && begins_as_form(body) => {
            "there are fields in the query string and a body that is a form: put all of them into the form, or send \
             a GET. Only a picture has its fields in the query string"
        }
        _ => return Reply::from(CaptionError::BadPicture { flaw: Flaw::Format, cause: None }),
    };
    Reply::error(400, sentence)
}

fn begins_as_form(body: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.+%[]".contains(byte);
    let name = body.iter().take(LONGEST_NAME).take_while(|byte| is_of_name(byte)).count();
    name > 0 && body.get(name) == Some(&b'=')
}
