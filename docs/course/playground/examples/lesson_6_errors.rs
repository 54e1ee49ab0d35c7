//! A stream with an error in its middle, and three loops over it.

extern crate futures;

use futures::future::{self, Loop};
use futures::stream::{self, IterResult};
use futures::{Future, Stream};

type Items = IterResult<std::vec::IntoIter<Result<u32, &'static str>>>;

/// 1, an error, 3, and the end.
fn items() -> Items {
    stream::iter_result(vec![Ok(1), Err("the second is broken"), Ok(3)])
}

fn main() {
    println!("for_each:");
    let mut stream = items();
    let ended = stream.by_ref().for_each(|item| {
        println!("  item {}", item);
        Ok(())
    });
    println!("  ended with {:?}", ended.wait());
    println!("  the stream, polled once more: {:?}", stream.poll());

    println!("then(Ok) and for_each:");
    let ended = items().then(Ok::<_, ()>).for_each(|result| {
        println!("  {:?}", result);
        Ok(())
    });
    println!("  ended with {:?}", ended.wait());

    println!("loop_fn:");
    let ended = future::loop_fn(items(), |stream| {
        stream.into_future().then(|next| match next {
            Ok((Some(item), stream)) => {
                println!("  item {}", item);
                Ok(Loop::Continue(stream))
            }
            Ok((None, _)) => Ok::<_, ()>(Loop::Break(())),
            Err((error, stream)) => {
                println!("  error: {}", error);
                Ok(Loop::Continue(stream))
            }
        })
    });
    println!("  ended with {:?}", ended.wait());
}
