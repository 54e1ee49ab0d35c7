//! Who asks for a page, and what the page may tell the connection while it answers.

use std::cell::RefCell;
use std::rc::Rc;

use super::intake::Intake;
use super::state::ConnectionState;
use server::client::Client;

/// The caller of a page.
pub struct Caller {
    /// Whose request it is.
    pub client: Client,
    state: Rc<ConnectionState>,
    intake: Rc<RefCell<Intake>>,
}

impl Caller {
    /// The caller of the current request of a connection.
    pub fn new(client: Client, state: Rc<ConnectionState>, intake: Rc<RefCell<Intake>>) -> Caller {
        Caller { client, state, intake }
    }

    /// The page is going to read the body. A client that waits to be asked for it is asked now.
    pub fn wants_body(&self) {
        self.intake.borrow_mut().send_continue();
    }

    /// The page waits for a drawing, which is given up if the client hangs up.
    pub fn waits_for_drawing(&self) {
        self.state.draws();
    }
}
