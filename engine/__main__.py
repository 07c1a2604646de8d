"""The command line: python -m engine COMMAND. Progress goes to standard error, results to standard output."""

import sys

from engine.cli.parser import main

if __name__ == "__main__":
    sys.exit(main())
