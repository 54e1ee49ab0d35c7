//! tokio's `timeout`: where the future that it limits is, and when that is dropped.

use std::hint::black_box;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use playground_today::trace::{self, event};
use tokio::time::timeout;

/// Is never ready, and says whether it is where it was.
struct Where {
    before: Option<usize>,
    /// Without this it could be moved between two polls.
    _pinned: PhantomPinned,
}

impl Where {
    fn look(&mut self, when: &str) {
        let now = &raw const *self as usize;
        match self.before.replace(now) {
            None => event("future", when),
            Some(before) if before == now => event("future", format!("{when}, not moved")),
            Some(_) => event("future", format!("{when}, moved")),
        }
    }
}

impl Future for Where {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        // SAFETY: `look` moves nothing.
        unsafe { self.get_unchecked_mut() }.look("poll");
        Poll::Pending
    }
}

impl Drop for Where {
    fn drop(&mut self) {
        self.look("drop");
    }
}

/// Polls its future, with more on the stack at every second poll.
struct FromFurtherDown<F>(Pin<Box<F>>, bool);

impl<F: Future> Future for FromFurtherDown<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.1 = !self.1;
        if self.1 { self.0.as_mut().poll(context) } else { further_down(self.0.as_mut(), context) }
    }
}

#[inline(never)]
fn further_down<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    let more = black_box([0_u8; 4096]);
    let polled = future.poll(context);
    black_box(&more);
    polled
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let future = Where { before: None, _pinned: PhantomPinned };
    let mut limited = FromFurtherDown(Box::pin(timeout(Duration::from_millis(50), future)), false);
    match (&mut limited).await {
        Ok(()) => event("timeout", "→ Ok"),
        Err(late) => event("timeout", format!("→ Err: {late}")),
    }
    drop(limited);
    trace::print();
}
