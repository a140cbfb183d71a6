"""Files that are whole or absent, and CSV that spreadsheets can edit."""
