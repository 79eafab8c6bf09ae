//! Results of several requests at once.

use std::sync::{Mutex, PoisonError};

pub(crate) use crate::sync::parallel::for_each;

/// Returns the results of `work` in the order of the items.
pub(crate) fn map<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let results = Mutex::new(Vec::with_capacity(items.len()));
    let places: Vec<usize> = (0..items.len()).collect();
    for_each(&places, |at| {
        let result = work(&items[*at])?;
        results.lock().unwrap_or_else(PoisonError::into_inner).push((*at, result));
        Ok(())
    })?;
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (1..=1000).collect();
        let doubled = map(&items, |item| Ok::<_, ()>(item * 2)).expect("no error");
        assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        let fail = |item: &usize| if *item == 500 { Err(*item) } else { Ok(()) };
        assert_eq!(map(&items, fail), Err(500));
    }
}
