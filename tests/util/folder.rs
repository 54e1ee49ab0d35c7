//! A temporary folder of templates or fonts.

use std::fs;
use std::path::Path;

use memed::captioner::{Captioner, Settings};
use memed::config::Config;
use tempfile::TempDir;

use super::{config, Serve};

/// A folder that is removed at the end of the test.
pub struct Folder(TempDir);

impl Folder {
    /// An empty folder.
    pub fn new() -> Folder {
        Folder(TempDir::new().expect("the folder for temporary files can be written"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, or replaces it.
    pub fn put(&self, file_name: &str, content: &[u8]) {
        fs::write(self.path().join(file_name), content).unwrap();
    }

    pub fn remove(&self, file_name: &str) {
        fs::remove_file(self.path().join(file_name)).unwrap();
    }

    /// A captioner with its templates and an empty cache.
    pub fn captioner(&self) -> Captioner {
        self.captioner_with(Settings::default())
    }

    /// The same with other settings.
    pub fn captioner_with(&self, settings: Settings) -> Captioner {
        Captioner::new(Settings { templates: Some(self.path().to_path_buf()), ..settings })
    }

    /// The configuration of a server with its templates.
    pub fn config(&self) -> Config {
        let captioner = Settings { templates: Some(self.path().to_path_buf()), ..Settings::default() };
        Config { captioner, ..config() }
    }

    /// A server with the templates of any folder.
    pub fn serve_in(path: &Path) -> Serve {
        let captioner = Settings { templates: Some(path.to_path_buf()), ..Settings::default() };
        Serve::with(Config { captioner, ..config() })
    }

    /// A server with its templates.
    pub fn serve(&self) -> Serve {
        Serve::with(self.config())
    }
}
