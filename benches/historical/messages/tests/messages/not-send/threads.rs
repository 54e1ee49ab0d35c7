// A count that must stay on its thread goes to another with the work.

use std::cell::Cell;
use std::rc::Rc;
use std::thread;

fn read() -> Vec<u8> {
    Vec::new()
}

fn draw(body: Vec<u8>) -> usize {
    body.len()
}

fn serve(answered: Rc<Cell<u64>>) {
    thread::spawn(move || {
        let body = read();
        let length = draw(body);
        answered.set(answered.get() + 1);
        println!("{length}");
    });
}

fn main() {
    serve(Rc::default());
}
