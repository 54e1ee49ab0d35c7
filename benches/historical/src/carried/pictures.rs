//! Finds or draws a picture: the client has it, the cache has it, or it must be drawn. The caller decides on which
//! thread.

use std::sync::Arc;

use bytes::Bytes;
use memed::captioner::{Cache, Cancel, CaptionError, Captioner, Fingerprint, Format, format_of};
use memed::config::Config;
use memed::image_macro::{Edit, ImageMacro, edit_from_query, from_json, from_query, normal_name};
use serde_json::json;

use super::knobs::preloads;
use super::{Reply, no_picture, reply};

/// What an entry of a cache weighs beside its bytes, about.
const ENTRY: usize = 200;
/// A picture may take up one part in so many of the cache: a few large ones must not push out all others.
const SHARE: usize = 4;
/// Bytes of query strings to remember, and of one, at most.
const QUERIES: usize = 1 << 20;
const LONGEST_QUERY: usize = 1 << 10;

/// The work that needs a thread of the pool.
#[derive(Debug)]
pub enum Work {
    /// To draw a picture.
    Draw(Box<ImageMacro>, Fingerprint),
    /// To draw on a client's own picture.
    DrawOn(Bytes, Box<Edit>),
    /// To list the templates.
    Templates,
    /// To decode a template, if need be, and to say what it is.
    Template(String),
    /// To list the fonts.
    Fonts,
}

impl Work {
    /// What a query string asks for on a picture that is the body. Takes microseconds, and copies no body.
    ///
    /// # Errors
    /// The reply: 400 for the fields, 400 or 415 for a body that is no picture.
    pub fn of_picture(query: &str, body: impl AsRef<[u8]> + Send + 'static) -> Result<Work, Reply> {
        let edit = edit_from_query(query)?;
        let body = Bytes::from_owner(body);
        if format_of(&body).is_none() {
            return Err(no_picture::refusal(query, &body));
        }
        Ok(Work::DrawOn(body, Box::new(edit)))
    }
}

/// The captioner and what it has drawn. Threads share it.
pub struct Pictures {
    captioner: Captioner,
    results: Cache<Fingerprint, (Format, Bytes)>,
    /// Bytes of a result, at most.
    largest: usize,
    /// What query strings ask for: so a picture that is there costs neither decoding its query nor a hash.
    queries: Cache<String, Fingerprint>,
}

impl Pictures {
    /// With the caches that are asked for. Decodes what is to be preloaded, and takes its time for it.
    ///
    /// # Errors
    /// If a template or font cannot be used.
    pub fn load(config: &Config) -> Result<Pictures, CaptionError> {
        let captioner = Captioner::new(config.captioner.clone());
        let (templates, fonts) = preloads(config);
        if templates {
            captioner
                .template_names()
                .iter()
                .try_for_each(|name| captioner.preload_template(name, &Cancel::new()))?;
        }
        if fonts {
            captioner.font_names().iter().try_for_each(|name| captioner.preload_font(name))?;
        }
        let largest = config.result_cache / SHARE;
        let (results, queries) = (Cache::new(config.result_cache), Cache::new(QUERIES));
        Ok(Pictures { captioner, results, largest, queries })
    }

    /// What a query string asks for. Takes microseconds.
    ///
    /// # Errors
    /// The reply, if it needs no drawing: 304, 200 from the cache, 400 or 404.
    pub fn of_query(&self, query: &str, if_none_match: Option<&str>) -> Result<Work, Reply> {
        if let Some(fingerprint) = self.queries.get_early(&query.to_string()) {
            self.known(&fingerprint, if_none_match)?;
        }
        let image_macro = from_query(query)?;
        let fingerprint = self.captioner.fingerprint(&image_macro)?;
        if query.len() <= LONGEST_QUERY {
            self.queries.insert(query.to_string(), &Arc::new(fingerprint), query.len() + ENTRY);
        }
        self.known(&fingerprint, if_none_match)?;
        Ok(Work::Draw(Box::new(image_macro), fingerprint))
    }

    /// What JSON asks for. Takes microseconds.
    ///
    /// # Errors
    /// As [`Pictures::of_query`].
    pub fn of_json(&self, body: &[u8]) -> Result<Work, Reply> {
        let image_macro = from_json(body)?;
        let fingerprint = self.captioner.fingerprint(&image_macro)?;
        self.known(&fingerprint, None)?;
        Ok(Work::Draw(Box::new(image_macro), fingerprint))
    }

    /// Does what takes its time. Soon over once it is cancelled.
    pub fn run(&self, work: Work, cancel: &Cancel) -> Reply {
        let reply = match work {
            Work::Draw(image_macro, fingerprint) => self.draw(&image_macro, fingerprint, cancel),
            Work::DrawOn(own, edit) => self.draw_on(&own, &edit, cancel),
            Work::Templates => Ok(Reply::json(200, &json!(*self.captioner.template_names()))),
            Work::Template(name) => self.template(&name, cancel),
            Work::Fonts => Ok(Reply::json(200, &json!(*self.captioner.font_names()))),
        };
        reply.unwrap_or_else(Reply::from)
    }

    /// # Errors
    /// The reply, if the client or the cache has the picture.
    fn known(&self, fingerprint: &Fingerprint, if_none_match: Option<&str>) -> Result<(), Reply> {
        if if_none_match.is_some_and(|field| reply::has(field, fingerprint)) {
            return Err(Reply::not_modified(fingerprint));
        }
        match self.results.get_early(fingerprint) {
            Some(result) => Err(Reply::picture(result.0, result.1.clone(), Some(fingerprint))),
            None => Ok(()),
        }
    }

    fn draw(&self, asked: &ImageMacro, print: Fingerprint, cancel: &Cancel) -> Result<Reply, CaptionError> {
        let mut picture = self.captioner.caption(asked, cancel)?;
        // It may be kept for long.
        picture.bytes.shrink_to_fit();
        let bytes = Bytes::from(picture.bytes);
        let weight = bytes.len() + ENTRY;
        if weight <= self.largest {
            self.results.insert(print, &Arc::new((picture.format, bytes.clone())), weight);
        }
        Ok(Reply::picture(picture.format, bytes, Some(&print)))
    }

    /// Nothing of it is kept: to hash the body would cost more than another request for the same is worth.
    fn draw_on(&self, own: &[u8], edit: &Edit, cancel: &Cancel) -> Result<Reply, CaptionError> {
        let mut picture = self.captioner.caption_picture(own, edit, cancel)?;
        // A slow reader may keep it for a while.
        picture.bytes.shrink_to_fit();
        Ok(Reply::picture(picture.format, picture.bytes.into(), None))
    }

    fn template(&self, name: &str, cancel: &Cancel) -> Result<Reply, CaptionError> {
        let description = self.captioner.description(&normal_name(name), cancel)?;
        Ok(Reply::json(200, &description.to_json()))
    }
}

#[cfg(test)]
mod tests {
    use memed::captioner::Cancel;
    use memed::config::Config;

    use bytes::Bytes;

    use super::super::reply::Header;
    use super::{Pictures, Work};

    const QUERY: &str = "template=cat&top_text=hi&width=100";

    fn draw(pictures: &Pictures) -> (Vec<Header>, Bytes) {
        let reply = match pictures.of_query(QUERY, None) {
            Ok(work) => pictures.run(work, &Cancel::new()),
            Err(reply) => reply,
        };
        assert_eq!(reply.status, 200);
        (reply.headers, reply.body)
    }

    #[test]
    fn what_was_drawn_is_kept_and_what_the_client_has_is_not_sent() {
        let pictures = Pictures::load(&Config::default()).unwrap();
        let drawn = draw(&pictures);
        assert!(pictures.of_query(QUERY, None).is_err(), "it is kept");
        assert_eq!(draw(&pictures), drawn);
        let tag = &drawn.0.iter().find(|header| header.0 == "ETag").unwrap().1;
        let status =
            |field: &str| pictures.of_query(QUERY, Some(field)).map_err(|reply| reply.status).unwrap_err();
        assert_eq!(status(tag), 304);
        assert_eq!(status(&format!("\"other\", W/{tag}")), 304);
        assert_eq!(status("\"other\""), 200);
    }

    #[test]
    fn an_own_picture_has_no_tag_and_its_captions_are_in_the_query() {
        let pictures = Pictures::load(&Config::default()).unwrap();
        let (_, own) = draw(&pictures);
        let reply = |query: &str, body: &[u8]| match Work::of_picture(query, body.to_vec()) {
            Ok(work) => pictures.run(work, &Cancel::new()),
            Err(reply) => reply,
        };
        let plain = reply("", &own);
        assert_eq!((plain.status, plain.field("Content-Type")), (200, Some("image/png")));
        assert_eq!((plain.field("ETag"), plain.field("Cache-Control")), (None, Some("no-store")));
        let drawn = reply("bottom_text=there&format=jpeg", &own);
        assert_eq!((drawn.status, drawn.field("Content-Type")), (200, Some("image/jpeg")));
        assert_ne!(drawn.body, reply("bottom_text=here&format=jpeg", &own).body);
    }

    #[test]
    fn a_body_that_is_no_picture_is_told_by_what_it_is() {
        let refused = |query: &str, body: &'static str| {
            let reply = Work::of_picture(query, body).expect_err("it is no picture");
            let sentence: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
            (reply.status, sentence["error"].as_str().unwrap().to_string())
        };
        let query = "top_text=a";
        for (status, query, body, word) in [
            (400, "template=cat", "GIF89a", "template"),
            (400, query, " \n", "empty"),
            (400, query, "\u{feff} {}", "is JSON"),
            (400, query, "top_text=b", "is a form"),
            (415, "", "{}", "neither a JPEG"),
            (415, "utm_source=a", "a=b", "neither a JPEG"),
            (415, query, "GIF8", "neither a JPEG"),
        ] {
            let (is, sentence) = refused(query, body);
            assert!(is == status && sentence.contains(word), "{is}: {sentence}");
        }
    }

    #[test]
    fn a_cache_of_nothing_keeps_nothing() {
        let pictures = Pictures::load(&Config { result_cache: 0, ..Config::default() }).unwrap();
        draw(&pictures);
        assert!(matches!(pictures.of_query(QUERY, None), Ok(Work::Draw(..))));
    }
}
