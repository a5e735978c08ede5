use std::io;
use std::time::Duration;

use rustix::io::Errno;
use types::Timestamp;

use super::stats::Condition;

/// How long a directory that failed is left alone before it is tried again; doubled each time that it fails anew.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Whether the device is fit, and when it is tried again.
#[derive(Debug)]
pub(super) struct Health {
    condition: Condition,
    pause: Duration,
    retry_at: Timestamp,
}

/// What may be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Pass,
    Refuse,
    /// Refuse, and find out whether the device is well again. Said once in a pause.
    Probe,
}

impl Health {
    pub(super) fn new() -> Self {
        Self { condition: Condition::Open, pause: PAUSE_MIN, retry_at: Timestamp::default() }
    }

    pub(super) fn condition(&self) -> Condition {
        self.condition
    }

    /// Whether fills may be begun.
    pub(super) fn fills(&mut self, now: impl FnOnce() -> Timestamp) -> Gate {
        match self.condition {
            Condition::Open => Gate::Pass,
            Condition::Full | Condition::ReadOnly | Condition::Failing => self.retry(now()),
        }
    }

    /// Whether blocks may be read.
    pub(super) fn reads(&mut self, now: impl FnOnce() -> Timestamp) -> Gate {
        match self.condition {
            Condition::Open | Condition::Full | Condition::ReadOnly => Gate::Pass,
            Condition::Failing => self.retry(now()),
        }
    }

    /// The device failed. One that is failing already is not made better by a smaller failure.
    pub(super) fn fail(&mut self, condition: Condition, now: Timestamp) {
        if self.condition != Condition::Failing {
            self.condition = condition;
        }
        self.retry_at = now.plus(self.pause);
    }

    /// The device was tried, and failed again.
    pub(super) fn still_failing(&mut self, condition: Condition, now: Timestamp) {
        self.condition = condition;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        self.retry_at = now.plus(self.pause);
    }

    /// The device was tried, and is well. Whether it was not before.
    pub(super) fn recovered(&mut self) -> bool {
        self.pause = PAUSE_MIN;
        std::mem::replace(&mut self.condition, Condition::Open) != Condition::Open
    }

    fn retry(&mut self, now: Timestamp) -> Gate {
        if now < self.retry_at {
            return Gate::Refuse;
        }
        self.retry_at = now.plus(self.pause);
        Gate::Probe
    }
}

/// What an error of the device says about it.
pub(super) fn condition_of(error: &io::Error) -> Condition {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => Condition::Full,
        // Nor is the device to blame for these; what is there can be read.
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN) => Condition::Full,
        Some(Errno::ROFS | Errno::ACCESS | Errno::PERM) => Condition::ReadOnly,
        _ => Condition::Failing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> impl FnOnce() -> Timestamp {
        move || Timestamp::from_secs(seconds)
    }

    #[test]
    fn a_full_device_serves_and_a_failing_one_does_not() {
        let mut health = Health::new();
        assert_eq!((health.fills(at(1)), health.reads(at(1))), (Gate::Pass, Gate::Pass));
        health.fail(Condition::Full, Timestamp::from_secs(1));
        assert_eq!((health.fills(at(1)), health.reads(at(1))), (Gate::Refuse, Gate::Pass));
        health.fail(Condition::Failing, Timestamp::from_secs(1));
        assert_eq!((health.fills(at(1)), health.reads(at(1))), (Gate::Refuse, Gate::Refuse));
        health.fail(Condition::Full, Timestamp::from_secs(1));
        assert_eq!(health.condition(), Condition::Failing);
    }

    #[test]
    fn it_is_tried_once_in_a_pause_and_pauses_grow_to_a_bound() {
        let mut health = Health::new();
        let mut now = 100;
        health.fail(Condition::Failing, Timestamp::from_secs(now));
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let begun = now;
            while health.fills(at(now)) != Gate::Probe {
                now += 1;
            }
            assert_eq!(health.fills(at(now)), Gate::Refuse, "one probe at a time");
            pauses.push(now - begun);
            health.still_failing(Condition::ReadOnly, Timestamp::from_secs(now));
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert!(health.recovered());
        assert!(!health.recovered());
        assert_eq!(health.fills(at(now)), Gate::Pass);
    }

    #[test]
    fn errors_say_what_is_wrong_with_the_device() {
        let of = |errno: Errno| condition_of(&io::Error::from(errno));
        assert_eq!(of(Errno::NOSPC), Condition::Full);
        assert_eq!(of(Errno::DQUOT), Condition::Full);
        assert_eq!(of(Errno::MFILE), Condition::Full);
        assert_eq!(of(Errno::ROFS), Condition::ReadOnly);
        assert_eq!(of(Errno::IO), Condition::Failing);
        assert_eq!(condition_of(&io::ErrorKind::WriteZero.into()), Condition::Failing);
    }
}
