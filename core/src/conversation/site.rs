//! What the site says later of its customer, by his browser: it is added to what is known, and shown on
//! the card.

use super::{Rejected, Step};
use crate::context::{Context, Page};
use crate::customer::{Introduction, SomebodyElse};

/// What the site says. What it is silent about stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Of the customer himself.
    pub who: Introduction,
    /// The page that he is on now.
    pub page: Option<Page>,
    /// Facts; a key without a value is forgotten.
    pub facts: Vec<(String, Option<String>)>,
}

impl Step<'_> {
    pub(super) fn site_told(&mut self, told: Told) -> Result<(), Rejected> {
        let customer = self.head.customer.after(told.who).map_err(|SomebodyElse| Rejected::SomebodyElse)?;
        let facts = self.context.facts.after(told.facts).map_err(Rejected::Unfit)?;
        let page = match told.page {
            // Where he came from stays what it was when he came.
            Some(page) => Page { referrer: self.context.page.referrer.clone().or(page.referrer), ..page },
            None => self.context.page.clone(),
        };
        let context = Context { facts, page, ..self.context.clone() };
        let address_changed = customer.email != self.head.customer.email;
        if customer != self.head.customer || context != *self.context {
            self.head.customer = customer;
            *self.context = context;
            self.edit_card();
            if address_changed {
                self.address_changed();
            }
        }
        Ok(())
    }
}
