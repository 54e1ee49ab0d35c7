// What draws is borrowed, and the work may outlive the loan. No step is a box.

use futures01::future::FutureResult;
use futures01::{Future, future};
use futures_cpupool::CpuPool;

struct Captioner;

impl Captioner {
    fn draw(&self, body: Vec<u8>) -> FutureResult<usize, ()> {
        future::ok(body.len())
    }
}

fn read() -> FutureResult<Vec<u8>, ()> {
    future::ok(Vec::new())
}

fn serve(pool: &CpuPool, captioner: &Captioner) {
    let answer = read().and_then(move |body| captioner.draw(body)).map(|length| println!("{length}"));
    pool.spawn(answer).forget();
}

fn main() {
    serve(&CpuPool::new(1), &Captioner);
}
