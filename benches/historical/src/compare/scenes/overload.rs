//! Measures more drawing than the machine can do, and work that nobody waits for any more.

use std::io;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::{Better, Description, Measure, Sample, Stage};
use crate::compare::load::answer::Ask;
use crate::compare::load::client::Client;
use crate::compare::load::crowd::Crowd;
use crate::compare::reading::quantile;

/// Many times as many as can draw or wait.
const CROWD: usize = 256;
/// After which one that was refused comes again.
const PAUSE: Duration = Duration::from_millis(100);
/// Requests that may wait for a thread.
const QUEUE: &str = "64";
/// Clients that ask and go. All of them can wait, even where one address may have a half of the queue only.
const LEAVING: usize = 30;
/// The number of the first of their pictures: no other is near.
const LEAVING_PICTURES: u64 = 1 << 28;
/// How long they wait.
const WAIT: Duration = Duration::from_millis(20);
/// For how long the server is watched after they have gone: longer than it takes to draw all that they wanted.
const WATCHED: Duration = Duration::from_millis(400);

const RATE: &str = "pictures per second";
const REFUSED: &str = "time until a refusal, p99";
const AFTER: &str = "until the next picture";
const WASTE: &str = "processor time for those who have gone";
const CROWDED: &str = "256 clients, room for 64";
const GONE: &str = "30 clients have hung up";

const fn measure(name: &'static str, unit: &'static str, variants: &'static [&'static str]) -> Measure {
    Measure { name, unit, better: Better::Lower, variants, telling: variants }
}

pub const DESCRIPTION: Description = Description {
    name: "overload",
    claim: "A request can time out, but the work that was begun for it goes on.",
    question: "What happens when there is more to draw than the machine can, and when clients give up?",
    how: "256 clients at eight addresses request GIFs of 15 frames; 64 requests may wait, and who is refused comes again \
          after 0.1 s. How long a refusal takes counts from when its request was sent, and a client that waits sends \
          no other, so who refuses late is asked less. Then these clients leave, and 30 \
          others request GIFs at one instant and hang up after 20 ms. Another client then requests a JPEG: if the \
          server still draws for those who have gone, it waits. The processor time of the server is watched for 0.4 s \
          from the hang-ups on.",
    measures: &[
        Measure { name: RATE, unit: "/s", better: Better::Higher, variants: &[CROWDED], telling: &[CROWDED] },
        measure(REFUSED, "ms", &[CROWDED]),
        measure(AFTER, "ms", &[GONE]),
        measure(WASTE, "ms", &[GONE]),
    ],
    is_line: false,
};

pub async fn play(stage: &Stage<'_>, sample: &mut Sample) -> io::Result<()> {
    let program = stage.start(&[("queue", QUEUE)]).await?;
    stage.warm(&program, &[Ask::Gif, Ask::Jpeg]).await?;
    let crowd = Crowd::start(program.address, Ask::Gif, CROWD, PAUSE).await?;
    crowd.window(stage.length(0.1, 0.2)).await?;
    let start = Instant::now();
    let crowded = crowd.window(stage.length(0.8, 0.9)).await?;
    let seconds = start.elapsed().as_secs_f64();
    drop(crowd);
    sample.value(RATE, CROWDED, Some(crowded.answered as f64 / seconds));
    sample.value(REFUSED, CROWDED, quantile(&crowded.refusals, 0.99));
    sample.keep_latencies(CROWDED, crowded.refusals);
    sample.troubles(CROWDED, crowded.wrongs.sentences());
    // What has begun for the crowd may end first: 66 GIFs, if nothing is cancelled.
    sleep(WATCHED).await;

    let number = AtomicU64::new(LEAVING_PICTURES);
    let mut client = Client::connect(program.address).await?;
    let mut leaving = Vec::with_capacity(LEAVING);
    for _ in 0..LEAVING {
        leaving.push(Client::connect(program.address).await?);
    }
    for leaver in &mut leaving {
        leaver.writer.write_all(&Ask::Gif.request(&number)).await?;
    }
    sleep(WAIT).await;
    let counters = program.counters();
    drop(leaving);
    let gone = Instant::now();
    match client.ask(Ask::Jpeg, &Ask::Jpeg.request(&number)).await {
        Ok(answer) if answer.wrong.is_none() => {
            sample.value(AFTER, GONE, Some(gone.elapsed().as_secs_f64() * 1e3));
        }
        answer => {
            let wrong = answer.map_or_else(Some, |answer| answer.wrong);
            let what = wrong.map_or(String::new(), |wrong| wrong.sentence());
            sample.trouble(GONE, format!("the next request was {what}"));
        }
    }
    sleep(WATCHED.saturating_sub(gone.elapsed())).await;
    sample.value(WASTE, GONE, counters.spent().await.cpu.map(|seconds| seconds * 1e3));
    program.kill().await;
    Ok(())
}
