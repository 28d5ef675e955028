"""What can go wrong with a service, said in one sentence that ends in what to do."""


class ServiceError(Exception):
    """A service cannot run; the message is one sentence for the person at the terminal."""
