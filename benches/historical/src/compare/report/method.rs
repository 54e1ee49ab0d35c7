//! The part of the page that says how its figures were made, and where not to trust them.

use maud::{Markup, html};

use crate::compare::pairs::{ENOUGH, ERROR, MARGIN};
use crate::compare::results::Results;
use crate::compare::words::number;

/// How to read it, where not to trust it, and where it was measured.
pub fn sections(results: &Results) -> Markup {
    html! {
        (reading(results))
        (trust(results))
        (provenance(results))
    }
}

fn reading(results: &Results) -> Markup {
    let (margin, level) = (number(MARGIN * 100.0), number(100.0 - ERROR * 100.0));
    let judged = results.scenes.iter().flat_map(|scene| &scene.figures);
    let judged = judged.filter(|figure| !figure.verdict.pairs().is_empty()).count();
    let pairs = results.pairs().count();
    let differences = results.pairs().filter(|pair| pair.is_difference()).count();
    let for_page = results.pairs().filter(|pair| pair.holds_for_page).count();
    html! {
        section id="method" {
            span.label { "method" }
            h2 { "How to read this" }
            p {
                "In each round every contestant is started anew with the same settings, and the order changes from round \
                 to round. What stands in the tables and in the bars is the median of the rounds, with the minimum and \
                 the maximum in small print or as a whisker."
            }
            p {
                "Verdicts do not come from these ranges. Two contestants are compared within each round, by their ratio, \
                 which takes away what disturbed the whole round. From all rounds comes the geometric mean of the ratios, with \
                 Student's interval on their logarithms."
            }
            ul {
                li { strong { "Ahead" } " or " strong { "behind" } ": the interval does not contain 1, and the ratio is " (margin) " % or more." }
                li {
                    strong { "Equal" } ": the whole interval is within " (margin) " %. (This is an equivalence test, TOST, at \
                    half the error that it allows.) One may still be a little faster in every round."
                }
                li { strong { "Cannot tell" } ": neither is shown. It does not mean that the two are equal." }
                li { "With fewer than " (ENOUGH) " rounds there are no verdicts." }
            }
            p {
                "The intervals of a figure hold together with " (level) " %: they are as wide as its number of pairs \
                 demands (Bonferroni). The family is one figure, not the page. "
                @if judged > 0 {
                    "Of " (judged) " figures with verdicts, " (number(ERROR * judged as f64)) " may be expected to have a wrong \
                    difference if all contestants were equal. Of " (differences) " differences among " (pairs) " pairs, "
                    (for_page) " hold even if the whole page is one family (Holm); they have a †."
                }
            }
            p {
                "Student's interval needs ratios whose logarithms are not too skewed. The interval by bootstrap (BCa) needs \
                 no such thing, but is too narrow with so few rounds: with ten, what it calls 95 % holds in about 90 %. It \
                 stands beside the other, and no verdict rests on it."
            }
            p {
                "Where requests follow a schedule, latency counts from when a request was due and not from when it could \
                 be sent, so a server that stalls is charged for every request that it delayed. A quantile has at least ten \
                 samples beyond it; what has fewer is missing, and the slowest request is called the maximum. Processor \
                 time per request is not given where all of it is below 0.2 s. A value that is missing has its reason in its place."
            }
            p {
                "Memory is the resident set of the process, without what the kernel holds for it: socket buffers and a \
                 kernel stack for each thread. Processor time is the sum over all threads of the process, as Linux counts \
                 it. The numbers of every round are in results.json and all latencies in samples/, as HdrHistogram logs; "
                code { "compare --reanalyze" } " makes this page from them again."
            }
        }
    }
}

fn trust(results: &Results) -> Markup {
    let has = |name: &str| results.contestants.iter().any(|one| one.name == name);
    html! {
        section id="trust" {
            span.label { "limits" }
            h2 { "Where not to trust this" }
            ul {
                li {
                    "It is one machine with " (results.machine.cores) " cores, and one run. Another processor, kernel or number of cores can \
                    turn a finding around; two runs on the same machine differ where intervals are wide."
                }
                li {
                    "Clients and servers share the machine and talk over loopback. Where they also share cores, a server \
                    that uses several takes them from its clients, so a rate is not what the server would reach on a \
                    machine of its own. The clients' own cost is in every latency."
                }
                li {
                    "Rounds are not quite independent: a machine that is slow for minutes is slow for several rounds. Ratios \
                    within a round take away only what disturbed all of it. A program may also run at one of two speeds, and \
                    change from start to start."
                }
                li {
                    "A contestant that gives up in a round is compared in the others only, which flatters it. The tables say \
                    in how many rounds it has a value."
                }
                li {
                    "Answers are checked by their status, their length, and the first and last bytes of a picture. Pictures \
                    are not decoded here; that all contestants draw the same bytes is the test of another program."
                }
                li {
                    strong { "Uneven tuning." } " futures-0.1 is this project's own server. Its heads, sockets and buffers were \
                    profiled and made cheaper; the others were written to compare with it, and somebody who knows their \
                    language better may find more."
                }
                li {
                    strong { "Uneven work." } " futures-0.1 does more than the others: fair shares between clients, stricter checks of heads, \
                    its own statistics. It spreads the deadlines of clients that come at one instant, and the others do not."
                }
                @if has("threads") {
                    li { "threads has an HTTP of its own, made for this comparison, which nobody else uses." }
                }
                @if has("go") || has("node") {
                    li {
                        "The captioner is Rust. Go and Node call it through a C interface and pay for the call; a service written in \
                        Go or JavaScript alone would draw with something else. They also keep their own allocators and garbage \
                        collectors, where the Rust contestants but threads share one allocator."
                    }
                }
                li {
                    "The programs in Rust allocate with jemalloc, because futures-0.1 does, but for threads, which has the \
                    system's allocator: jemalloc's caches suit a few threads, and not ten thousand."
                }
                li { "There is no database, no TLS and no network here, which is where most services spend their time." }
            }
        }
    }
}

fn provenance(results: &Results) -> Markup {
    html! {
        section id="provenance" {
            span.label { "provenance" }
            h2 { "Where it was measured" }
            p { (results.taken) ": " (results.machine.sentence()) "." }
            @if let Some(neighbours) = results.neighbours { p { (neighbours.sentence()) } }
            ul { @for one in &results.contestants { li { strong { (one.name) } ": " (one.versions) } } }
        }
    }
}
