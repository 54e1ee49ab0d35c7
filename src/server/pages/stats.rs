//! `/stats`: the numbers as JSON. Answered on the reactor, at once, however busy the render threads are.

use serde_json::{Map, Value};

use server::app::App;
use server::http::reply::Reply;
use server::numbers::latency::Summary;
use server::numbers::{self, Reading};

/// `GET /stats`.
pub fn stats(app: &App) -> Reply {
    let mut page = Map::new();
    for (row, reading) in numbers::read(app) {
        match reading {
            Reading::Integer(number) => insert(&mut page, row.stats, json!(number)),
            Reading::Float(number) => insert(&mut page, row.stats, json!(number)),
            Reading::Integers(_, numbers) => insert_all(&mut page, row.stats, &numbers),
            Reading::Floats(_, numbers) => insert_all(&mut page, row.stats, &numbers),
            Reading::Durations(ref summary) => insert(&mut page, row.stats, in_seconds(summary)),
        }
    }
    Reply::json(&Value::Object(page))
}

/// Inserts a value for each value of a label, which takes the place of the `*` in the path.
fn insert_all<T: Copy + Into<Value>>(page: &mut Map<String, Value>, path: &str, numbers: &[(&str, T)]) {
    for &(label, number) in numbers {
        insert(page, &path.replace('*', label), number.into());
    }
}

/// Inserts a value at a path of names, joined with dots.
fn insert(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_string(), value);
        }
        Some((name, rest)) => {
            let nested = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
            let nested = nested.as_object_mut().expect("a row's name is no other row's object");
            insert(nested, rest, value);
        }
    }
}

fn in_seconds(summary: &Summary) -> Value {
    let [p50, p90, p99, p999] = summary.quantiles;
    json!({
        "count": summary.count,
        "mean": summary.mean(),
        "p50": p50,
        "p90": p90,
        "p99": p99,
        "p999": p999,
        "max": summary.max,
    })
}
