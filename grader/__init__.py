"""The harness: runs experiments next to students' code, and judges what they observe."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]  # of the repository
