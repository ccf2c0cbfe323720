"""The rooms of infra/deploy: where (home), what is carried (artifacts), the stack, the web page, watched buckets, the way back (destroy)."""


class Failed(Exception):
    """Something did not work; the text is for the person who deploys."""
