"""What a user can get wrong, each as one sentence and a way out."""


class UserError(Exception):
    """A mistake that the user can correct: the message names the value and the rule, the hint the way out."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message


class SourceError(UserError):
    """A camera, file, folder or stream that cannot be read."""


class ModelError(UserError):
    """A model file or its sidecar that is missing, damaged or of another kind."""


class SinkError(UserError):
    """An output that cannot be written."""
