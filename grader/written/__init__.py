"""Written answers: the marks that TAs give, and the answers as one document."""
