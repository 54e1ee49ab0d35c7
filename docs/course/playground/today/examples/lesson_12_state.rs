//! What an `async fn` is before its first poll, while it waits, and when it is dropped.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

/// Says when it is dropped.
struct Noisy(&'static str);

impl Drop for Noisy {
    fn drop(&mut self) {
        println!("  drops {}", self.0);
    }
}

/// Not ready at its first poll, ready at its second. Nobody is notified: `main` polls again by itself.
async fn wait(of: &'static str) {
    let _noisy = Noisy(of);
    let mut polls = 0;
    poll_fn(|_| {
        polls += 1;
        if polls == 1 { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}

async fn handler(_request: Noisy) {
    println!("  begins");
    wait("the first wait").await;
    let _body = Noisy("the body");
    wait("the second wait").await;
    println!("  ends");
}

/// Its buffer is borrowed across the wait, so it is part of the future.
async fn reads_into_a_buffer() -> u32 {
    let mut buffer = [0; 1024];
    fill(&mut buffer).await;
    buffer.iter().map(|&byte: &u8| u32::from(byte)).sum()
}

async fn fill(buffer: &mut [u8]) {
    wait("the bytes").await;
    buffer.fill(1);
}

/// Its buffer is gone before the wait, so it is on the stack of one poll.
async fn writes_from_a_buffer() -> u32 {
    let sum = {
        let buffer = [1; 1024];
        buffer.iter().map(|&byte: &u8| u32::from(byte)).sum()
    };
    wait("the socket").await;
    sum
}

fn main() {
    let mut cx = Context::from_waker(Waker::noop());

    println!("call");
    let future = handler(Noisy("the request"));
    println!("first poll");
    let mut future = Box::pin(future);
    assert!(future.as_mut().poll(&mut cx).is_pending());
    println!("second poll");
    assert!(future.as_mut().poll(&mut cx).is_pending());
    println!("drop");
    drop(future);

    println!("bytes");
    let (reads, writes) = (reads_into_a_buffer(), writes_from_a_buffer());
    println!("  with the buffer across the wait: {}", size_of_val(&reads));
    println!("  with the buffer before the wait: {}", size_of_val(&writes));
    println!(
        "  two in a row: {}",
        size_of_val(&async { (reads_into_a_buffer().await, reads_into_a_buffer().await) })
    );
    println!("  boxed: {}", size_of_val(&Box::pin(reads)));
}
