//! Samples counted by hand.

use super::{Counts, Source};

fn counts(text: &str) -> Counts {
    Counts::of(&Source::parse(text).expect("the sample is Rust"))
}

#[test]
fn closures_have_a_depth_and_those_in_tests_are_none() {
    let sample = "
        fn a() {
            b(|c| c.then(move |d| d.map(|e| e)).map(|f| f));
            g(|| ());
        }
        #[cfg(test)]
        mod tests { fn h() { i(|| j(|| k(|| l(|| ())))) } }
    ";
    let counts = counts(sample);
    // c 1, d 2, e 3, f 2, the last 1.
    assert_eq!((counts.closures, counts.depths, counts.deepest), (5, 9, 3));
    assert_eq!(counts.mean_depth(), Some(1.8));
    assert_eq!((counts.deepest_with_async, counts.async_blocks), (3, 0));
}

#[test]
fn async_blocks_count_beside_closures() {
    let sample = "
        async fn a() -> u8 {
            let b = async { c().await };
            spawn(move || async move { d(|| async { 1 }).await; b.await });
        }
        impl E { async fn f(&self) {} }
    ";
    let counts = counts(sample);
    assert_eq!((counts.async_functions, counts.async_blocks, counts.awaits), (2, 3, 3));
    assert_eq!((counts.closures, counts.deepest, counts.deepest_with_async), (2, 2, 4));
}

#[test]
fn combinators_are_known_by_their_names() {
    let sample = "
        fn a() {
            b().and_then(c).map(|d| d).map(e).or_else(f).select(g).join(h);
            i.shared(); j.flatten(); k.select(); then(l); m.filter(n);
        }
    ";
    let counts = counts(sample);
    let map = counts.combinators.iter().map(|(name, calls)| (name.as_str(), *calls));
    let expected = [
        ("and_then", 1),
        ("flatten", 1),
        ("join", 1),
        ("map", 2),
        ("or_else", 1),
        ("select", 1),
        ("shared", 1),
    ];
    assert!(map.eq(expected), "{:?}", counts.combinators);
    assert_eq!(counts.combinators(), 8);
}

#[test]
fn boxes_shares_and_clones() {
    let sample = "
        use std::sync::Arc;
        use std::rc::{self, Rc};
        type BoxFuture<T> = Box<dyn Future<Item = T>>;
        struct A { b: Arc<B>, c: std::rc::Rc<C> }
        fn d(e: Box<dyn Fn()>) -> BoxFuture<u8> {
            let f = Arc::new(g.clone());
            h(Rc::clone(&i), Box::pin(j), f.clone());
            Box::new(k)
        }
    ";
    let counts = counts(sample);
    assert_eq!((counts.boxes, counts.boxed_futures), (2, 2));
    assert_eq!((counts.shared, counts.clones), (4, 3));
}

#[test]
fn items_are_what_has_a_name_or_a_body() {
    let sample = "
        extern crate a;
        use b::c;
        mod d { const E: u8 = 1; }
        struct F;
        trait G { fn h(); }
        impl G for F { fn h() { fn i() {} } }
        macro_rules! j { () => {} }
    ";
    // E, F, G, its h, the impl, its h, i.
    assert_eq!(counts(sample).items, 7);
}

#[test]
fn futures_written_by_hand() {
    let sample = "
        impl Future for A { type Item = (); fn poll(&mut self) { self.poll_b() } }
        impl A { fn poll_b(&self) {} fn polling(&self) {} }
        impl<F> ::futures::Stream for C<F> { fn poll(&mut self) {} }
        impl From<A> for Future {}
    ";
    let counts = counts(sample);
    assert_eq!((counts.polled, counts.polls), (2, 3));
}

#[test]
fn macros_are_read_where_they_hold_expressions() {
    let sample = "
        fn a() {
            warn!(\"{}\", b.clone());
            json!({ \"c\": d.clone(), \"e\": [f.map(|g| g)] });
            tokio::select! {
                biased;
                h = i.clone().wait() => { j.clone(); }
                Ok(k) = async { l.await }, if m.map(|n| n) => o(|| ()),
                else => p.clone(),
            }
        }
    ";
    let counts = counts(sample);
    assert_eq!((counts.clones, counts.closures, counts.awaits, counts.async_blocks), (5, 3, 1, 1));
}

#[test]
fn sums_keep_the_deepest() {
    let mut sum = counts("fn a() { b(|| c(|| ())); d.map(e); }");
    sum += counts("async fn f() { g(|| ()); h.map(i).then(j); }");
    assert_eq!((sum.files, sum.lines, sum.items, sum.deepest, sum.depths), (2, 2, 2, 2, 4));
    assert_eq!((sum.combinators["map"], sum.combinators["then"], sum.async_functions), (2, 1, 1));
}
