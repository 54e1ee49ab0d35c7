// A count that must stay on its thread goes to another with the work. Every step is a box.

use std::cell::Cell;
use std::rc::Rc;

use futures01::{Future, future};
use futures_cpupool::CpuPool;

type BoxFuture<T> = Box<dyn Future<Item = T, Error = ()> + Send>;

fn read() -> BoxFuture<Vec<u8>> {
    Box::new(future::ok(Vec::new()))
}

fn draw(body: Vec<u8>) -> BoxFuture<usize> {
    Box::new(future::ok(body.len()))
}

fn serve(pool: &CpuPool, answered: Rc<Cell<u64>>) {
    let answer = read().and_then(|body| draw(body)).map(move |length| {
        answered.set(answered.get() + 1);
        println!("{length}");
    });
    pool.spawn(answer).forget();
}

fn main() {
    serve(&CpuPool::new(1), Rc::default());
}
