// What draws is borrowed, and the work may outlive the loan.

use std::thread;

struct Captioner;

impl Captioner {
    fn draw(&self, body: Vec<u8>) -> usize {
        body.len()
    }
}

fn read() -> Vec<u8> {
    Vec::new()
}

fn serve(captioner: &Captioner) {
    thread::spawn(move || {
        let body = read();
        let length = captioner.draw(body);
        println!("{length}");
    });
}

fn main() {
    serve(&Captioner);
}
