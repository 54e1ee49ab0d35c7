//! Remembers which kind of picture each template is, and which templates cannot be used, so that a list of all of them
//! decodes none again.

use std::sync::Arc;

use serde_json::Value;

use captioner::cache::Cache;
use captioner::error::CaptionError;
use captioner::library::{keywords, FileKey, Library, Version};
use captioner::template::TemplateInfo;
use image_macro::thumbnail_of;

/// Capacity of each of the two caches, in bytes: enough for thirty thousand templates. With less than there are, each list
/// of all of them would decode all of them.
const CAPACITY: usize = 8 << 20;
/// About what is remembered of a template takes, in bytes, without its name.
const ENTRY: usize = 200;

impl TemplateInfo {
    /// The description as it is sent to clients, with the link of a thumbnail and with keywords.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "format": self.format.name(),
            "width": self.width,
            "height": self.height,
            "frames": self.frames,
            "thumbnail": thumbnail_of(&self.name, self.format),
            "keywords": keywords(&self.name),
        })
    }
}

/// What is known of those templates, without decoding any of them.
#[derive(Debug, Default)]
pub struct Described {
    /// Those that were decoded before.
    pub infos: Vec<TemplateInfo>,
    /// The names of those that were not. One that is known to be unusable is in neither.
    pub unknown: Vec<String>,
}

/// What is known of the templates whose files have not changed since.
pub struct Descriptions {
    infos: Cache<FileKey, TemplateInfo>,
    unusable: Cache<FileKey, ()>,
}

impl Descriptions {
    /// Nothing is known yet.
    pub fn new() -> Descriptions {
        Descriptions { infos: Cache::new(CAPACITY), unusable: Cache::new(CAPACITY) }
    }

    /// What is known of the template in a file.
    pub fn get(&self, file: &FileKey) -> Option<Arc<TemplateInfo>> {
        self.infos.get(file)
    }

    /// Remembers what the template in a file is.
    pub fn keep(&self, version: Version, info: &Arc<TemplateInfo>) {
        self.infos.insert(FileKey::new(&info.name, version), info, ENTRY + 2 * info.name.len());
    }

    /// What is known of the templates with those names. Looks at their files, and reads none.
    pub fn of_all(&self, library: &Library, names: Vec<String>) -> Described {
        let mut described = Described::default();
        for name in names {
            let file = match version_of(library, &name) {
                Some(version) => FileKey::new(&name, version),
                None => continue,
            };
            match self.infos.get(&file) {
                Some(info) => described.infos.push((*info).clone()),
                None if self.unusable.get(&file).is_some() => {}
                None => described.unknown.push(name),
            }
        }
        described
    }

    /// Describes a template for a list of all that can be used: `None` if this one cannot, or is there no longer. `decode`
    /// decodes it, and keeps what it learns.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn of_one<F>(
        &self,
        library: &Library,
        name: &str,
        decode: F,
    ) -> Result<Option<TemplateInfo>, CaptionError>
    where
        F: FnOnce() -> Result<TemplateInfo, CaptionError>,
    {
        let before = version_of(library, name);
        match decode() {
            Ok(info) => Ok(Some(info)),
            Err(CaptionError::Cancelled) => Err(CaptionError::Cancelled),
            Err(error) => {
                debug!("the template {:?} is left out: {}", name, error);
                // If the file has changed since, it is not known what was read.
                let is_bad = matches!(error, CaptionError::BadFile { .. });
                let same = version_of(library, name).filter(|version| is_bad && Some(*version) == before);
                if let Some(version) = same {
                    self.unusable.insert(FileKey::new(name, version), &Arc::new(()), ENTRY + name.len());
                }
                Ok(None)
            }
        }
    }
}

/// The version of a template's file, if there is one.
fn version_of(library: &Library, name: &str) -> Option<Version> {
    library.find(name).ok().and_then(|source| source).map(|source| source.version)
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;
    use std::process;

    use captioner::{Cancel, Captioner, Settings};

    #[test]
    fn a_template_is_decoded_once_and_so_is_one_that_cannot_be_used() {
        let folder = env::temp_dir().join(format!("memed-descriptions-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let png = include_bytes!("../../data/templates/cat.png");
        fs::write(folder.join("good.png"), &png[..]).unwrap();
        fs::write(folder.join("bad.png"), &png[..100]).unwrap();
        let captioner = Captioner::new(Settings { templates: Some(folder.clone()), ..Settings::default() });
        let names = || ["bad", "gone", "good"].iter().map(|name| name.to_string()).collect();
        assert_eq!(captioner.described(names()).unknown, ["bad", "good"]);
        let describe = |name: &str| captioner.describe(name, &Cancel::new()).unwrap();
        assert_eq!(describe("good").map(|info| info.width), Some(451));
        assert_eq!((describe("bad"), describe("gone")), (None, None));
        let described = captioner.described(names());
        assert_eq!((described.infos.len(), described.unknown.len()), (1, 0));
        // Once it is mended, it is there.
        fs::write(folder.join("bad.png"), &png[..]).unwrap();
        assert_eq!(captioner.described(names()).unknown, ["bad"]);
        assert!(describe("bad").is_some());
        fs::remove_dir_all(&folder).unwrap();
        // What is cancelled says nothing of the file.
        let cancel = Cancel::new();
        cancel.cancel();
        assert!(captioner.describe("raccoon", &cancel).is_err());
        assert_eq!(captioner.described(vec!["raccoon".to_string()]).unknown, ["raccoon"]);
    }
}
