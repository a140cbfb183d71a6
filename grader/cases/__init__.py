"""What is asked of students' code, one module or package a part. Nothing here holds an answer."""
