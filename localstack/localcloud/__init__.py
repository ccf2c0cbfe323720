"""The local cloud's tool, behind `localstack/cloud`. Standard library only, Python 3.9 or newer."""


class Trouble(Exception):
    """A sentence for the person at the terminal, which says what to do next."""
