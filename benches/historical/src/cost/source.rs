//! The text of a source file → its tokens and syntax, without tests and doc comments; and how many lines hold
//! code.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// A source file without its tests and its comments.
pub struct Source {
    /// Its tokens, each with the place where it stands.
    pub tokens: TokenStream,
    /// The same, parsed.
    pub syntax: syn::File,
}

impl Source {
    /// Parses a file of any edition.
    ///
    /// # Errors
    /// If it is not Rust.
    pub fn parse(text: &str) -> syn::Result<Source> {
        let tokens = without_tests_and_docs(text.parse()?);
        let syntax = syn::parse2(tokens.clone())?;
        Ok(Source { tokens, syntax })
    }

    /// Lines on which some token of the code stands, or a part of one, as of a string of several lines.
    pub fn lines(&self) -> usize {
        let mut lines = BTreeSet::new();
        add_lines(&self.tokens, &mut lines);
        lines.len()
    }
}

fn add_lines(tokens: &TokenStream, lines: &mut BTreeSet<usize>) {
    let mut add = |span: Span| lines.extend(span.start().line..=span.end().line);
    let mut inner = Vec::new();
    for token in tokens.clone() {
        match token {
            TokenTree::Group(group) => {
                add(group.span_open());
                add(group.span_close());
                inner.push(group.stream());
            }
            token => add(token.span()),
        }
    }
    inner.iter().for_each(|tokens| add_lines(tokens, lines));
}

/// Leaves out doc comments, which are attributes for the parser, and whatever is `#[cfg(test)]`: from the attribute
/// to the end of the item, which is its first brace pair or semicolon.
fn without_tests_and_docs(tokens: TokenStream) -> TokenStream {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_inner = is_punct(&token, '#') && tokens.peek().is_some_and(|next| is_punct(next, '!'));
        let sign = if is_inner { tokens.next() } else { None };
        let attribute = match tokens.peek() {
            Some(TokenTree::Group(group)) if is_punct(&token, '#') => Some(group.stream().to_string()),
            _ => None,
        };
        match attribute.as_deref() {
            Some(attribute) if attribute.starts_with("doc =") => drop(tokens.next()),
            Some("cfg (test)") => skip_item(&mut tokens),
            _ => {
                kept.push(inside(token));
                kept.extend(sign);
            }
        }
    }
    kept.into_iter().collect()
}

fn skip_item(tokens: &mut impl Iterator<Item = TokenTree>) {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => is_punct(token, ';'),
    };
    tokens.find(is_end);
}

/// A token; if it is a group, without what is left out inside of it.
fn inside(token: TokenTree) -> TokenTree {
    let TokenTree::Group(group) = token else { return token };
    let mut kept = Group::new(group.delimiter(), without_tests_and_docs(group.stream()));
    // The span of the pair that it stands for, both ends of it.
    kept.set_span(group.span());
    TokenTree::Group(kept)
}

/// Whether a token is that sign.
pub fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

#[cfg(test)]
mod tests {
    use super::Source;

    fn lines(text: &str) -> usize {
        Source::parse(text).expect("the sample is Rust").lines()
    }

    #[test]
    fn blank_lines_and_comments_are_no_code() {
        let sample = "//! A file.\n\n/// Adds.\nfn add(a: u8, b: u8) -> u8 {\n    // On the way.\n\n    a + b // sum\n}\n";
        assert_eq!(lines(sample), 3);
        assert_eq!(lines("/* one\ntwo */ const A: u8 = 1; /** three */ const B: u8 = 2;\n"), 1);
    }

    #[test]
    fn a_string_of_several_lines_counts_as_they_are() {
        assert_eq!(lines("const A: &str = \"// no comment\n\n  three\";\n"), 3);
    }

    #[test]
    fn tests_are_no_code() {
        let sample = "#[cfg(test)]\nextern crate a;\nfn b() {}\n#[cfg(test)]\n#[allow(unused)]\nmod tests {\n\
                      fn c() {}\n}\n#[cfg(unix)]\nfn d() {}\n";
        assert_eq!(lines(sample), 3);
        assert_eq!(Source::parse(sample).unwrap().syntax.items.len(), 2);
    }

    #[test]
    fn tests_inside_of_something_are_no_code_either() {
        assert_eq!(lines("mod a {\n    #[cfg(test)]\n    fn b(c: [u8; 3]) {\n    }\n    fn d() {}\n}\n"), 3);
    }

    #[test]
    fn inner_attributes_stay() {
        assert_eq!(lines("#![forbid(unsafe_code)]\n#![doc = \"no\"]\nextern crate a;\n"), 2);
    }

    #[test]
    fn the_language_of_2015_parses() {
        let sample = "extern crate a;\nuse ::a::b;\nfn c(d: Box<A + Send>) -> ::a::B { try!(d(1)) }\n";
        assert_eq!(lines(sample), 3);
    }
}
