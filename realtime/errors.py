"""What a user can get wrong, each as one sentence and a way out."""


class UserError(Exception):
    """A mistake that the user can correct: the message names the value and the rule, the hint the way out."""

    exit_code = 2  # of a program that could not begin: the same command cannot help

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message


class SourceError(UserError):
    """A camera, file, folder or stream that cannot be read."""

    exit_code = 3  # it may be there later


class ModelError(UserError):
    """A model file or its sidecar that is missing, damaged or of another kind."""


class SinkError(UserError):
    """An output that cannot be written."""

    exit_code = 3  # there may be room later


class BusyError(SinkError):
    """An output that another program is using at the moment."""


class OptionError(SinkError):
    """An output that was asked for in a way that makes no sense, or that would destroy what is there."""

    exit_code = 2
