"""`python -m airside`: the command line; `python -m airside serve` is the server itself."""

from airside.cli.main import main

if __name__ == "__main__":
    main()
