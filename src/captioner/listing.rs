//! What there is to draw with: the names of templates and fonts, what the templates are, and what is noted of them.

use std::sync::Arc;

use captioner::cancel::Cancel;
use captioner::descriptions::{Described, Description};
use captioner::error::CaptionError;
use captioner::file::decode::Decoded;
use captioner::file::error::DecodeError;
use captioner::library::FileKey;
use captioner::template::TemplateInfo;
use captioner::Captioner;

impl Captioner {
    /// Describes a picture that could be a template: a file that is not one yet. Its name is empty.
    ///
    /// # Errors
    /// [`CaptionError::BadPicture`], [`CaptionError::Cancelled`].
    pub fn picture_info(&self, file: &[u8], cancel: &Cancel) -> Result<TemplateInfo, CaptionError> {
        let decoded = Decoded::from_file(file, self.settings.lenient, None, cancel);
        decoded.map(|decoded| TemplateInfo::of("", &decoded)).map_err(DecodeError::into_picture_error)
    }

    /// The names of all templates, sorted.
    pub fn template_names(&self) -> Arc<Vec<String>> {
        self.template_library.names()
    }

    /// The names of all fonts, sorted.
    pub fn font_names(&self) -> Arc<Vec<String>> {
        self.fonts.library().names()
    }

    /// Describes a template.
    ///
    /// # Errors
    /// [`CaptionError::UnknownTemplate`], [`CaptionError::BadFile`], [`CaptionError::Io`],
    /// [`CaptionError::Cancelled`].
    pub fn template_info(&self, name: &str, cancel: &Cancel) -> Result<TemplateInfo, CaptionError> {
        self.description(name, cancel).map(|description| description.info)
    }

    /// The same, with what is noted of it.
    ///
    /// # Errors
    /// As [`Captioner::template_info`].
    pub fn description(&self, name: &str, cancel: &Cancel) -> Result<Description, CaptionError> {
        let source = self.template_source(name)?;
        let info = match self.infos.get(&FileKey::new(name, source.version)) {
            Some(info) => (*info).clone(),
            None => (*self.decode(name, &source, None, cancel)?.info).clone(),
        };
        Ok(Description { info, notes: self.notes(name, &source) })
    }

    /// What is known of templates without decoding any of them.
    pub fn described(&self, names: Vec<String>) -> Described {
        self.infos.of_all(&self.template_library, self.fonts.library(), names)
    }

    /// The words that a template is found by, beside its name.
    pub fn keywords(&self, name: &str) -> Vec<String> {
        match self.template_library.find(name) {
            Ok(Some(ref source)) => self.notes(name, source).keywords.clone(),
            _ => Vec::new(),
        }
    }

    /// Reads what is noted of all templates, and so logs what is wrong there.
    pub fn read_notes(&self) {
        for name in self.template_names().iter() {
            if let Ok(Some(ref source)) = self.template_library.find(name) {
                self.notes(name, source);
            }
        }
    }

    /// Describes a template for a list of all that can be used: `None` if this one cannot, or is there no longer.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn describe(&self, name: &str, cancel: &Cancel) -> Result<Option<Description>, CaptionError> {
        self.infos.of_one(&self.template_library, name, || self.description(name, cancel))
    }
}
