//! The native store on a simulated disk: a workload of every kind of change, cut at every moment, compared with a model.

mod by_chance;
mod check;
mod model;
mod power_cut;
mod process;
mod run;
mod workload;
