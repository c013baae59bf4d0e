"""The help: options under headings, those used most first, examples at the end; an error names a value that works."""

from __future__ import annotations

import click

from realtime.cli.rules import spelled

SECTIONS = {
    "Used most": ("mode", "region", "threshold", "roi", "show", "save", "jsonl", "csv", "db", "serve"),
    "What to expect": ("pattern", "known", "words", "only", "candidates"),
    "What to read": (
        "whole_frame",
        "min_length",
        "min_height",
        "line",
        "unsure",
        "plain",
        "rising",
        "max_rate",
        "search_size",
        "models",
        "threads",
    ),
    "Which frames": (
        "size",
        "fps",
        "rotate",
        "flip",
        "every",
        "max_fps",
        "max_frames",
        "skip_still",
        "skip_blurred",
        "pace",
        "loop",
    ),
    "Where readings go": (
        "crops",
        "moments",
        "around",
        "reads",
        "interval",
        "again_after",
        "overwrite",
        "on_reading",
        "mqtt",
        "measures",
        "token",
        "overlay",
    ),
    "Several cameras": ("config", "check", "name"),
    "Many recordings": ("workers", "scheduler"),
    "Privacy": ("keep", "hash_texts", "anonymise"),
    "Instead of a source": ("demo", "draw"),
}
EXAMPLES = """\b
Examples:
  glyphcam                                            webcam 0, digits, in a window
  glyphcam --demo --jsonl -                           the bundled clip, records on the terminal
  glyphcam drive.mp4 --mode plates --region DE,FR --csv plates.csv
  glyphcam 'meters/*.jpg' --jsonl readings.jsonl      pictures
  glyphcam rtsp://camera/1 --mode plates --db plates.sqlite --serve 8080
"""
VALID = {  # a value that works, for the sentence that refuses one that does not
    "mode": "plates", "region": "DE,FR", "threshold": "0.8", "roi": "0,120,640,240", "save": "out.mp4",
    "jsonl": "readings.jsonl", "csv": "readings.csv", "db": "readings.sqlite", "serve": "8080", "unsure": "0.6",
    "pattern": "DDDDD.D", "known": "known.csv", "words": "words.txt", "only": "known", "candidates": "3",
    "min_length": "4", "min_height": "20", "line": "0,300,640,300", "again_after": "10",
    "max_rate": "0.5", "search_size": "1280", "models": "models", "threads": "2",
    "size": "1280x720", "fps": "15", "rotate": "180", "every": "3", "max_fps": "5", "max_frames": "100",
    "crops": "crops", "reads": "all",
    "interval": "60", "on_reading": "/usr/local/bin/open-gate", "mqtt": "mqtt://broker", "token": "@token.txt",
    "name": "gate", "config": "glyphcam.toml",
    "workers": "4", "scheduler": "tcp://HOST:8786", "keep": "30", "hash_texts": "salt", "log_level": "debug",
    "measures": "water", "moments": "moments", "around": "5", "overlay": "boxes,clock", "anonymise": "plates",
}  # fmt: skip


class Sectioned(click.Command):
    """A command whose help lists the options under headings, and which refuses a value by naming one that works."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line. Raises click.UsageError."""
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            name = error.param.name if error.param else None
            raise click.BadParameter(error.message + example(name), error.ctx, error.param, error.param_hint) from None
        except click.BadOptionUsage as error:
            name = error.option_name.lstrip("-").replace("-", "_")
            raise click.BadOptionUsage(error.option_name, error.message + example(name), error.ctx) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, each under its heading; those without one come last."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        records = [(option.name, option.get_help_record(ctx)) for option in options]
        rows = {name: record for name, record in records if name and record}
        placed = {name for names in SECTIONS.values() for name in names}
        for heading, names in {**SECTIONS, "Other": [name for name in rows if name not in placed]}.items():
            with formatter.section(heading):
                formatter.write_dl([rows[name] for name in names])


def example(name: str | None) -> str:
    """A sentence with a value that an option accepts; "" for an option that takes none."""
    return f" For example: {spelled(name)} {VALID[name]}." if name in VALID else ""
