"""What is asked: parts, questions and policies, loaded and checked."""
