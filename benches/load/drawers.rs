//! Clients that keep the drawing threads busy: each requests one new caption after another, so that no cache helps.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use client::Client;

/// Of a picture about 50 kB large. Always the same.
pub const CACHED: &str = "/caption?template=rocket&top_text=I%20can%20haz&bottom_text=the%20same%20again";

/// Some of them, at work until they are stopped.
pub struct Drawers {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<u64>>,
    start: Instant,
}

/// The target of a caption on that template that has not been requested yet.
pub fn new_caption(template: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("/caption?template={}&top_text=number%20{}&bottom_text=of%20many", template, count)
}

impl Drawers {
    pub fn start(address: SocketAddr, clients: usize, template: fn(u64) -> &'static str) -> Drawers {
        let stop = Arc::new(AtomicBool::new(false));
        let draw = move |stop: Arc<AtomicBool>| {
            let mut drawn = 0;
            let mut client = Client::connect(address).expect("the server accepts");
            while !stop.load(Ordering::Relaxed) {
                let answer = client.get(&new_caption(template(drawn))).expect("the server answers");
                assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
                drawn += 1;
            }
            drawn
        };
        let threads = (0..clients).map(|_| {
            let stop = stop.clone();
            thread::spawn(move || draw(stop))
        });
        Drawers { threads: threads.collect(), stop, start: Instant::now() }
    }

    /// Stops the clients and returns how many pictures per second they got.
    pub fn stop(self) -> f64 {
        self.stop.store(true, Ordering::Relaxed);
        let drawn: u64 =
            self.threads.into_iter().map(|thread| thread.join().expect("every answer is 200")).sum();
        drawn as f64 / self.start.elapsed().as_secs_f64()
    }
}

/// Until they are all at work.
pub fn settle() {
    thread::sleep(Duration::from_millis(200));
}

/// The default number of drawing threads.
pub fn render_threads() -> usize {
    thread::available_parallelism().map_or(1, |threads| threads.get())
}
