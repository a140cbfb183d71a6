"""What leaves this repository: the handout of students, and Gradescope's autograder. Allowlists say what goes in."""
