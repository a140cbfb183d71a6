"""What is asked of students' code, one module a part. Nothing here holds an answer."""
