// A count that must stay on its thread goes to another with the work.

use std::cell::Cell;
use std::rc::Rc;

async fn read() -> Vec<u8> {
    Vec::new()
}

async fn draw(body: Vec<u8>) -> usize {
    body.len()
}

fn serve(answered: Rc<Cell<u64>>) {
    tokio::spawn(async move {
        let body = read().await;
        let length = draw(body).await;
        answered.set(answered.get() + 1);
        println!("{length}");
    });
}

fn main() {
    serve(Rc::default());
}
