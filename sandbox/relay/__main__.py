"""Run a relay as a process: `python -m sandbox.relay`."""

from sandbox.relay import main

if __name__ == "__main__":
    main()
