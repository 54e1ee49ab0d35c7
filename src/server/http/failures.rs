//! What each error becomes: a [`Reply`] with its status, its sentence for the client, and its causes for the log.

use std::error::Error;

use hyper::StatusCode;

use super::body::BodyError;
use super::reply::Reply;
use captioner::{CaptionError, Flaw};
use image_macro::Invalid;
use server::connection::rejection::Rejection;
use server::pool::PoolError;

impl From<Rejection> for Reply {
    fn from(rejection: Rejection) -> Reply {
        let reply = Reply::error(rejection.status, &rejection.sentence).closing();
        if rejection.status == StatusCode::ServiceUnavailable {
            reply.for_now()
        } else {
            reply
        }
    }
}

impl From<Invalid> for Reply {
    fn from(Invalid(sentence): Invalid) -> Reply {
        Reply::error(StatusCode::BadRequest, &sentence)
    }
}

impl From<BodyError> for Reply {
    fn from(error: BodyError) -> Reply {
        let status = match error {
            BodyError::TooLarge(_) => StatusCode::PayloadTooLarge,
            BodyError::TooSlow => StatusCode::RequestTimeout,
            BodyError::EndedEarly | BodyError::Framing(_) | BodyError::Connection(_) => {
                StatusCode::BadRequest
            }
            BodyError::NoRoom(_) => return Reply::from(Rejection::no_room()),
            BodyError::Timer(_) => return Reply::internal(with_causes(&error)).closing(),
        };
        // The rest of the body is unread, so it is not known where the next request begins.
        Reply::error(status, &error.to_string()).because(with_causes(&error)).closing()
    }
}

impl From<PoolError> for Reply {
    fn from(error: PoolError) -> Reply {
        match error {
            PoolError::Busy => {
                let sentence = "all render threads are busy, and the queue is full or has all that you may have in it: try again in a second";
                Reply::error(StatusCode::ServiceUnavailable, sentence).for_now()
            }
            PoolError::NoRoom => {
                let sentence = "too many pictures are still being sent: try again when you have read yours";
                Reply::error(StatusCode::ServiceUnavailable, sentence).for_now()
            }
            PoolError::TimedOut => Reply::error(
                StatusCode::GatewayTimeout,
                "the picture was not done in time: ask for less, or try again",
            ),
            PoolError::Caption(ref error) => Reply::from(&**error),
            PoolError::Panicked(_) | PoolError::Timer(_) => Reply::internal(with_causes(&error)),
        }
    }
}

impl From<&CaptionError> for Reply {
    fn from(error: &CaptionError) -> Reply {
        let sentence = error.to_string();
        match *error {
            CaptionError::UnknownTemplate(_) => {
                Reply::error(StatusCode::NotFound, &(sentence + ": GET /templates lists them"))
            }
            CaptionError::UnknownFont(_) => {
                Reply::error(StatusCode::NotFound, &(sentence + ": GET /fonts lists them"))
            }
            CaptionError::TooManyTexts { .. } => Reply::error(StatusCode::BadRequest, &sentence),
            CaptionError::BadPicture { ref flaw, .. } => {
                let status = match *flaw {
                    Flaw::Format | Flaw::Unsupported(_) => StatusCode::UnsupportedMediaType,
                    Flaw::TooLarge(_) => StatusCode::PayloadTooLarge,
                    Flaw::Damaged => StatusCode::BadRequest,
                };
                Reply::error(status, &sentence).because(with_causes(error))
            }
            _ => {
                let sentence = format!("{}: it is not your fault", sentence);
                Reply::error(StatusCode::InternalServerError, &sentence).because(with_causes(error))
            }
        }
    }
}

/// An error and its causes, on one line.
pub fn with_causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
