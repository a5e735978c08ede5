use std::fs;
use std::time::Duration;

/// Kernel clock ticks in a second, as /proc counts CPU time; 100 on every Linux that Rust runs on.
const TICKS_PER_SECOND: u64 = 100;

/// CPU time, in user and kernel mode together, that these processes have used; processes that are gone count nothing.
pub(crate) fn cpu_time(pids: &[u32]) -> Duration {
    let ticks: u64 =
        pids.iter().filter_map(|pid| ticks_of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)).sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// CPU time of the generator itself.
pub(crate) fn own_cpu_time() -> Duration {
    cpu_time(&[std::process::id()])
}

/// The largest resident memory that these processes have had (VmHWM), added up, in bytes.
pub(crate) fn peak_memory_bytes(pids: &[u32]) -> u64 {
    pids.iter().filter_map(|pid| peak_of(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?)).sum()
}

/// utime and stime: fields 14 and 15, counted behind the command's closing parenthesis.
fn ticks_of(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let kernel: u64 = fields.next()?.parse().ok()?;
    Some(user + kernel)
}

fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read_behind_a_name_with_spaces_and_parentheses() {
        let stat = "7 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20";
        assert_eq!(ticks_of(stat), Some(300));
    }

    #[test]
    fn the_peak_is_in_kibibytes() {
        assert_eq!(peak_of("Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t1 kB\n"), Some(2048 * 1024));
    }
}
