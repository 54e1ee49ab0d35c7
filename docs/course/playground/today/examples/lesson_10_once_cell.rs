//! tokio's `OnceCell` is not a shared future: the work belongs to the caller that began it.

use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::{sleep, timeout};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let cell = OnceCell::new();
    let draw = async || {
        println!("a drawing begins");
        sleep(Duration::from_millis(100)).await;
        println!("a drawing is done");
        42
    };
    let first = timeout(Duration::from_millis(20), cell.get_or_init(draw));
    let second = cell.get_or_init(draw);
    let (first, second) = tokio::join!(first, second);
    println!("first: {:?}, second: {second}", first.ok());
}
