"""`python -m verify_media` is the command."""

from verify_media.cli import main

if __name__ == "__main__":
    main()
