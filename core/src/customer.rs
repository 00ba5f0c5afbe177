//! Who the customer is: what he or the page said of him, and what the site has vouched for. A browser
//! can say anything; what the site has signed outranks it.

use crate::ids::CustomerId;

/// Longest id of a customer, in characters: as long as an id of one's own ever is, and it fits a card.
pub const CUSTOMER_ID_CHARS_MAX: usize = 128;
/// Longest name that is kept, in characters.
pub const NAME_CHARS_MAX: usize = 120;

/// A customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// His name.
    pub name: Option<String>,
    /// His email address.
    pub email: Option<String>,
    /// Whether that is he.
    pub identity: Identity,
}

/// Whether the site has vouched for the customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Identity {
    /// It has not: he is whoever he says.
    #[default]
    Unproven,
    /// It has signed who he is.
    Proven {
        /// Whom the site knows by this id.
        id: CustomerId,
        /// True when the name is the site's word, and not what was typed.
        vouches_name: bool,
        /// True when the email address is.
        vouches_email: bool,
    },
}

/// What the site has signed: made only by whoever has checked the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whom the site knows by this id.
    pub id: CustomerId,
    /// His name, if the site says it.
    pub name: Option<String>,
    /// His email address, if the site says it.
    pub email: Option<String>,
}

/// What a browser says of its customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Introduction {
    /// A name, typed or said by the page.
    pub name: Option<String>,
    /// An email address, typed or said by the page.
    pub email: Option<String>,
    /// What the site has signed.
    pub proof: Option<Proof>,
}

/// The site has vouched for somebody else before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SomebodyElse;

impl Customer {
    /// The customer after his browser has said this of him.
    ///
    /// # Errors
    ///
    /// When the site vouches for somebody else than before: who was vouched for once stays who he is.
    pub fn after(&self, said: Introduction) -> Result<Customer, SomebodyElse> {
        let customer = self.said(said.name, said.email);
        said.proof.map_or(Ok(customer.clone()), |proof| customer.vouched(proof))
    }

    /// Nothing that the site has vouched for changes.
    fn said(&self, name: Option<String>, email: Option<String>) -> Customer {
        let (keeps_name, keeps_email) = match self.identity {
            Identity::Unproven => (false, false),
            Identity::Proven { vouches_name, vouches_email, .. } => (vouches_name, vouches_email),
        };
        Customer {
            name: name.filter(|_| !keeps_name).or_else(|| self.name.clone()),
            email: email.filter(|_| !keeps_email).or_else(|| self.email.clone()),
            identity: self.identity.clone(),
        }
    }

    fn vouched(&self, proof: Proof) -> Result<Customer, SomebodyElse> {
        let (name_before, email_before) = match &self.identity {
            Identity::Proven { id, .. } if *id != proof.id => return Err(SomebodyElse),
            Identity::Proven { vouches_name, vouches_email, .. } => (*vouches_name, *vouches_email),
            Identity::Unproven => (false, false),
        };
        let identity = Identity::Proven {
            id: proof.id,
            vouches_name: proof.name.is_some() || name_before,
            vouches_email: proof.email.is_some() || email_before,
        };
        Ok(Customer {
            name: proof.name.or_else(|| self.name.clone()),
            email: proof.email.or_else(|| self.email.clone()),
            identity,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn text(text: &str) -> Option<String> {
        (!text.is_empty()).then(|| text.to_string())
    }

    fn proof(id: &str, name: &str, email: &str) -> Proof {
        Proof { id: CustomerId(id.into()), name: text(name), email: text(email) }
    }

    fn shown(customer: &Customer) -> String {
        let mark = |vouched: bool| if vouched { "!" } else { "?" };
        let (name, email) = (customer.name.as_deref().unwrap_or("-"), customer.email.as_deref().unwrap_or("-"));
        match &customer.identity {
            Identity::Unproven => format!("{name}? {email}?"),
            Identity::Proven { id, vouches_name, vouches_email } => {
                format!("{id} {name}{} {email}{}", mark(*vouches_name), mark(*vouches_email))
            }
        }
    }

    fn typed(name: &str, email: &str) -> Introduction {
        Introduction { name: text(name), email: text(email), proof: None }
    }

    fn signed(id: &str, name: &str, email: &str) -> Introduction {
        Introduction { proof: Some(proof(id, name, email)), ..Introduction::default() }
    }

    #[test]
    fn what_is_signed_outranks_what_is_typed_whichever_comes_first() {
        let mut customer = Customer::default();
        let mut story = String::new();
        for said in [
            typed("Ada", "eve@x.example"),
            signed("u1", "", "ada@x.example"),
            typed("Augusta", "eve@x.example"),
            signed("u1", "Ada King", ""),
            typed("Eve", ""),
            Introduction { proof: Some(proof("u1", "Ada", "")), ..typed("Eve", "eve@x.example") },
        ] {
            customer = customer.after(said).unwrap();
            story += &(shown(&customer) + "\n");
        }
        expect![[r#"
            Ada? eve@x.example?
            u1 Ada? ada@x.example!
            u1 Augusta? ada@x.example!
            u1 Ada King! ada@x.example!
            u1 Ada King! ada@x.example!
            u1 Ada! ada@x.example!
        "#]]
        .assert_eq(&story);
    }

    #[test]
    fn nobody_becomes_somebody_else() {
        let ada = Customer::default().after(signed("u1", "Ada", "")).unwrap();
        assert_eq!(ada.after(signed("u2", "Eve", "")), Err(SomebodyElse));
        assert_eq!(ada.after(signed("u1", "Ada", "")), Ok(ada));
    }
}
