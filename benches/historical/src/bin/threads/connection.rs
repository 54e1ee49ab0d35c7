//! Serves one connection on its own thread.

use historical::carried::{Asked, Reply, Route, Work, route};
use serde_json::json;

use super::App;
use super::connections::Connection;
use super::http::{Head, Wire};

/// Answers its requests, one after the other, to its end.
pub fn serve(app: &App, connection: &Connection) {
    let (config, socket) = (&app.config, connection.socket());
    // Needed where it is not inherited from the listener. Without it an answer is late, not wrong.
    let _ = socket.set_nodelay(true);
    if socket.set_write_timeout(Some(config.write_timeout)).is_err() {
        return;
    }
    let mut wire = Wire::new(socket);
    // The first head has no time to be idle before it.
    let mut idle = None;
    loop {
        connection.set_waiting(true);
        let head = wire.head(idle, config.header_timeout);
        connection.set_waiting(false);
        idle = Some(config.keep_alive_timeout);
        let head = match head {
            Ok(head) => head,
            Err(None) => return,
            Err(Some(refusal)) => {
                let _ = wire.send(&refusal, None);
                break;
            }
        };
        let in_flight = app.counts.start_request();
        // What is known without drawing comes early, as an error does.
        let mut reply = reply(app, &mut wire, &head).unwrap_or_else(|early| early);
        in_flight.answered(reply.status);
        // Requests that the client has pipelined before the shutdown are answered, too.
        let is_last = app.counts.is_stopping() && !wire.has_more();
        reply.closes |= is_last || wire.is_before_body();
        if wire.send(&reply, Some(&head)).is_err() || !head.keeps_alive && !reply.closes {
            return;
        }
        if reply.closes {
            break;
        }
    }
    connection.set_waiting(true);
    wire.linger();
}

fn reply(app: &App, wire: &mut Wire, head: &Head) -> Result<Reply, Reply> {
    let (method, target) = (head.method.as_str(), head.target.as_str());
    let if_none_match = head.if_none_match.as_deref();
    let asked = Asked { method, target, if_none_match, content_type: head.content_type.as_deref() };
    let (max_body, max_upload) = (app.config.max_body, app.config.max_upload);
    let timeout = app.config.request_timeout;
    let render = |work| app.renderer.run(work, timeout);
    match route(&asked)? {
        Route::Caption(query) => render(app.pictures.of_query(&query, if_none_match)?),
        Route::PostedCaption => render(app.pictures.of_json(&wire.body(head, max_body, timeout)?)?),
        Route::PostedPicture(query) => {
            render(Work::of_picture(&query, wire.body(head, max_upload, timeout)?)?)
        }
        Route::Templates => render(Work::Templates),
        Route::Template(name) => render(Work::Template(name)),
        Route::Fonts => render(Work::Fonts),
        Route::Stats => Ok(Reply::json(200, &app.counts.json())),
        Route::Health if app.counts.is_stopping() => Ok(Reply::json(503, &json!({ "status": "stopping" }))),
        Route::Health => Ok(Reply::json(200, &json!({ "status": "ok" }))),
    }
}
