use std::fs;

use super::{Reading, ReadingValue};

/// Clock ticks per second in `/proc`; fixed by Linux for user space.
const TICKS_PER_SECOND: f64 = 100.0;

/// What the operating system says of this process; empty where there is no `/proc`.
pub(super) fn readings() -> Vec<Reading> {
    let mut readings = Vec::new();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = |field: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    let mut gauge = |name, help, value: Option<f64>| {
        if let Some(value) = value {
            readings.push(Reading::new(name, help, ReadingValue::Gauge(value)));
        }
    };
    let bytes = |field| kilobytes(field).map(|kilobytes| kilobytes * 1024.0);
    gauge("process_resident_memory_bytes", "Resident memory", bytes("VmRSS:"));
    gauge("process_peak_resident_memory_bytes", "Largest resident memory so far", bytes("VmHWM:"));
    gauge("process_threads", "Threads", kilobytes("Threads:"));
    let descriptors = fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as f64);
    gauge("process_open_fds", "Open file descriptors", descriptors);
    gauge("process_cpu_seconds", "Processor time used", cpu_seconds());
    readings
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, the program's name, may hold spaces; what follows its parenthesis does not.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_descriptors() {
        let names: Vec<_> = readings().iter().map(|reading| reading.name).collect();
        assert_eq!(names.len(), 5, "{names:?}");
        for reading in readings() {
            let ReadingValue::Gauge(value) = reading.value else { panic!("{reading:?}") };
            assert!(value >= 0.0, "{}", reading.name);
        }
    }
}
