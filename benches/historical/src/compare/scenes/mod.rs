//! The scenes. Each answers a question, with one contestant and one round at a time.

mod burst;
mod drawing;
mod framework;
mod many;
mod mixed;
mod overload;
mod site;
mod slow;
mod stop;

use std::io;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;
use tokio::time::sleep;

use super::contestants::Contestant;
use super::cores::{Cores, Split};
use super::figures::Better;
use super::load::answer::Ask;
use super::load::client::Client;
use super::load::closed::Closed;
use super::load::paced::Measured;
use super::program::{Knob, Program};
use super::reading::Reading;
use super::samples::Latencies;

/// Connections of the warm-up.
const WARM_CONNECTIONS: usize = 8;
/// The number of its first picture: no other is near.
const WARM_PICTURES: u64 = 1 << 29;
/// The name of the only variant of a scene that has none.
pub const ONLY: &str = "";

/// All scenes, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scene {
    /// Requests whose answers cost almost nothing.
    Framework,
    /// Pictures and nothing else.
    Drawing,
    /// Small requests beside pictures.
    Mixed,
    /// A site's mix of requests.
    Site,
    /// Ten to ten thousand connections.
    Many,
    /// A thousand requests at one instant.
    Burst,
    /// Deliberately slow clients.
    Slow,
    /// More drawing than there is time for, and clients who give up.
    Overload,
    /// A signal to stop in the middle of work.
    Stop,
}

/// What a scene is about.
pub struct Description {
    pub name: &'static str,
    /// The sentence of the article that it is about, as `docs/course/article.md` has it.
    pub claim: &'static str,
    pub question: &'static str,
    /// How it is measured, in a few sentences.
    pub how: &'static str,
    pub measures: &'static [Measure],
    /// A line over the variants; otherwise there are bars for each.
    pub is_line: bool,
}

/// What is measured in a scene.
pub struct Measure {
    pub name: &'static str,
    pub unit: &'static str,
    pub better: Better,
    /// The circumstances under which it is measured, or [`ONLY`].
    pub variants: &'static [&'static str],
    /// Those of them that answer the question, the most telling first: the page begins with its sentence.
    pub telling: &'static [&'static str],
}

/// One contestant, one round.
pub struct Stage<'a> {
    pub contestant: &'a Contestant,
    pub is_quick: bool,
    /// Processors.
    pub cores: usize,
    /// Files that a process may open.
    pub descriptors: u64,
    /// How processors are shared out in all scenes; `None` if each scene decides.
    pub placed: Option<Cores>,
}

/// The measurements of one contestant in one round.
#[derive(Default)]
pub struct Sample {
    pub values: Vec<Value>,
    pub troubles: Vec<Trouble>,
    /// All latencies of a variant, in microseconds: they are kept beside the page.
    pub latencies: Vec<Latencies>,
}

/// A number, or why there is none.
pub struct Value {
    pub measure: &'static str,
    pub variant: &'static str,
    pub reading: Reading,
}

/// Something that went wrong, which is a result, too.
pub struct Trouble {
    pub variant: &'static str,
    pub what: String,
}

impl Scene {
    pub fn description(self) -> &'static Description {
        match self {
            Scene::Framework => &framework::DESCRIPTION,
            Scene::Drawing => &drawing::DESCRIPTION,
            Scene::Mixed => &mixed::DESCRIPTION,
            Scene::Site => &site::DESCRIPTION,
            Scene::Many => &many::DESCRIPTION,
            Scene::Burst => &burst::DESCRIPTION,
            Scene::Slow => &slow::DESCRIPTION,
            Scene::Overload => &overload::DESCRIPTION,
            Scene::Stop => &stop::DESCRIPTION,
        }
    }

    /// Plays it. A contestant that fails gives troubles instead of values.
    pub async fn play(self, stage: &Stage<'_>) -> Sample {
        let mut sample = Sample::default();
        let played = match self {
            Scene::Framework => framework::play(stage, &mut sample).await,
            Scene::Drawing => drawing::play(stage, &mut sample).await,
            Scene::Mixed => mixed::play(stage, &mut sample).await,
            Scene::Site => site::play(stage, &mut sample).await,
            Scene::Many => many::play(stage, &mut sample).await,
            Scene::Burst => burst::play(stage, &mut sample).await,
            Scene::Slow => slow::play(stage, &mut sample).await,
            Scene::Overload => overload::play(stage, &mut sample).await,
            Scene::Stop => stop::play(stage, &mut sample).await,
        };
        if let Err(error) = played {
            sample.trouble(ONLY, error.to_string());
        }
        sample
    }
}

impl Stage<'_> {
    /// Starts the contestant with the knobs that all have, but for these. Nothing is decoded before it is needed
    /// unless `preload` says so: memory is that of the connections then.
    async fn start(&self, changed: &[Knob<'_>]) -> io::Result<Program> {
        // Most scenes are about what a machine does, so both have all of it.
        self.start_on(self.placed.unwrap_or(Cores::Shared), changed).await
    }

    /// The same, with the processors shared out in that way. It draws on as many threads as it has processors.
    async fn start_on(&self, cores: Cores, changed: &[Knob<'_>]) -> io::Result<Program> {
        let split = Split::new(cores)?;
        let threads = split.for_server(self.cores).to_string();
        let mut knobs = vec![
            ("render-threads", threads.as_str()),
            ("queue", "128"),
            ("result-cache", "0"),
            ("preload", "none"),
            ("request-timeout", "30"),
            ("header-timeout", "60"),
            ("keep-alive-timeout", "120"),
            ("max-connections", "16000"),
            // All clients of the load are at one address.
            ("max-connections-per-client", "16000"),
        ];
        knobs.retain(|(name, _)| changed.iter().all(|(other, _)| name != other));
        knobs.extend(changed);
        Program::start(self.contestant, &knobs, split).await
    }

    /// Has it draw one picture of each kind, so that all have decoded their templates, whether they do that before they
    /// listen or beside their first requests; then answer as much as it can for a while, so that V8 has compiled what is
    /// asked most.
    async fn warm(&self, program: &Program, kinds: &[Ask]) -> io::Result<()> {
        draw_one_of_each(program, kinds).await?;
        let load = Closed::start(program.address, Ask::Health, WARM_CONNECTIONS).await?;
        sleep(self.length(0.3, 0.6)).await;
        drop(load);
        Ok(())
    }

    /// How long to measure.
    fn length(&self, quick: f64, full: f64) -> Duration {
        Duration::from_secs_f64(if self.is_quick { quick } else { full })
    }
}

/// # Errors
/// If one is not drawn.
async fn draw_one_of_each(program: &Program, kinds: &[Ask]) -> io::Result<()> {
    let number = AtomicU64::new(WARM_PICTURES);
    let mut client = Client::connect(program.address).await?;
    for &kind in kinds {
        let answer = client.ask(kind, &kind.request(&number)).await;
        if let Some(wrong) = answer.map_or_else(Some, |answer| answer.wrong) {
            return Err(io::Error::other(format!("the first request was {}", wrong.sentence())));
        }
    }
    Ok(())
}

impl Sample {
    /// A number, or why there is none; `None` if the system does not tell it. A measure that gets no value has given
    /// up.
    fn value(&mut self, measure: &'static str, variant: &'static str, reading: impl Into<Reading>) {
        self.values.push(Value { measure, variant, reading: reading.into() });
    }

    /// Keeps the latencies of a variant, and tells what went wrong. Measures that are quantiles of it, by their names
    /// ("latency, p99", "latency, maximum"), can be found again from what is kept.
    fn keep(&mut self, variant: &'static str, measured: &Measured) {
        self.keep_latencies(variant, measured.latencies().clone());
        self.troubles(variant, measured.wrongs.sentences());
    }

    /// The latencies only. One variant has one histogram, whatever is measured in it.
    fn keep_latencies(&mut self, variant: &'static str, histogram: Histogram<u64>) {
        let ended = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.latencies.push(Latencies { variant, ended, histogram });
    }

    fn trouble(&mut self, variant: &'static str, what: String) {
        self.troubles.push(Trouble { variant, what });
    }

    fn troubles(&mut self, variant: &'static str, all: Vec<String>) {
        all.into_iter().for_each(|what| self.trouble(variant, what));
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::compare::contestants::workspace;

    #[test]
    fn every_claim_is_one_of_the_article() {
        let page = std::fs::read_to_string(workspace().join("docs/course/article.md")).expect("it is there");
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let page = words(&page);
        for scene in Scene::value_variants() {
            let Description { name, claim, .. } = scene.description();
            assert!(page.contains(claim), "{name}: {claim}");
        }
    }

    #[test]
    fn what_is_telling_is_measured() {
        for scene in Scene::value_variants() {
            let Description { name, measures, .. } = scene.description();
            assert_eq!(scene.to_possible_value().expect("none is hidden").get_name(), *name);
            for measure in *measures {
                assert!(measure.telling.iter().all(|variant| measure.variants.contains(variant)), "{name}");
            }
        }
    }
}
