//! `Drain` and `Watch` with the channels of today's tokio.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (stop, stopped) = watch::channel(false);
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    for (who, request) in [("idle", None), ("busy", Some(Duration::from_millis(50)))] {
        let (mut stopped, alive) = (stopped.clone(), alive.clone());
        tokio::spawn(async move {
            // An error means that the sender is gone, and that means: stop, as well.
            let _ = stopped.wait_for(|stopped| *stopped).await;
            if let Some(time) = request {
                sleep(time).await;
            }
            println!("{who}: gone");
            drop(alive);
        });
    }
    stop.send(true).expect("there are receivers");
    // Or the drain would wait for its own sender.
    drop(alive);
    let none = all_gone.recv().await;
    println!("server: {none:?}, all are gone");
}
