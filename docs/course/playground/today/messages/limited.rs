//! The `poll` of `Limited` for the `Future` of today, translated word by word. It does not compile.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

pub struct Late;

pub struct Limited<F> {
    state: State<F>,
}

type Sleep = Pin<Box<dyn Future<Output = ()>>>;

enum State<F> {
    Unpolled(F),
    Timed(F, Sleep),
    Done,
}

impl<F: Future> Future for Limited<F> {
    type Output = Result<F::Output, Late>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let (mut future, sleep) = match mem::replace(&mut this.state, State::Done) {
            State::Unpolled(future) => (future, None),
            State::Timed(future, sleep) => (future, Some(sleep)),
            State::Done => panic!("a future with a deadline was polled after its end"),
        };
        if let Poll::Ready(output) = Pin::new(&mut future).poll(cx) {
            return Poll::Ready(Ok(output));
        }
        let mut sleep = sleep.unwrap_or_else(sleep_from_now_on);
        match sleep.as_mut().poll(cx) {
            Poll::Pending => {
                this.state = State::Timed(future, sleep);
                Poll::Pending
            }
            Poll::Ready(()) => Poll::Ready(Err(Late)),
        }
    }
}

fn sleep_from_now_on() -> Sleep {
    Box::pin(std::future::pending())
}
