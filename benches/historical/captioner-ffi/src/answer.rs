//! What a caller is given: an answer, or a text. Both own memory of this library until they are freed.

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use historical::carried::Reply;

/// `captioner_answer`. Its pointers point into what `owner` points to.
#[repr(C)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) content_type: *const c_char,
    pub(super) etag: *const c_char,
    pub(super) body: *const u8,
    pub(super) body_length: usize,
    owner: *mut c_void,
}

/// Its memory. The body may be shared with the cache: it is not copied.
struct Owner {
    content_type: Option<CString>,
    etag: Option<CString>,
    reply: Reply,
}

impl Answer {
    /// It owns the reply.
    pub fn new(reply: Reply) -> Answer {
        let text = |name| reply.field(name).and_then(|value| CString::new(value).ok());
        let owner = Box::new(Owner { content_type: text("Content-Type"), etag: text("ETag"), reply });
        let pointer = |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        Answer {
            status: owner.reply.status,
            content_type: pointer(&owner.content_type),
            etag: pointer(&owner.etag),
            body: start_of(&owner.reply.body),
            body_length: owner.reply.body.len(),
            // From here on it does not move: none of the pointers is into the box itself, but into its members' heap.
            owner: Box::into_raw(owner).cast(),
        }
    }

    /// 500.
    pub fn panicked(words: &str) -> Answer {
        Answer::new(Reply::internal(&format!("a drawing panicked: {words}")))
    }

    /// Of all zeros, as C has it.
    pub fn empty() -> Answer {
        let (content_type, etag, body) = (ptr::null(), ptr::null(), ptr::null());
        Answer { status: 0, content_type, etag, body, body_length: 0, owner: ptr::null_mut() }
    }

    /// # Safety
    /// It is from `new`, and nothing that it points to is used any more; or it is empty.
    pub unsafe fn free(self) {
        if !self.owner.is_null() {
            // SAFETY: `new` made it of such a box, and whoever has the answer has taken it, so it happens once.
            drop(unsafe { Box::from_raw(self.owner.cast::<Owner>()) });
        }
    }
}

/// NULL for no bytes: Rust has a small number instead, and Go's collector does not let a pointer be one.
fn start_of(bytes: &[u8]) -> *const u8 {
    if bytes.is_empty() { ptr::null() } else { bytes.as_ptr() }
}

/// `captioner_text`.
#[repr(C)]
pub struct Text {
    /// Constant in C. It is what they were allocated by, so it is what they are freed by.
    bytes: *mut c_char,
    length: usize,
}

impl Text {
    /// It owns the words.
    pub fn new(words: String) -> Text {
        if words.is_empty() {
            return Text::empty();
        }
        let bytes = Box::leak(words.into_bytes().into_boxed_slice());
        Text { length: bytes.len(), bytes: bytes.as_mut_ptr().cast() }
    }

    /// Of all zeros.
    pub fn empty() -> Text {
        Text { bytes: ptr::null_mut(), length: 0 }
    }

    #[cfg(test)]
    /// Its words.
    pub fn as_str(&self) -> &str {
        // SAFETY: tests ask it of texts from `new` only.
        str::from_utf8(unsafe { std::slice::from_raw_parts(self.bytes.cast::<u8>(), self.length) })
            .expect("it is text")
    }

    /// # Safety
    /// It is from `new`, and not used any more; or it is empty.
    pub unsafe fn free(self) {
        if !self.bytes.is_null() {
            // SAFETY: `new` leaked a box of so many bytes, and whoever has the text has taken it, so it happens once.
            drop(unsafe {
                Box::from_raw(ptr::slice_from_raw_parts_mut(self.bytes.cast::<u8>(), self.length))
            });
        }
    }
}
