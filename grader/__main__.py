"""The command line of TAs and authors: `grader`, or `python -m grader`. Students use `pytest grader/`."""

from grader.commands.staff import main

if __name__ == "__main__":
    main()
