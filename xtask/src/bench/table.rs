/// Where a figure should lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Aim {
    /// This much or more.
    AtLeast(f64),
    /// This much or less.
    AtMost(f64),
    /// Nowhere: the figure is for reading the others by.
    Shown,
}

/// One figure of the table.
#[derive(Debug)]
pub(super) struct Line {
    work: &'static str,
    figure: String,
    value: f64,
    aim: Aim,
}

impl Line {
    /// A figure of a row.
    pub(super) fn new(work: &'static str, figure: impl Into<String>, value: f64, aim: Aim) -> Self {
        Self { work, figure: figure.into(), value, aim }
    }

    /// The figure in one line, with its aim and whether it is met.
    pub(super) fn text(&self) -> String {
        let (aim, verdict) = match self.aim {
            Aim::AtLeast(aim) => (format!(">= {aim}"), if self.value >= aim { "met" } else { "MISSED" }),
            Aim::AtMost(aim) => (format!("<= {aim}"), if self.value <= aim { "met" } else { "MISSED" }),
            Aim::Shown => (String::new(), ""),
        };
        format!("{:<14}{:<56}{:>12}{aim:>12}  {verdict}", self.work, self.figure, shown(self.value))
    }
}

/// The table's heading.
pub(super) fn heading() -> String {
    format!("{:<14}{:<56}{:>12}{:>12}  verdict", "row", "figure", "measured", "aim")
}

fn shown(value: f64) -> String {
    if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_beyond_its_aim_is_missed() {
        assert!(Line::new("r", "f", 0.49, Aim::AtLeast(0.5)).text().ends_with("MISSED"));
        assert!(Line::new("r", "f", 0.5, Aim::AtLeast(0.5)).text().ends_with("met"));
        assert!(Line::new("r", "f", 1.6, Aim::AtMost(1.5)).text().ends_with("MISSED"));
        assert!(Line::new("r", "f", f64::NAN, Aim::AtMost(1.5)).text().ends_with("MISSED"));
    }
}
