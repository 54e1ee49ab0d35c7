//! `Limited` asks for `F: Unpin`. What an `async` block makes is not `Unpin`, so this does not compile.

use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

pub struct Limited<F>(F);

impl<F: Future + Unpin> Future for Limited<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

pub async fn sum() -> i32 {
    let two = async {
        let numbers = [1, 2];
        let first = &numbers[0];
        ready(()).await;
        *first + numbers[1]
    };
    Limited(two).await
}
