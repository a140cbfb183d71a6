"""From untrusted bytes to a folder that can be graded, and what was changed outside the TODOs."""
