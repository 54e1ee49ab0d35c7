//! Decodes templates and fonts before they are asked for, on the pool, while requests are served already.

use std::rc::Rc;

use super::response::with_causes;
use super::App;
use captioner::CaptionError;
use config::Preload;

/// Starts what the config asks for: a job for each name, so that no request waits for more than one of them. Whatever cannot be decoded is told.
pub fn start(app: &Rc<App>) {
    let (templates, fonts) = match app.config.preload {
        Preload::Templates => (true, false),
        Preload::Fonts => (false, true),
        Preload::All => (true, true),
        Preload::None => return,
    };
    // At start nothing waits for the reactor yet, so it may list the folders itself.
    let captioner = &app.captioner;
    let templates = if templates { captioner.template_names() } else { Vec::new() };
    let fonts = if fonts { captioner.font_names() } else { Vec::new() };
    for name in templates {
        let captioner = captioner.clone();
        app.renderer.run_unattended(move || tell(&name, captioner.preload_template(&name)));
    }
    for name in fonts {
        let captioner = captioner.clone();
        app.renderer.run_unattended(move || tell(&name, captioner.preload_font(&name)));
    }
}

fn tell(name: &str, loaded: Result<(), CaptionError>) {
    match loaded {
        Ok(()) => debug!("{:?} is loaded", name),
        Err(error) => warn!("{}", with_causes(&error)),
    }
}
