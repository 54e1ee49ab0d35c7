// What draws is borrowed, and the work may outlive the loan. Every step is a box.

use futures01::{Future, future};
use futures_cpupool::CpuPool;

struct Captioner;

type BoxFuture<T> = Box<dyn Future<Item = T, Error = ()> + Send>;

impl Captioner {
    fn draw(&self, body: Vec<u8>) -> BoxFuture<usize> {
        Box::new(future::ok(body.len()))
    }
}

fn read() -> BoxFuture<Vec<u8>> {
    Box::new(future::ok(Vec::new()))
}

fn serve(pool: &CpuPool, captioner: &Captioner) {
    let answer = read().and_then(move |body| captioner.draw(body)).map(|length| println!("{length}"));
    pool.spawn(answer).forget();
}

fn main() {
    serve(&CpuPool::new(1), &Captioner);
}
