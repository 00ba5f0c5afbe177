//! Places for what lasts, connections, streams and uploads: so many altogether, and so many of one address.

use super::address::Caller;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

/// Places of one kind. Clones are the same places.
#[derive(Clone, Debug)]
pub(super) struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    max: u32,
    per_address_max: Option<NonZeroU32>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: u32,
    by_address: HashMap<Caller, u32>,
}

/// One place; dropping it makes room.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    of: Option<Caller>,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// All places are taken.
    Here,
    /// This address has as many as one may have.
    ForThisAddress,
}

impl Places {
    pub(super) fn new(max: u32, per_address_max: Option<NonZeroU32>) -> Places {
        Places(Arc::new(Inner { max, per_address_max, taken: Mutex::default() }))
    }

    /// Takes a place. One that is of nobody, because many come through it, has no limit of its own.
    pub(super) fn take(&self, of: Option<Caller>) -> Result<Place, NoRoom> {
        let of = of.filter(|_| self.0.per_address_max.is_some());
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let by_it = of.map_or(0, |of| taken.by_address.get(&of).copied().unwrap_or_default());
        if self.0.per_address_max.is_some_and(|max| by_it >= max.get()) {
            return Err(NoRoom::ForThisAddress);
        }
        if taken.all >= self.0.max {
            return Err(NoRoom::Here);
        }
        taken.all += 1;
        if let Some(of) = of {
            taken.by_address.insert(of, by_it + 1);
        }
        Ok(Place { places: self.clone(), of })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(of) = self.of
            && let Some(by_it) = taken.by_address.get_mut(&of)
        {
            *by_it -= 1;
            if *by_it == 0 {
                taken.by_address.remove(&of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_altogether_and_of_one_address() {
        let caller = |last: u8| Some(Caller([192, 0, 2, last].into()));
        let places = Places::new(4, NonZeroU32::new(2));
        let one = places.take(caller(1)).unwrap();
        let _two = places.take(caller(1)).unwrap();
        assert_eq!(places.take(caller(1)).unwrap_err(), NoRoom::ForThisAddress);
        let _three = places.take(caller(2)).unwrap();
        drop(one);
        let _one_again = places.take(caller(1)).unwrap();
        let through_a_proxy = places.take(None).unwrap();
        assert_eq!(places.take(None).unwrap_err(), NoRoom::Here);
        assert_eq!(places.take(caller(3)).unwrap_err(), NoRoom::Here);
        drop(through_a_proxy);
        let _four = places.take(caller(3)).unwrap();
    }

    #[test]
    fn what_is_let_go_is_forgotten() {
        let places = Places::new(4, NonZeroU32::new(2));
        drop(places.take(Some(Caller([192, 0, 2, 1].into()))).unwrap());
        let taken = places.0.taken.lock().unwrap();
        assert!(taken.all == 0 && taken.by_address.is_empty());
    }
}
