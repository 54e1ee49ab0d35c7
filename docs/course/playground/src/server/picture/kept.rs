//! A finished picture.

use std::rc::Rc;

use captioner::{Fingerprint, Picture};

/// A finished picture. Clones share its bytes.
#[derive(Clone, Debug)]
pub struct SharedPicture {
    /// The whole file.
    pub bytes: Rc<Vec<u8>>,
    /// What it is known by.
    pub fingerprint: Option<Fingerprint>,
}

impl SharedPicture {
    /// Takes over the bytes. The name that it would be saved under means nothing here.
    pub fn new(picture: Picture, _name: &str, fingerprint: Option<Fingerprint>) -> SharedPicture {
        SharedPicture { bytes: Rc::new(picture.bytes), fingerprint }
    }
}
