//! Finds or draws a picture: the client has it, the cache has it, or it must be drawn. The caller decides on which
//! thread.

use std::sync::Arc;

use bytes::Bytes;
use memed::captioner::{Cache, Cancel, CaptionError, Captioner, Fingerprint, Format};
use memed::config::Config;
use memed::image_macro::{ImageMacro, from_json, from_query, normal_name};
use serde_json::json;

use super::knobs::preloads;
use super::{Reply, reply};

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
    /// To list the templates.
    Templates,
    /// To decode a template, if need be, and to say what it is.
    Template(String),
    /// To list the fonts.
    Fonts,
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
            Some(result) => Err(Reply::picture(result.0, result.1.clone(), fingerprint)),
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
        Ok(Reply::picture(picture.format, bytes, &print))
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

    use super::super::reply::Header;
    use super::{Pictures, Work};

    const QUERY: &str = "template=cat&top_text=hi&width=100";

    fn draw(pictures: &Pictures) -> (u16, Vec<Header>) {
        let reply = match pictures.of_query(QUERY, None) {
            Ok(work) => pictures.run(work, &Cancel::new()),
            Err(reply) => reply,
        };
        (reply.status, reply.headers)
    }

    #[test]
    fn what_was_drawn_is_kept_and_what_the_client_has_is_not_sent() {
        let pictures = Pictures::load(&Config::default()).unwrap();
        let drawn = draw(&pictures);
        assert!(pictures.of_query(QUERY, None).is_err(), "it is kept");
        assert_eq!(draw(&pictures), drawn);
        let tag = &drawn.1.iter().find(|header| header.0 == "ETag").unwrap().1;
        let status =
            |field: &str| pictures.of_query(QUERY, Some(field)).map_err(|reply| reply.status).unwrap_err();
        assert_eq!(status(tag), 304);
        assert_eq!(status(&format!("\"other\", W/{tag}")), 304);
        assert_eq!(status("\"other\""), 200);
    }

    #[test]
    fn a_cache_of_nothing_keeps_nothing() {
        let pictures = Pictures::load(&Config { result_cache: 0, ..Config::default() }).unwrap();
        draw(&pictures);
        assert!(matches!(pictures.of_query(QUERY, None), Ok(Work::Draw(..))));
    }
}
