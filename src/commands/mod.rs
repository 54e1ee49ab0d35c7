//! The commands that are not the server: what an [`Order`] of the command line makes the program do.
//!
//! They draw with the same [`captioner`](::captioner) as the server, so the same request has the same bytes. They have no
//! futures: each step waits for the one before, and `batch` has threads. `main` calls [`run`].

mod batch;
mod caption;
mod failure;
mod feed;
mod health;
mod import;
mod interrupt;
mod lines;
mod output;
mod shell;

use captioner::Captioner;
use command_line::Order;
use config::Config;

use self::failure::Failure;
pub use self::output::tell;

/// Carries out an order. Returns the exit code; what is wrong goes to standard error.
pub fn run(config: Config, order: Order) -> i32 {
    let captioner = Captioner::new(config.captioner.clone());
    exit_code(match order {
        Order::Caption { what, output, opens } => caption::run(&captioner, what, output, opens),
        Order::Batch { lines, folder } => batch::run(&config, &captioner, &lines, &folder),
        Order::Templates => output::print_lines(&captioner.template_names()),
        Order::Fonts => output::print_lines(&captioner.font_names()),
        Order::Health { target, timeout } => health::run(target, timeout),
        Order::Import { from, to, replaces } => import::run(&captioner, &from, &to, replaces),
        Order::Completions(shell) => shell::completions(shell),
        Order::Man(command) => shell::man(command.as_deref()),
        Order::ManPages(folder) => shell::man_pages(&folder),
    })
}

/// Prints a text to standard output, and returns the exit code.
pub fn print(text: &str) -> i32 {
    exit_code(output::print(text.as_bytes()))
}

fn exit_code(done: Result<(), Failure>) -> i32 {
    match done {
        Ok(()) => 0,
        Err(Failure { code, sentence }) => {
            tell(&sentence);
            code
        }
    }
}
