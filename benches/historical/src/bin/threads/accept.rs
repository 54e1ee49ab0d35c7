//! The thread that accepts, and those that it gives the connections to.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::connections::Connection;
use super::{App, connection};

/// How long to wait after something that failed for want of descriptors or threads: until some are free.
const PAUSE: Duration = Duration::from_millis(50);
/// Bytes of a connection's stack. What it draws is drawn elsewhere; most of it is for JSON that is nested as
/// deep as it may be.
const STACK: usize = 256 << 10;

/// Accepts connections until there are to be no more. Each is for one of so many threads, that go on to the
/// next one when it has ended; with 0, for a thread of its own.
///
/// # Errors
/// If the threads cannot be started.
pub fn accept(listener: &TcpListener, app: &Arc<App>, pool: usize) -> io::Result<()> {
    let pool = (pool > 0).then(|| start_pool(app, pool)).transpose()?;
    let mut id = 0;
    while app.connections.wait_for_room() {
        let accepted = listener.accept().and_then(|(socket, _)| {
            id += 1;
            let connection = app.connections.add(socket, id);
            match &pool {
                Some(pool) => pool.send(connection).map_err(io::Error::other),
                // If it fails, it drops the connection, which ends it.
                None => start_thread(app.clone(), connection).map(drop),
            }
        });
        match accepted {
            Err(_) if app.connections.is_closed() => {}
            // Only that connection failed; go on with the next.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
            Err(error) => {
                eprintln!("cannot take a connection: {error}");
                thread::sleep(PAUSE);
            }
            Ok(()) => {}
        }
    }
    Ok(())
}

fn start_thread(app: Arc<App>, connection: Connection) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().stack_size(STACK).spawn(move || connection::serve(&app, &connection))
}

fn start_pool(app: &Arc<App>, threads: usize) -> io::Result<Sender<Connection>> {
    let (pool, accepted) = mpsc::channel::<Connection>();
    let accepted = Arc::new(Mutex::new(accepted));
    for _ in 0..threads {
        let (app, accepted) = (app.clone(), accepted.clone());
        let next = move || accepted.lock().expect("no thread panics while it holds this lock").recv().ok();
        let serve = move |connection| {
            // The panic hook has printed the panic. It must not cost the next connection.
            let _ = catch_unwind(AssertUnwindSafe(|| connection::serve(&app, &connection)));
        };
        let serve_all = move || std::iter::from_fn(next).for_each(serve);
        thread::Builder::new().stack_size(STACK).spawn(serve_all)?;
    }
    Ok(pool)
}
