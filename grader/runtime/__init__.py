"""Everything that a process with student code may see: cases, experiments, probes, random streams, frames."""
