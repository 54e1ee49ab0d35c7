//! Held drawings: they begin and then wait until the test releases them, to see what the server does meanwhile.

use std::sync::{mpsc, Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use memed::captioner::{Cancel, CaptionError, Captioner};
use memed::config::Config;
use memed::image_macro::ImageMacro;

use super::{Client, Serve, LONG};

/// The target of a drawing that is held.
pub const BOOM: &str = "/caption?template=cat&top_text=boom";

/// A server that holds the drawings whose texts begin with `boom`, one at a time. All others are drawn at once.
pub struct Held {
    pub serve: Serve,
    begun: mpsc::Receiver<Instant>,
    end: mpsc::Sender<End>,
    cancelled: mpsc::Receiver<Instant>,
}

/// How a held drawing ends, if it is not cancelled before.
pub enum End {
    /// With the picture.
    Well,
    /// With this error.
    Failed(CaptionError),
    /// With a panic.
    Panic,
}

impl Held {
    pub fn with(config: Config) -> Held {
        let (begin, begun) = mpsc::channel();
        let (end, ends) = mpsc::channel();
        let (cancel_seen, cancelled) = mpsc::channel();
        let channels = Mutex::new((begin, ends, cancel_seen));
        let captioner = Captioner::new(config.captioner.clone());
        let draw = move |image_macro: &ImageMacro, cancel: &Cancel| {
            if !image_macro.captions.iter().any(|caption| caption.text.starts_with("boom")) {
                return captioner.caption(image_macro, cancel);
            }
            // `End::Panic` poisons the lock.
            let channels = channels.lock().unwrap_or_else(PoisonError::into_inner);
            // The test may be over, and with it the other ends of the channels.
            let _ = channels.0.send(Instant::now());
            let start = Instant::now();
            let end = loop {
                if let Err(error) = cancel.check() {
                    let _ = channels.2.send(Instant::now());
                    return Err(error);
                }
                match channels.1.recv_timeout(Duration::from_millis(1)) {
                    Ok(end) => break end,
                    Err(_) => assert!(start.elapsed() < LONG, "it is never ended"),
                }
            };
            match end {
                End::Well => captioner.caption(image_macro, cancel),
                End::Failed(error) => Err(error),
                End::Panic => panic!("a secret"),
            }
        };
        Held { serve: Serve::drawing(config, Arc::new(draw)), begun, end, cancelled }
    }

    /// Sends a request for a picture that is held.
    pub fn ask(&self) -> Client {
        let mut client = self.serve.connect();
        client.ask("GET", BOOM, &[]);
        client
    }

    /// The same, and waits until it is being drawn.
    pub fn first(&self) -> Client {
        let client = self.ask();
        self.begun();
        client
    }

    /// When the next held drawing begins. Waits for it.
    pub fn begun(&self) -> Instant {
        self.begun.recv_timeout(LONG).expect("the drawing begins")
    }

    /// Whether another one has begun.
    pub fn has_begun(&self) -> bool {
        self.begun.try_recv().is_ok()
    }

    /// Ends the one that has begun.
    pub fn end(&self, end: End) {
        self.end.send(end).expect("the server has its drawings");
    }

    /// When the drawing ends because it was cancelled. Waits for it.
    pub fn cancelled(&self) -> Instant {
        self.cancelled.recv_timeout(LONG).expect("the drawing is cancelled")
    }
}
