//! Watches what else the machine does during a run: time that the hypervisor gave to others, and time that processes
//! took that are not of this run.

use std::fs;

use serde::{Deserialize, Serialize};

/// Of all processor time, the part that may go elsewhere before the page warns.
const MUCH: f64 = 0.02;

/// Counters since the machine or this process started, in ticks of the kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clocks {
    /// Of all processors, with idle time.
    all: u64,
    idle: u64,
    /// Interrupts: the kernel does not say whose they are.
    interrupts: u64,
    stolen: u64,
    /// Of this process and of those that it started and that have ended.
    own: u64,
    load: f64,
}

/// What went elsewhere during a run, as parts of all processor time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbours {
    /// Taken by the hypervisor.
    pub stolen: f64,
    /// Taken by other processes and the kernel's own threads.
    pub others: f64,
    /// Interrupts, most of them for packets of this run.
    pub interrupts: f64,
    /// Processes that wanted to run in the minute before.
    pub load_before: f64,
}

impl Clocks {
    /// `None` where the system does not tell.
    pub fn now() -> Option<Clocks> {
        let read = |file| fs::read_to_string(file).ok();
        Clocks::read(&read("/proc/stat")?, &read("/proc/self/stat")?, &read("/proc/loadavg")?)
    }

    fn read(system: &str, process: &str, load: &str) -> Option<Clocks> {
        let line = system.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<u64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
        // Guests' time, which follows these, is in user's already.
        let &[user, nice, kernel, idle, waiting, hard, soft, stolen, ..] = ticks.as_slice() else {
            return None;
        };
        // The name in parentheses may have blanks and parentheses itself. After it come the state, as the third field
        // of the file, and so on; utime is the 14th, then stime, cutime and cstime.
        let (_, fields) = process.rsplit_once(')')?;
        let own: Vec<u64> =
            fields.split_whitespace().skip(11).take(4).map_while(|word| word.parse().ok()).collect();
        (own.len() == 4).then_some(())?;
        Some(Clocks {
            all: user + nice + kernel + idle + waiting + hard + soft + stolen,
            idle: idle + waiting,
            interrupts: hard + soft,
            stolen,
            own: own.iter().sum(),
            load: load.split_whitespace().next()?.parse().ok()?,
        })
    }

    /// With the load of an earlier time: what has been built since would be counted.
    pub fn with_load_of(self, earlier: &Clocks) -> Clocks {
        Clocks { load: earlier.load, ..self }
    }

    /// What went elsewhere from here to there; `None` if no time has passed.
    pub fn until(&self, later: &Clocks) -> Option<Neighbours> {
        let passed = |of: fn(&Clocks) -> u64| of(later).saturating_sub(of(self)) as f64;
        let all = passed(|clocks| clocks.all);
        let [stolen, interrupts] = [passed(|clocks| clocks.stolen), passed(|clocks| clocks.interrupts)];
        let known = passed(|clocks| clocks.idle) + stolen + interrupts + passed(|clocks| clocks.own);
        (all > 0.0).then(|| Neighbours {
            stolen: stolen / all,
            others: (all - known).max(0.0) / all,
            interrupts: interrupts / all,
            load_before: self.load,
        })
    }
}

impl Neighbours {
    /// All of it, for the page.
    pub fn sentence(&self) -> String {
        format!(
            "During the run, of all processor time the hypervisor took {}, other processes {}, and interrupts {}; the \
             load before it was {:.2}.",
            percent(self.stolen),
            percent(self.others),
            percent(self.interrupts),
            self.load_before
        )
    }

    /// Why the figures should not be trusted, if they should not.
    ///
    /// The load before it is no reason: cargo has just built this program, and what goes on during the run is in `others`.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.stolen > MUCH {
            warnings.push(format!("The hypervisor took {} of the processor time.", percent(self.stolen)));
        }
        if self.others > MUCH {
            warnings.push(format!("Other processes took {} of the processor time.", percent(self.others)));
        }
        warnings
    }
}

fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "cpu  100 0 100 700 50 10 10 30 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 1\n";
    const AFTER: &str = "cpu  300 100 200 1150 100 20 30 100 50 0\n";
    const LOAD: &str = "0.75 1.00 2.00 3/174 12647\n";

    fn process(own: [u64; 4]) -> String {
        let [user, system, children, childrens_system] = own;
        format!(
            "7 (a) b) R 1 7 7 0 -1 4194304 90 0 0 0 {user} {system} {children} {childrens_system} 20 0 1 0 5\n"
        )
    }

    #[test]
    fn what_is_neither_idle_nor_stolen_nor_ours_is_of_others() {
        let before = Clocks::read(BEFORE, &process([1, 2, 3, 4]), LOAD).expect("it can be read");
        assert_eq!(before, Clocks { all: 1000, idle: 750, interrupts: 20, stolen: 30, own: 10, load: 0.75 });
        let after = Clocks::read(AFTER, &process([91, 102, 103, 104]), LOAD).expect("it can be read");
        // 1,000 ticks: 500 idle, 70 stolen, 30 of interrupts, 390 ours, and 10 of others.
        let neighbours = Neighbours { stolen: 0.07, others: 0.01, interrupts: 0.03, load_before: 0.75 };
        assert_eq!(before.until(&after), Some(neighbours));
        assert_eq!(before.until(&before), None);
    }

    #[test]
    fn a_file_in_another_form_is_not_guessed_at() {
        assert_eq!(Clocks::read("cpu  1 2 3\n", &process([0; 4]), LOAD), None);
        assert_eq!(Clocks::read(BEFORE, "7 (a) R 1 2", LOAD), None);
        assert_eq!(Clocks::read(BEFORE, &process([0; 4]), "much"), None);
        assert_eq!(Clocks::read("", "", ""), None);
    }

    #[test]
    fn only_a_machine_that_is_not_quiet_is_warned_of() {
        let quiet = Neighbours { stolen: 0.02, others: 0.0, interrupts: 0.3, load_before: 9.0 };
        assert_eq!(quiet.warnings(), Vec::<String>::new());
        let busy = Neighbours { stolen: 0.021, others: 0.25, interrupts: 0.0, load_before: 0.0 };
        let warnings = busy.warnings();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[1].contains("25.0 %"), "{warnings:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_can_be_read() {
        let before = Clocks::now().expect("Linux tells it");
        let mut sum = 0_u64;
        while Clocks::now().expect("Linux tells it").all < before.all + 2 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let neighbours = before.until(&Clocks::now().expect("Linux tells it")).expect("time has passed");
        assert!((0.0..=1.0).contains(&neighbours.others), "{neighbours:?} {sum}");
    }
}
