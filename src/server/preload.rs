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
    let names = |wanted: bool, names: Result<Vec<String>, CaptionError>| match names {
        Ok(names) if wanted => names,
        Ok(_) => Vec::new(),
        Err(error) => {
            warn!("{}", with_causes(&error));
            Vec::new()
        }
    };
    // At start nothing waits for the reactor yet, so it may list the folders itself.
    for name in names(templates, app.captioner.template_names()) {
        let captioner = app.captioner.clone();
        app.renderer.run_unattended(move || tell("template", &name, captioner.preload_template(&name)));
    }
    for name in names(fonts, app.captioner.font_names()) {
        let captioner = app.captioner.clone();
        app.renderer.run_unattended(move || tell("font", &name, captioner.preload_font(&name)));
    }
}

fn tell(kind: &str, name: &str, loaded: Result<(), CaptionError>) {
    match loaded {
        Ok(()) => debug!("the {} {:?} is loaded", kind, name),
        Err(error) => warn!("the {} {:?} cannot be loaded: {}", kind, name, with_causes(&error)),
    }
}
