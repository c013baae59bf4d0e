"""Texts that are safe to print: addresses without passwords and keys, one line without control characters."""

from __future__ import annotations

import re

_USER = re.compile(r"(://[^\s/:@]*:)\S*@")  # greedy to the last @: a password may hold one, or a slash
_BARE_USER = re.compile(r"(://)[^\s/:@]+@")
_QUERY = re.compile(r"(?i)([?&;][^=&;\s]*(?:pass|pwd|token|secret|key|auth|sig)[^=&;\s]*=)[^&;#\s]*")


def mask(text: str) -> str:
    """The text with every password, bare user part and secret query value of the addresses in it as '***'.

    It hides too much rather than too little: everything up to the last '@' counts as the password.
    """
    text = _USER.sub(r"\1***@", str(text))
    text = _BARE_USER.sub(r"\1***@", text)
    return _QUERY.sub(r"\1***", text)


def printable(text: object) -> str:
    """The text as one printable line: line ends, control characters and bytes of another encoding are escaped.

    A file name may contain any of them, and could otherwise forge lines in a log or crash the program that encodes it.
    """
    return "".join(c if c.isprintable() else _escaped(c) for c in str(text))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()
