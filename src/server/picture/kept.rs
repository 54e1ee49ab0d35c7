//! Caches finished pictures by fingerprint, and the fingerprints of what was asked for.
//!
//! Used on the reactor only. The captioner's cache has a lock, which is never contended here.

use std::sync::Arc;

use bytes::Bytes;

use captioner::{Cache, CacheStats, Fingerprint, Format, Picture};
use server::http::disposition::inline;

/// About what an entry weighs beside its bytes.
const ENTRY: usize = 200;
/// A picture may take up one part in so many of the cache, so that a few large ones do not push out all others.
const SHARE: usize = 4;
/// Bytes of requests to remember.
const ASKED: usize = 1 << 20;
/// The most bytes of one of them.
const LONGEST_ASKED: usize = 1 << 10;

/// A finished picture. Clones share its bytes, so it can be sent any number of times.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedPicture {
    /// The file format of `bytes`.
    pub format: Format,
    /// The whole file.
    pub bytes: Bytes,
    /// The captions, counted from one, that are too small to be read.
    pub too_small: Arc<Vec<usize>>,
    /// What `Content-Disposition` says of it.
    pub disposition: Bytes,
    /// What the bytes depend on. `None` if a file changed while it was drawn: then it is not known which content of the
    /// file it shows.
    pub fingerprint: Option<Fingerprint>,
}

impl SharedPicture {
    /// Takes over the bytes. They occupy their capacity for as long as a clone is alive. `name`: what it is saved as,
    /// without an extension.
    pub fn new(picture: Picture, name: &str, fingerprint: Option<Fingerprint>) -> SharedPicture {
        let Picture { format, bytes, too_small, .. } = picture;
        let (bytes, too_small) = (Bytes::from(bytes), Arc::new(too_small));
        SharedPicture { format, bytes, too_small, disposition: inline(name, format), fingerprint }
    }
}

/// All of a request that its picture depends on, as it was written. Two that are equal ask for the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked(String);

impl Asked {
    /// What a query string asks for, in the format that is not in it.
    pub fn by_query(query: &str, format: Option<Format>) -> Asked {
        Asked(format!("{}?{}", format.map_or("", Format::extension), query))
    }

    /// What a path asks for, together with its query string. A path begins with a slash, so it is never mistaken for the
    /// other kind.
    pub fn by_path(path: &str, query: &str) -> Asked {
        Asked(format!("{}?{}", path, query))
    }
}

/// The cache.
pub struct Kept {
    pictures: Cache<Fingerprint, SharedPicture>,
    /// The most bytes of one picture.
    largest: usize,
    /// What a request asks for, where no file can change that.
    asked: Cache<Asked, Fingerprint>,
}

impl Kept {
    /// A cache of that many bytes; 0 keeps nothing.
    pub fn new(capacity: usize) -> Kept {
        let asked = Cache::new(ASKED);
        Kept { pictures: Cache::new(capacity), largest: capacity / SHARE, asked }
    }

    /// The picture, if it is cached. Copies no bytes.
    pub fn get(&self, fingerprint: &Fingerprint) -> Option<SharedPicture> {
        self.pictures.get(fingerprint).map(|picture| (*picture).clone())
    }

    /// The same, but a miss is not counted: the caller will call [`Kept::get`] then.
    pub fn get_early(&self, fingerprint: &Fingerprint) -> Option<SharedPicture> {
        self.pictures.get_early(fingerprint).map(|picture| (*picture).clone())
    }

    /// The fingerprint of what a request asks for, if it was asked before. So a cached picture costs neither decoding the
    /// request nor hashing what it asks for.
    pub fn fingerprint_of(&self, asked: &Asked) -> Option<Fingerprint> {
        self.asked.get(asked).map(|fingerprint| *fingerprint)
    }

    /// Remembers what a request asks for. Only for pictures that no file can change.
    pub fn learn(&self, asked: Asked, fingerprint: Fingerprint) {
        if asked.0.len() <= LONGEST_ASKED {
            let weight = asked.0.len() + ENTRY;
            self.asked.insert(asked, &Arc::new(fingerprint), weight);
        }
    }

    /// Caches a picture that has a fingerprint, unless it is too large.
    pub fn keep(&self, picture: &SharedPicture) {
        let weight = picture.bytes.len() + ENTRY;
        if let Some(fingerprint) = picture.fingerprint.filter(|_| weight <= self.largest) {
            self.pictures.insert(fingerprint, &Arc::new(picture.clone()), weight);
        }
    }

    /// Hits, misses and sizes.
    pub fn stats(&self) -> CacheStats {
        self.pictures.stats()
    }
}

#[cfg(test)]
mod tests {
    use super::{inline, Arc, Bytes, Format, Kept, SharedPicture, ENTRY};
    use captioner::{Captioner, Fingerprint, Settings};
    use image_macro::from_query;

    fn fingerprint(text: &str) -> Fingerprint {
        let asked = from_query(&format!("template=cat&top_text={}", text)).unwrap();
        Captioner::new(Settings::default()).fingerprint(&asked).unwrap()
    }

    fn picture(text: &str, length: usize) -> SharedPicture {
        let bytes = Bytes::from(vec![7; length]);
        let fingerprint = Some(fingerprint(text));
        let disposition = inline(text, Format::Png);
        SharedPicture { format: Format::Png, bytes, too_small: Arc::default(), disposition, fingerprint }
    }

    #[test]
    fn a_hit_is_the_same_memory() {
        let kept = Kept::new(1 << 20);
        let first = picture("a", 1000);
        kept.keep(&first);
        let hit = kept.get(&fingerprint("a")).unwrap();
        assert_eq!((hit.bytes.as_ptr(), &hit), (first.bytes.as_ptr(), &first));
        assert_eq!(kept.get(&fingerprint("b")), None);
    }

    #[test]
    fn a_picture_larger_than_a_quarter_is_not_kept_and_the_cache_never_holds_more_than_it_may() {
        let kept = Kept::new(4 * (1000 + ENTRY));
        kept.keep(&picture("large", 1001));
        assert_eq!(kept.stats().used, 0);
        for text in &["a", "b", "c", "d", "e"] {
            kept.keep(&picture(text, 1000));
        }
        assert_eq!(kept.stats().used, 4 * (1000 + ENTRY));
        assert_eq!(kept.get(&fingerprint("a")), None);
        assert!(kept.get(&fingerprint("e")).is_some());
    }

    #[test]
    fn a_picture_without_a_fingerprint_is_not_kept() {
        let kept = Kept::new(1 << 20);
        kept.keep(&SharedPicture { fingerprint: None, ..picture("a", 1000) });
        assert_eq!(kept.stats().used, 0);
    }

    #[test]
    fn a_cache_of_nothing_keeps_nothing() {
        let kept = Kept::new(0);
        kept.keep(&picture("a", 0));
        assert_eq!(kept.get(&fingerprint("a")), None);
    }
}
