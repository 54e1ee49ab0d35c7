//! `/health`: whether the server takes requests.

use hyper::StatusCode;

use server::app::App;
use server::http::reply::Reply;

/// `GET /health`: 200, or 503 while the server is stopping. Connections that are open then may still ask.
pub fn health(app: &App) -> Reply {
    if app.is_stopping.get() {
        Reply::json_with(StatusCode::ServiceUnavailable, &json!({ "status": "stopping" }))
    } else {
        Reply::json(&json!({ "status": "ok" }))
    }
}
