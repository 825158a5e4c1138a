"""``python -m generator`` is the same as ``filter-gallery``."""

from generator.cli import main

if __name__ == "__main__":
    main()
