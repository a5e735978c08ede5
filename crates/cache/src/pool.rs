use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

/// How often a use is counted before more of them change nothing.
const USES_MAX: u8 = 3;
/// The share of the room that is for what came last, in percent.
const SMALL_PERCENT: u64 = 10;
/// Room of a queue beyond what is live in it before the rest is dropped from it.
const SLACK: usize = 64;

/// Values by key under a bound of weight, the least useful dropped first: what was used only once goes before what was used
/// again, so that one pass over many things does not push out the few that matter.
///
/// The order is that of S3-FIFO: Yang, Zhang, Qiu, Yue, Rashmi: "FIFO queues are all you need for cache eviction", SOSP 2023.
pub(crate) struct Pool<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// What came last, and what was used again since.
    small: VecDeque<(K, u64)>,
    main: VecDeque<(K, u64)>,
    /// Keys that went out of `small` unused: coming again, they go to `main`.
    ghosts: VecDeque<K>,
    ghost_keys: HashSet<K>,
    small_weight: u64,
    weight: u64,
    max_weight: u64,
    next_turn: u64,
}

struct Entry<V> {
    value: V,
    weight: u64,
    uses: u8,
    /// Which place in a queue is this entry's; others of its key are of former ones.
    turn: u64,
    in_small: bool,
}

impl<K: Hash + Eq + Copy, V> Pool<K, V> {
    pub(crate) fn new(max_weight: u64) -> Self {
        Self {
            entries: HashMap::new(),
            small: VecDeque::new(),
            main: VecDeque::new(),
            ghosts: VecDeque::new(),
            ghost_keys: HashSet::new(),
            small_weight: 0,
            weight: 0,
            max_weight,
            next_turn: 0,
        }
    }

    /// The value under a key; looking is a use.
    pub(crate) fn get(&mut self, key: &K) -> Option<&mut V> {
        let entry = self.entries.get_mut(key)?;
        entry.uses = (entry.uses + 1).min(USES_MAX);
        Some(&mut entry.value)
    }

    /// Puts a value under a key in the place of the former, dropping others where it does not fit. One that is heavier than
    /// the bound is not kept.
    pub(crate) fn put(&mut self, key: K, value: V, weight: u64) {
        let former = self.take(&key);
        if weight > self.max_weight {
            return;
        }
        let uses = former.as_ref().map_or(0, |former| former.uses);
        let in_small = !self.ghost_keys.remove(&key) && former.is_none_or(|former| former.in_small);
        self.make_room(weight);
        self.place(key, Entry { value, weight, uses, turn: 0, in_small });
    }

    /// Removes what is under a key.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        self.take(key).map(|entry| entry.value)
    }

    /// Removes all that `gone` says.
    pub(crate) fn remove_where(&mut self, gone: impl Fn(&K, &V) -> bool) {
        let keys: Vec<K> =
            self.entries.iter().filter(|(key, entry)| gone(key, &entry.value)).map(|(key, _)| *key).collect();
        for key in keys {
            self.take(&key);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn weight(&self) -> u64 {
        self.weight
    }

    fn take(&mut self, key: &K) -> Option<Entry<V>> {
        let entry = self.entries.remove(key)?;
        self.weight -= entry.weight;
        if entry.in_small {
            self.small_weight -= entry.weight;
        }
        Some(entry)
    }

    fn place(&mut self, key: K, mut entry: Entry<V>) {
        self.next_turn += 1;
        entry.turn = self.next_turn;
        self.weight += entry.weight;
        let queue = if entry.in_small {
            self.small_weight += entry.weight;
            &mut self.small
        } else {
            &mut self.main
        };
        queue.push_back((key, entry.turn));
        let is_live = |(key, turn): &(K, u64)| {
            *turn == entry.turn || self.entries.get(key).is_some_and(|live| live.turn == *turn)
        };
        if queue.len() > 2 * self.entries.len() + SLACK {
            queue.retain(is_live);
        }
        self.entries.insert(key, entry);
    }

    fn make_room(&mut self, weight: u64) {
        while self.weight + weight > self.max_weight {
            let small_is_due = self.small_weight * 100 >= self.max_weight * SMALL_PERCENT;
            let dropped =
                if small_is_due || self.main.is_empty() { self.drop_of_small() } else { self.drop_of_main() };
            if !dropped && self.small.is_empty() && self.main.is_empty() {
                return;
            }
        }
    }

    /// Takes the oldest out of `small`: what was used again moves to `main`. True where a turn was made of a live entry.
    fn drop_of_small(&mut self) -> bool {
        let Some((key, turn)) = self.small.pop_front() else { return self.drop_of_main() };
        if self.entries.get(&key).is_none_or(|entry| entry.turn != turn) {
            return false;
        }
        let Some(entry) = self.take(&key) else { return false };
        if entry.uses > 0 {
            self.place(key, Entry { uses: 0, in_small: false, ..entry });
            return true;
        }
        self.remember(key);
        true
    }

    fn drop_of_main(&mut self) -> bool {
        let Some((key, turn)) = self.main.pop_front() else { return false };
        if self.entries.get(&key).is_none_or(|entry| entry.turn != turn) {
            return false;
        }
        let Some(entry) = self.take(&key) else { return false };
        if entry.uses > 0 {
            self.place(key, Entry { uses: entry.uses - 1, ..entry });
        }
        true
    }

    /// Remembers a key that went; as many as there are entries.
    fn remember(&mut self, key: K) {
        if self.ghost_keys.insert(key) {
            self.ghosts.push_back(key);
        }
        while self.ghosts.len() > self.entries.len().max(SLACK) {
            if let Some(key) = self.ghosts.pop_front() {
                self.ghost_keys.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_holds_at_it_and_past_it() {
        let mut pool = Pool::new(10);
        for key in 0..10 {
            pool.put(key, (), 1);
        }
        assert_eq!((pool.len(), pool.weight()), (10, 10));
        pool.put(10, (), 1);
        assert_eq!((pool.len(), pool.weight()), (10, 10));
        assert!(pool.get(&10).is_some());
        pool.put(11, (), 10);
        assert_eq!((pool.len(), pool.weight()), (1, 10));
        pool.put(12, (), 11);
        assert!(pool.get(&12).is_none());
        assert_eq!(pool.len(), 1);
    }

    #[test]
    fn what_is_used_survives_a_pass_over_everything_else() {
        let mut pool = Pool::new(100);
        for round in 0..3 {
            for key in 0..50 {
                if pool.get(&key).is_none() {
                    pool.put(key, round, 1);
                }
            }
        }
        for key in 1000..11_000 {
            pool.put(key, 0, 1);
        }
        let kept = (0..50).filter(|key| pool.get(key).is_some()).count();
        assert_eq!(kept, 50);
    }

    #[test]
    fn queues_stay_short_however_often_one_key_is_put_and_removed() {
        let mut pool = Pool::new(100);
        for _ in 0..10_000 {
            pool.put(1, (), 1);
            pool.remove(&1);
        }
        assert!(pool.small.len() <= SLACK + 3 && pool.main.len() <= SLACK + 3);
        assert_eq!((pool.len(), pool.weight(), pool.small_weight), (0, 0, 0));
    }

    #[test]
    fn a_value_is_replaced_under_its_key() {
        let mut pool = Pool::new(10);
        pool.put(1, "a", 4);
        pool.put(1, "b", 6);
        assert_eq!((pool.get(&1).copied(), pool.weight()), (Some("b"), 6));
        pool.remove_where(|key, _| *key == 1);
        assert_eq!(pool.weight(), 0);
    }
}
