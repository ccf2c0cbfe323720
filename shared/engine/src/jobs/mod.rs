//! Use cases on jobs and tasks as a person sees them: submit, look, act.

mod act;
mod approve;
mod enqueue;
mod go_on;
mod look;
mod submit;
mod views;

pub(crate) use submit::new_task;
