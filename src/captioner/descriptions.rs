//! Remembers which kind of picture each template is, and which templates cannot be used, so that a list of all of them
//! decodes none again.

use std::sync::Arc;

use serde_json::Value;

use captioner::cache::Cache;
use captioner::error::CaptionError;
use captioner::library::{FileKey, Library, Version};
use captioner::template::TemplateInfo;
use image_macro::{thumbnail_of, TemplateNotes};

/// Capacity of each of the two caches, in bytes: enough for thirty thousand templates. With less than there are, each list
/// of all of them would decode all of them.
const CAPACITY: usize = 8 << 20;
/// About what is remembered of a template takes, in bytes, without its name.
const ENTRY: usize = 200;

/// What a template is, and what is noted of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// What its picture is.
    pub info: TemplateInfo,
    /// What is noted beside it.
    pub notes: Arc<TemplateNotes>,
}

impl Description {
    /// The description as it is sent to clients, with the link of a thumbnail.
    pub fn to_json(&self) -> Value {
        let Description { ref info, ref notes } = *self;
        let mut description = json!({
            "name": info.name,
            "format": info.format.name(),
            "width": info.width,
            "height": info.height,
            "frames": info.frames,
            "thumbnail": thumbnail_of(&info.name, info.format),
        });
        for (name, value) in notes.to_json() {
            description[name] = value;
        }
        description
    }
}

/// What is known of those templates, without decoding any of them.
#[derive(Debug, Default)]
pub struct Described {
    /// Those that were decoded before.
    pub known: Vec<Description>,
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

    /// What is known of the templates with those names, whose notes can name those fonts. Looks at their files, and reads
    /// none but new notes.
    pub fn of_all(&self, library: &Library, fonts: &Library, names: Vec<String>) -> Described {
        let mut described = Described::default();
        for name in names {
            let source = match library.find(&name) {
                Ok(Some(source)) => source,
                _ => continue,
            };
            let file = FileKey::new(&name, source.version);
            match self.infos.get(&file) {
                Some(info) => {
                    let notes = library.notes(&name, &source, fonts);
                    described.known.push(Description { info: (*info).clone(), notes });
                }
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
    ) -> Result<Option<Description>, CaptionError>
    where
        F: FnOnce() -> Result<Description, CaptionError>,
    {
        let before = version_of(library, name);
        match decode() {
            Ok(description) => Ok(Some(description)),
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
        assert_eq!(describe("good").map(|description| description.info.width), Some(451));
        assert_eq!((describe("bad"), describe("gone")), (None, None));
        let described = captioner.described(names());
        assert_eq!((described.known.len(), described.unknown.len()), (1, 0));
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
