"""The harness: runs experiments next to students' code, and judges what they observe."""
