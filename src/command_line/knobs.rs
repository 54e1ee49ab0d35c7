//! The knobs that take a value, as `--help` tells them.

/// A knob that takes a value.
pub struct Knob {
    /// As it is typed, without the dashes.
    pub name: &'static str,
    /// What its value is called in the help.
    pub value: &'static str,
    /// A sentence, with the default.
    pub help: &'static str,
}

/// All of them, in the order of the help.
pub const KNOBS: &[Knob] = &[
    Knob {
        name: "render-threads",
        value: "N",
        help: "Threads that draw, 1 to 512 [default: as many as cores]",
    },
    Knob {
        name: "queue",
        value: "N",
        help: "Requests that may wait for a thread, 0 to 100000 [default: 64]",
    },
    Knob { name: "template-cache", value: "MIB", help: "Memory for decoded templates [default: 64]" },
    Knob { name: "font-cache", value: "MIB", help: "Memory for fonts [default: 16]" },
    Knob { name: "result-cache", value: "MIB", help: "Memory for finished pictures [default: 64]" },
    Knob {
        name: "preload",
        value: "WHAT",
        help: "What to decode at start: templates, fonts, all or none [default: none]",
    },
    Knob { name: "jpeg-quality", value: "N", help: "1 (small) to 100 (good) [default: 85]" },
    Knob {
        name: "gif-quality",
        value: "N",
        help: "1 (quick) to 100 (good): the care taken with the colors of a scaled animation [default: 80]",
    },
    Knob {
        name: "request-timeout",
        value: "SECONDS",
        help: "How long a picture may take, 0.01 to 60 [default: 10]",
    },
    Knob {
        name: "shutdown-timeout",
        value: "SECONDS",
        help: "How long requests in flight may take after a signal to stop, 0 to 3600 [default: 30]",
    },
    Knob {
        name: "header-timeout",
        value: "SECONDS",
        help: "How long the head of a request may take, 0.01 to 3600 [default: 10]",
    },
    Knob {
        name: "keep-alive-timeout",
        value: "SECONDS",
        help: "How long a connection may be idle between requests, 0.01 to 3600 [default: 60]",
    },
    Knob {
        name: "write-timeout",
        value: "SECONDS",
        help: "How long a client may take to read each 64 KiB of a response, 0.01 to 3600 [default: 20]",
    },
    Knob {
        name: "max-connections",
        value: "N",
        help: "Connections at a time; more wait, 1 to 1000000 [default: 16384]",
    },
    Knob { name: "max-body", value: "BYTES", help: "The largest body of a request [default: 131072]" },
    Knob { name: "templates", value: "DIR", help: "A folder of pictures to serve beside the built-in ones" },
    Knob { name: "fonts", value: "DIR", help: "A folder of fonts to serve beside the built-in ones" },
];
