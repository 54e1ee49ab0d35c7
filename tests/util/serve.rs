//! Runs a server in a thread, on a free port.

use std::io;
use std::net::SocketAddr;
use std::sync::{mpsc, Arc};
use std::thread;

use futures::sync::oneshot;
use memed::captioner::Captioner;
use memed::config::Config;
use memed::server::{Draw, Server};

use super::{Client, Response, LONG};

/// A server in a thread of this process. Its drop stops it and joins the thread.
pub struct Serve {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Serve {
    /// A server with the defaults of [`config`].
    pub fn start() -> Serve {
        Serve::with(config())
    }

    /// A server with this configuration.
    pub fn with(config: Config) -> Serve {
        Serve::run(move || Server::bind(config))
    }

    /// A server that draws with `draw` instead of the captioner.
    pub fn drawing(config: Config, draw: Arc<Draw>) -> Serve {
        let captioner = Arc::new(Captioner::new(config.captioner.clone()));
        Serve::run(move || Server::bind_drawing(config, captioner, draw))
    }

    fn run<F>(bind: F) -> Serve
    where
        F: FnOnce() -> io::Result<Server> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, is_bound) = mpsc::channel();
        let thread = thread::spawn(move || {
            let server = bind().expect("loopback has a free port");
            bound.send(server.local_addr()).expect("the test waits for it");
            server.run_until(stopped).expect("the reactor runs");
        });
        let address = is_bound.recv_timeout(LONG).expect("the server starts");
        Serve { address, stop: Some(stop), thread: Some(thread) }
    }

    /// A new connection.
    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// One GET on a connection of its own.
    pub fn get(&self, target: &str) -> Response {
        self.connect().get(target)
    }

    /// One POST of JSON on a connection of its own.
    pub fn post(&self, body: &str) -> Response {
        self.connect().post("/caption", "application/json", body.as_bytes())
    }

    /// Asks it to stop, and returns at once.
    pub fn stop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits until it has stopped.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        self.stop();
        if thread::panicking() {
            return;
        }
        self.join();
    }
}

/// The default configuration, but on a free port of loopback and with two threads that draw.
pub fn config() -> Config {
    Config { address: SocketAddr::from(([127, 0, 0, 1], 0)), render_threads: 2, ..Config::default() }
}
