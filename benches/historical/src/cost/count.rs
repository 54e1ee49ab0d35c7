//! Counts the constructs in a source that a reader has to keep in mind: closures and how deep they nest,
//! combinators, boxes, shared ownership, hand-written futures.
//!
//! It counts names, without knowing types, so `map` on an `Option` counts as a combinator, too.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{
    Block, Expr, ExprAsync, ExprAwait, ExprCall, ExprClosure, ExprMethodCall, ImplItemFn, Item, ItemImpl,
    Macro, PathSegment, Signature, Token, TraitItemFn,
};

use super::source::Source;

/// Methods that make a future or a stream of another one.
const COMBINATORS: [&str; 15] = [
    "and_then",
    "catch_unwind",
    "flatten",
    "fold",
    "for_each",
    "join",
    "join_all",
    "map",
    "map_err",
    "or_else",
    "select",
    "select2",
    "shared",
    "then",
    "timeout",
];

/// Traits whose implementation is a state machine, or the hand that drives one.
const POLLED: [&str; 5] = ["AsyncRead", "AsyncWrite", "Future", "Sink", "Stream"];

/// Everything that is counted, of any number of files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    pub files: usize,
    /// That hold code.
    pub lines: usize,
    /// Functions, methods, types, traits, implementations, constants.
    pub items: usize,
    pub closures: usize,
    /// The sum of the depths of all closures: one that is in no other has depth 1.
    pub depths: usize,
    /// Of the deepest closure.
    pub deepest: usize,
    /// Of the deepest among closures and async blocks, both counted.
    pub deepest_with_async: usize,
    pub async_blocks: usize,
    pub async_functions: usize,
    pub awaits: usize,
    /// Calls of each of the combinators.
    pub combinators: BTreeMap<String, usize>,
    /// Calls of `Box::new` and `Box::pin`.
    pub boxes: usize,
    /// Types called `BoxFuture`, or that say `dyn Future`.
    pub boxed_futures: usize,
    /// `Arc` and `Rc`, but for those that are imported.
    pub shared: usize,
    pub clones: usize,
    /// Implementations of [`POLLED`].
    pub polled: usize,
    /// Functions called `poll` or `poll_…`.
    pub polls: usize,
}

impl Counts {
    /// Of one file.
    pub fn of(source: &Source) -> Counts {
        let counts = Counts { files: 1, lines: source.lines(), ..Counts::default() };
        let mut reader = Reader { counts, closures: 0, blocks: 0 };
        reader.visit_file(&source.syntax);
        reader.counts
    }

    /// Calls of all combinators.
    pub fn combinators(&self) -> usize {
        self.combinators.values().sum()
    }

    /// The mean depth of closures; `None` without any.
    pub fn mean_depth(&self) -> Option<f64> {
        (self.closures > 0).then(|| self.depths as f64 / self.closures as f64)
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        let mut combinators = std::mem::take(&mut self.combinators);
        for (name, calls) in other.combinators {
            *combinators.entry(name).or_default() += calls;
        }
        *self = Counts {
            files: self.files + other.files,
            lines: self.lines + other.lines,
            items: self.items + other.items,
            closures: self.closures + other.closures,
            depths: self.depths + other.depths,
            deepest: self.deepest.max(other.deepest),
            deepest_with_async: self.deepest_with_async.max(other.deepest_with_async),
            async_blocks: self.async_blocks + other.async_blocks,
            async_functions: self.async_functions + other.async_functions,
            awaits: self.awaits + other.awaits,
            combinators,
            boxes: self.boxes + other.boxes,
            boxed_futures: self.boxed_futures + other.boxed_futures,
            shared: self.shared + other.shared,
            clones: self.clones + other.clones,
            polled: self.polled + other.polled,
            polls: self.polls + other.polls,
        };
    }
}

/// Where in the syntax it is.
struct Reader {
    counts: Counts,
    /// Closures around.
    closures: usize,
    /// Async blocks around.
    blocks: usize,
}

impl Reader {
    fn note_depth(&mut self) {
        self.counts.deepest_with_async = self.counts.deepest_with_async.max(self.closures + self.blocks);
    }

    /// What a macro was given: expressions between commas, or statements. Of anything else, as of `select!` and
    /// `json!`, what stands between its signs may be one of these, and what is in brackets.
    fn read_tokens(&mut self, tokens: &TokenStream) {
        if let Ok(all) = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone()) {
            all.iter().for_each(|expression| self.visit_expr(expression));
        } else if let Ok(statements) = Block::parse_within.parse2(tokens.clone()) {
            statements.iter().for_each(|statement| self.visit_stmt(statement));
        } else {
            let pieces = pieces(tokens);
            if pieces.len() > 1 {
                return pieces.iter().for_each(|piece| self.read_tokens(piece));
            }
            for token in tokens.clone() {
                if let TokenTree::Group(group) = token {
                    self.read_tokens(&group.stream());
                }
            }
        }
    }
}

/// What stands between `,`, `;`, `:`, `=` and `=>`, without the words `if` and `else` before it.
fn pieces(tokens: &TokenStream) -> Vec<TokenStream> {
    let mut pieces = Vec::<TokenStream>::new();
    let mut piece = Vec::new();
    // The signs of `::`, `==` and `=>` stand together.
    let mut sign = String::new();
    for token in tokens.clone() {
        let TokenTree::Punct(punct) = &token else {
            sign.clear();
            if !matches!(&token, TokenTree::Ident(word) if word == "if" || word == "else") {
                piece.push(token);
            }
            continue;
        };
        sign.push(punct.as_char());
        let goes_on = punct.spacing() == Spacing::Joint;
        piece.push(token);
        if !goes_on {
            if [",", ";", ":", "=", "=>"].contains(&sign.as_str()) {
                piece.truncate(piece.len() - sign.len());
                pieces.push(piece.drain(..).collect());
            }
            sign.clear();
        }
    }
    pieces.push(piece.into_iter().collect());
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !matches!(item, Item::Use(_) | Item::Mod(_) | Item::ExternCrate(_) | Item::Macro(_)) {
            self.counts.items += 1;
        }
        visit::visit_item(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let name = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        if name.is_some_and(|name| POLLED.iter().any(|polled| name.ident == polled)) {
            self.counts.polled += 1;
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.counts.items += 1;
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        self.counts.items += 1;
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_signature(&mut self, signature: &'ast Signature) {
        let name = signature.ident.to_string();
        if name == "poll" || name.starts_with("poll_") {
            self.counts.polls += 1;
        }
        if signature.asyncness.is_some() {
            self.counts.async_functions += 1;
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.closures += 1;
        self.counts.closures += 1;
        self.counts.depths += self.closures;
        self.counts.deepest = self.counts.deepest.max(self.closures);
        self.note_depth();
        visit::visit_expr_closure(self, closure);
        self.closures -= 1;
    }

    fn visit_expr_async(&mut self, block: &'ast ExprAsync) {
        self.blocks += 1;
        self.counts.async_blocks += 1;
        self.note_depth();
        visit::visit_expr_async(self, block);
        self.blocks -= 1;
    }

    fn visit_expr_await(&mut self, wait: &'ast ExprAwait) {
        self.counts.awaits += 1;
        visit::visit_expr_await(self, wait);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let name = call.method.to_string();
        if name == "clone" && call.args.is_empty() {
            self.counts.clones += 1;
        }
        // `then` without a closure and `select()` without another future are something else.
        if COMBINATORS.contains(&name.as_str()) && (!call.args.is_empty() || takes_nothing(&name)) {
            *self.counts.combinators.entry(name).or_default() += 1;
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(function) = &*call.func {
            let names: Vec<_> = function.path.segments.iter().map(|name| name.ident.to_string()).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            match names[..] {
                [.., "Box", "new" | "pin"] => self.counts.boxes += 1,
                [.., "clone"] => self.counts.clones += 1,
                _ => {}
            }
        }
        visit::visit_expr_call(self, call);
    }

    // Imports are trees of names, and not paths: they do not come here.
    fn visit_path_segment(&mut self, name: &'ast PathSegment) {
        if name.ident == "Arc" || name.ident == "Rc" {
            self.counts.shared += 1;
        }
        if name.ident == "BoxFuture" {
            self.counts.boxed_futures += 1;
        }
        visit::visit_path_segment(self, name);
    }

    fn visit_type_trait_object(&mut self, object: &'ast syn::TypeTraitObject) {
        let is_future = |bound: &syn::TypeParamBound| match bound {
            syn::TypeParamBound::Trait(bound) => bound
                .path
                .segments
                .last()
                .is_some_and(|name| name.ident == "Future" || name.ident == "Stream"),
            _ => false,
        };
        if object.bounds.iter().any(is_future) {
            self.counts.boxed_futures += 1;
        }
        visit::visit_type_trait_object(self, object);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.read_tokens(&call.tokens);
    }
}

/// Whether the combinator has no argument.
fn takes_nothing(name: &str) -> bool {
    matches!(name, "catch_unwind" | "flatten" | "shared")
}

#[cfg(test)]
mod tests;
