mod ceiling;
mod chores;
mod crash;
mod faults;
mod format;
mod model;
mod scale;
mod serve;
