"""Find, read and follow digits, characters and number plates in a camera's picture, in recordings and in pictures."""

from __future__ import annotations

import importlib
import logging
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, chdir
from dataclasses import replace
from functools import partial, reduce
from math import inf
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

import realtime
from realtime.areas.roi import parse_roi
from realtime.capture.files import check_there
from realtime.capture.named import Named
from realtime.capture.open import is_camera, open_source
from realtime.capture.replay import Looped, Paced
from realtime.capture.source import is_address
from realtime.capture.turn import Turn, Turned
from realtime.cli.help import EXAMPLES, Sectioned
from realtime.cli.logs import start_logging
from realtime.cli.rules import Job, check_options, check_pictures, check_places
from realtime.cli.types import METAVAR, Kept, Modes, Parts, Size
from realtime.contracts import Pipeline, Sink, Source
from realtime.errors import UserError
from realtime.loop import run
from realtime.output.record import doubtful, hashed, plain, read_key, with_candidates
from realtime.overlay import Overlay
from realtime.pipeline import load
from realtime.privacy.redact import mask, printable
from realtime.rules.known import read_known, read_words
from realtime.service.stopping import Stop, stopping_on_signals
from realtime.service.systemd import Notifier
from realtime.setup import Setup
from realtime.sinks.command import OnReading
from realtime.sinks.crops import Crops
from realtime.sinks.moments import Moments
from realtime.sinks.progress import Progress
from realtime.sinks.rewrite import Mapped, Only
from realtime.sinks.stills import Stills
from realtime.sinks.store import Store
from realtime.sinks.table import Table, csv_line, json_line, no_crop
from realtime.sinks.video import Video
from realtime.sinks.web.history import History
from realtime.sinks.window import Window
from realtime.stats import Summary
from realtime.tracking.crossings import parse_line
from realtime.values import Result

if TYPE_CHECKING:  # what only some jobs need is loaded by them: a tenth of the time to the first picture
    from realtime.archive.run import Report
    from realtime.cli.config import Camera, Config

DEMO = Path(realtime.__file__).with_name("demo.mp4")  # rendered by python -m synth demo
OUTPUTS = ("save", "jsonl", "csv", "db", "crops", "moments", "serve", "mqtt", "on_reading")
LEVELS = ["debug", "info", "warning", "error"]
log = logging.getLogger("realtime")


POSITIVE = click.IntRange(min=1)
SEARCH = click.IntRange(min=64)
RATE = click.FloatRange(min=0, min_open=True)
SHARE = click.FloatRange(0, 1)
FILE = click.Path(dir_okay=False)
FOLDER = click.Path(file_okay=False)
PIPED = click.Path(dir_okay=False, allow_dash=True)


@click.command(
    cls=Sectioned,
    epilog=EXAMPLES,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "auto_envvar_prefix": "GLYPHCAM",
    },
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...", type=Kept(), envvar="GLYPHCAM_SOURCE")
@click.option("--mode", type=Modes(), metavar=METAVAR, default="digits", show_default=True,
              help="Kind of text; separate several with commas.")  # fmt: skip
@click.option("--whole-frame", is_flag=True, help="Read each picture as one object, without locating it.")
@click.option("--threshold", type=SHARE, metavar="F", help="Minimum confidence of a reading.  [default: the model's]")
@click.option("--unsure", type=SHARE, metavar="F", help="Write '?' for characters with confidence below F.")
@click.option("--plain", is_flag=True, help="Write digits only: no points, minus signs or colons.")
@click.option("--region", metavar="CODE,...", default="", help="Plate formats to expect, such as DE,FR.")
@click.option("--pattern", multiple=True, metavar="TEXT",
              help="Form of text to expect: D a digit, L a letter, such as 'DDDDD.D'; repeatable.")  # fmt: skip
@click.option("--known", type=FILE, metavar="FILE", help="Texts to expect and name, lines of text,name,list,aliases.")
@click.option("--words", type=FILE, metavar="FILE", help="Words to expect.")
@click.option(
    "--only", type=click.Choice(["known", "unknown"]), help="Write only what --known lists, or what it lacks."
)
@click.option("--candidates", type=POSITIVE, metavar="N", help="Write the N likeliest texts with their probabilities.")
@click.option("--min-length", type=POSITIVE, metavar="N", help="Ignore shorter texts.  [default: the mode's]")
@click.option("--min-height", type=RATE, metavar="PX", help="Ignore text lower than this, in pixels.")
@click.option("--rising", is_flag=True, help="A meter: its number never falls; readings that do are kept as doubtful.")
@click.option("--max-rate", type=RATE, metavar="F", help="With --rising: the most that it grows in a minute.")
@click.option("--roi", multiple=True, metavar="X,Y,W,H|POLYGON",
              help="Search only here, in pixels; a polygon is X,Y,X,Y,X,Y,...; repeatable.")  # fmt: skip
@click.option("--line", metavar="X,Y,X,Y", help="Count what crosses this line, in pixels, and in which direction.")
@click.option("--search-size", type=SEARCH, metavar="N",
              help="Longer side of the picture that is searched, in pixels.  [default: 640]")  # fmt: skip
@click.option("--models", type=FOLDER, metavar="DIR", help="Folder of models.  [default: the bundled models]")
@click.option("--threads", type=POSITIVE, metavar="N", default=1, show_default=True, help="Threads per network.")
@click.option("--size", type=Size(), metavar="WxH", help="Picture size to ask the camera for, such as 1280x720.")
@click.option("--fps", type=RATE, metavar="F", help="Frames per second to ask the camera for.")
@click.option("--rotate", type=click.Choice(["90", "180", "270"]), help="Rotate pictures clockwise, in degrees.")
@click.option("--flip", is_flag=True, help="Mirror pictures left to right.")
@click.option("--pace", is_flag=True, help="Read a recording no faster than it was made.")
@click.option("--loop", is_flag=True, help="Read a recording again and again.")
@click.option("--max-frames", type=POSITIVE, metavar="N", help="Stop after N frames.")
@click.option("--every", type=POSITIVE, metavar="N", default=1, show_default=True, help="Read only every Nth frame.")
@click.option("--max-fps", type=RATE, metavar="F", help="Read at most F frames per second.")
@click.option("--skip-still", is_flag=True, help="Skip frames in which nothing moved.")
@click.option("--skip-blurred", is_flag=True, help="Skip frames blurrier than their neighbours.")
@click.option("--show/--no-show", default=None, help="Show a window.  [default: if no other output is named]")
@click.option("--save", type=click.Path(), metavar="OUT.mp4", help="Save the drawn video (stills: OUT.jpg, a folder).")
@click.option("--overlay", type=Parts(), metavar="boxes|full|none", default="boxes", show_default=True,
              help="What is drawn: boxes, figures, clock, with commas; full, none.")  # fmt: skip
@click.option("--serve", metavar="[HOST:]PORT", help="Serve a web page with the live picture and the readings.")
@click.option("--token", type=Kept(), metavar="TEXT", default="", envvar="GLYPHCAM_TOKEN",
              help="Token for --serve.  [default: generated if needed]")  # fmt: skip
@click.option("--jsonl", type=PIPED, metavar="FILE", help="Write records as JSON lines; - for standard output.")
@click.option("--csv", type=PIPED, metavar="FILE", help="Write records as CSV; - for standard output.")
@click.option("--reads", type=click.Choice(["confirmed", "all"]), default="confirmed", show_default=True,
              help="Rows in --jsonl and --csv: those of values, or one per sighting and frame.")  # fmt: skip
@click.option("--interval", type=RATE, metavar="SECONDS", help="Write what stands into --jsonl and --csv this often.")
@click.option("--db", type=FILE, metavar="FILE.sqlite", help="Add records to an SQLite database.")
@click.option("--crops", type=FOLDER, metavar="DIR", help="Save the best picture of each value in this folder.")
@click.option("--again-after", type=RATE, metavar="MINUTES",
              help="A text that is seen again this soon goes on with its last record.")  # fmt: skip
@click.option("--moments", type=FOLDER, metavar="DIR", help="Save the picture in which each value was confirmed.")
@click.option("--around", type=RATE, metavar="SECONDS", help="With --moments: a clip of so long before and after.")
@click.option("--overwrite", is_flag=True, help="Replace output files that exist.")
@click.option("--on-reading", metavar="COMMAND", help="Run a command per reading, its record on standard input.")
@click.option("--mqtt", type=Kept(), metavar="URL", envvar="GLYPHCAM_MQTT",
              help="Publish readings: mqtt://[USER:PASSWORD@]HOST[:PORT][/TOPIC].")  # fmt: skip
@click.option("--measures", metavar="KIND[:UNIT]", help="What Home Assistant is told: water, gas, energy:kWh ...")
@click.option("--keep", type=RATE, metavar="DAYS", help="Delete what is older in --db, --crops and --moments.")
@click.option("--hash-texts", type=FILE, metavar="SALTFILE", help="Write keyed hashes instead of texts.")
@click.option("--anonymise", type=click.Choice(["plates"]), help="Make plates unreadable in all pictures.")
@click.option("--workers", type=POSITIVE, metavar="N", help="Read recordings into --db with N processes.")
@click.option("--scheduler", metavar="ADDRESS", help="Read recordings into --db on this Dask cluster.")
@click.option("--name", metavar="TEXT", help="Name of the camera in records, on the page and in MQTT topics.")
@click.option("--config", type=FILE, metavar="FILE.toml", help="Run the cameras of this file, each in its own process.")
@click.option("--check", is_flag=True, help="With --config: say what is wrong with the file, and end.")
@click.option("--demo", is_flag=True, help="Run on the bundled clip.  With --serve again and again, at its speed.")
@click.option("--draw", is_flag=True, help="Open a pad to draw on; with --serve, on the page.")
@click.option("--log-level", type=click.Choice(LEVELS), default="info", show_default=True, help="Amount of logging.")
@click.version_option(package_name="glyphcam", allow_from_autoenv=False)
def main(**options: Any) -> None:
    """Find, read and follow digits, characters or number plates.

    SOURCE is a camera (0, 1, /dev/video2, picamera), a video, a picture, a folder, a glob, or an rtsp:// or http://
    address. Without a SOURCE, camera 0 is opened.

    Passwords on the command line are visible to everybody on this machine. SOURCE, --mqtt and --token can therefore be
    @FILE, the name of a file that holds the value. Every option can also come from the environment, such as
    GLYPHCAM_SOURCE, GLYPHCAM_MQTT or GLYPHCAM_MAX_FPS.

    Keys in the window: q quits, p pauses, s saves a still, + and - change the threshold.
    """
    o = SimpleNamespace(**options, given=given_options(click.get_current_context()))
    start_logging(o.log_level)
    if any(mask(text) != text for text in sys.argv):
        log.warning("Everybody on this machine can see the password in this command. Write it into a file: @FILE.")
    try:
        job = prepared(o)
        with stopping_on_signals() as stop:
            summary = JOBS.get(job, watch)(o, stop)
    except UserError as error:
        click.echo(f"Error: {printable(error)}", err=True)
        sys.exit(error.exit_code)
    if summary.frames or job is Job.ARCHIVE:
        log.info("%s", summary)
    if summary.failures:
        sys.exit(1)


def given_options(context: click.Context) -> frozenset[str]:
    """The options that the user wrote down."""
    named = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    return frozenset(named) - (set() if context.params["sources"] else {"sources"})


def prepared(o: SimpleNamespace) -> Job:
    """What is to be done, once what follows from the options is filled in. Raises UserError where they contradict."""
    job = job_of(o)
    o.pace = o.pace or bool(o.demo and o.serve)
    o.loop = o.loop or bool(o.demo and o.serve)
    if job not in (Job.PAD, Job.PAGE, Job.ARCHIVE, Job.SEVERAL):
        named = [name for name in OUTPUTS if getattr(o, name)]
        o.show = not named if o.show is None else o.show
        o.jsonl = o.jsonl if o.show or named else "-"
    check_options(job, o.given, vars(o))
    check_places(sources_of(o), vars(o))
    if job is Job.ARCHIVE and not o.sources:
        raise UserError("--workers and --scheduler read recordings.", "Name files, folders, globs or URLs.")
    return job


def job_of(o: SimpleNamespace) -> Job:
    """What the options ask for."""
    if o.config:
        return Job.SEVERAL
    if o.draw:
        return Job.PAGE if o.serve else Job.PAD
    if o.workers or o.scheduler:
        return Job.ARCHIVE
    first = sources_of(o)[0]
    return Job.CAMERA if is_camera(first) else Job.STREAM if is_address(first) else Job.FILES


def watch(o: SimpleNamespace, stop: Stop) -> Summary:
    """The main job: a source through a pipeline into sinks."""
    setup = setup_of(o)
    with opened(o, setup, stop) as source:
        if source.still:
            check_pictures(o.given)
        if source.size:
            for roi in setup.rois:
                roi.check(source.size)
            if setup.line:
                setup.line.check(source.size)
        pipeline = setup.open()
        views, outputs = open_sinks(o, source, pipeline, stop)
        watchers: list[Sink] = [Notifier()]
        watchers += [] if source.live or source.still or o.loop else [Progress(source.frame_count)]
        watchers += views if outputs else []  # to be looked at is no reason to go on where records were asked for
        limits = {"gate": setup.gate(), "limit": o.max_frames, "watchers": watchers}
        summary = run(source, pipeline, outputs or views, stop, **limits)
        if stop.signal and not (source.live or o.loop):
            text = f"Stopped by {signal.Signals(stop.signal).name} before the end of {source.name}."
            summary = replace(summary, failures=(*summary.failures, text))
            log.error(text)
    return summary


def opened(o: SimpleNamespace, setup: Setup, stop: Stop) -> Source:
    """What is read, as the options want it to come."""
    opening = partial(
        open_source, sources_of(o), stop=stop, size=o.size, fps=o.fps, max_fps=o.max_fps, small=setup.shrinks
    )
    source = Looped(opening) if o.loop else opening()
    source = Paced(source) if o.pace else source
    source = Turned(source, setup.turn) if setup.turn else source
    return Named(source, o.name) if o.name else source


def use_pad(o: SimpleNamespace, stop: Stop) -> Summary:
    """The drawing pad, in a window or, with --serve, on the page."""
    if o.serve:
        pipeline = setup_of(o).open()
        with open_page(o, pipeline, Overlay(lambda: pipeline.threshold), b""):
            stop.wait()
        return Summary()
    from realtime import pad

    pad.run(partial(load, models=o.models, threads=o.threads), o.mode.split(",")[0], stop)
    return Summary()


def file_away(o: SimpleNamespace, stop: Stop) -> Report:
    """Many recordings into a database, by several processes or a cluster."""
    from realtime.archive import run as archive
    from realtime.archive.identity import YOUNG
    from realtime.archive.workers import DaskPool, ProcessPool

    setup = setup_of(o)
    pool = DaskPool(o.scheduler) if o.scheduler else ProcessPool(o.workers)
    change = rewording(read_key(Path(o.hash_texts)) if o.hash_texts else b"", o)
    report = archive.run(sources_of(o), setup, o.db, pool, stop, crops=o.crops, keep=o.keep, change=change,
                         young=YOUNG)  # fmt: skip
    if stop.signal:
        log.error("Stopped before the end. Run the same command again to go on.")
    return report


def watch_several(o: SimpleNamespace, stop: Stop) -> Summary:
    """The cameras of a file, each in a process of its own; with --check only what they would do."""
    from realtime.cli.config import read_config

    config = read_config(o.config, [param.name or "" for param in main.params])
    with chdir(config.folder):  # paths in the file start from where it is
        cameras = [prepared_camera(o.config, camera) for camera in config.cameras]
        if o.check:
            for camera, options in cameras:
                sources = ", ".join(mask(source) for source in sources_of(options))
                click.echo(f"{camera.name}: {options.mode} from {printable(sources)} ({job_of(options).value})")
            return Summary()
        went_well = run_several(o, config, [camera for camera, _ in cameras], stop)
    return Summary(failures=() if went_well else ("Not every camera went well.",))


def prepared_camera(path: str, camera: Camera) -> tuple[Camera, SimpleNamespace]:
    """A camera without defaults that are not for it, and its options.

    Raises UserError where its process could not begin with them.
    """
    try:
        first = camera_options(camera)
        camera = camera.fitting(job_of(first), first.mode.split(","))
        options = camera_options(camera)
        if prepared(options) is Job.FILES:
            check_there(sources_of(options))
        setup = setup_of(options)
        setup.check()
    except (UserError, click.UsageError) as error:
        text = error.format_message() if isinstance(error, click.UsageError) else str(error)
        raise UserError(f"{path}: [cameras.{camera.name}] {text}") from None
    return camera, options


def camera_options(camera: Camera) -> SimpleNamespace:
    """A camera's options as its process will have them. Raises click.UsageError."""
    with main.make_context("glyphcam", camera.arguments()) as context:
        return SimpleNamespace(**context.params, given=camera.own)


def run_several(o: SimpleNamespace, config: Config, cameras: Sequence[Camera], stop: Stop) -> bool:
    """Run the cameras until all are over or `stop` is set; whether all went well."""
    from realtime.service import supervise

    address = o.serve or config.serve
    with tempfile.TemporaryDirectory(prefix="glyphcam-") as folder, ExitStack() as stack:
        sockets = {camera.name: f"{folder}/{number}.page" for number, camera in enumerate(cameras)}
        processes = []
        for number, camera in enumerate(cameras):
            served = {"GLYPHCAM_SERVE": f"unix:{sockets[camera.name]}"} if address else {}
            usual = {"GLYPHCAM_LOG_LEVEL": o.log_level, "GLYPHCAM_SHOW": "0"}
            environ = supervise.environment({**usual, **camera.environment(), **served})
            command = [sys.executable, str(Path(__file__).resolve())]
            processes.append(supervise.Process(camera.name, command, environ, Path(folder, f"{number}.notices")))
        if address:
            server = needing("web", "realtime.sinks.web.server")
            token = o.token or Kept().convert(config.token, None, None)
            states = lambda: [process.state() for process in processes]  # noqa: E731
            front = partial(server.front, sockets=sockets, states=states, history=common_history(cameras))
            stack.enter_context(server.Server(address, token, front, partial(click.echo, err=True)))
        notifier = stack.enter_context(Notifier())
        return supervise.run(processes, stop, notifier.alive)


def common_history(cameras: Sequence[Camera]) -> History | None:
    """A search in the database that all cameras with a database share; None where there is no such one."""
    places = {(camera.options["db"], camera.options.get("crops")) for camera in cameras if "db" in camera.options}
    salts = {camera.options.get("hash_texts") for camera in cameras}
    if len({base for base, _ in places}) != 1 or len(salts) != 1:
        return None
    (base, crops), salt = next(iter(places)), salts.pop()
    return History(base, crops, read_key(Path(salt)) if salt else b"")


JOBS: dict[Job, Callable[[SimpleNamespace, Stop], Summary | Report]] = {
    Job.PAD: use_pad,
    Job.PAGE: use_pad,
    Job.ARCHIVE: file_away,
    Job.SEVERAL: watch_several,
}


def sources_of(o: SimpleNamespace) -> list[str]:
    """What to open."""
    return [str(DEMO)] if o.demo else list(o.sources) or ["0"]


def setup_of(o: SimpleNamespace) -> Setup:
    """How to read, as the options say."""
    return Setup(
        o.mode,
        o.models,
        o.threads,
        o.threshold,
        tuple(code for code in o.region.split(",") if code),
        tuple(map(parse_roi, o.roi)),
        o.search_size,
        Turn(int(o.rotate or 0), o.flip),
        o.whole_frame,
        o.every,
        o.max_fps,
        o.skip_still,
        o.skip_blurred,
        bool(o.crops),
        anonymise=bool(o.anonymise),
        rising=o.rising,
        max_rate=o.max_rate,
        patterns=o.pattern,
        known=read_known(o.known) if o.known else (),
        words=read_words(o.words) if o.words else (),
        min_length=o.min_length,
        min_height=o.min_height or 0.0,
        line=parse_line(o.line) if o.line else None,
        again_after=o.again_after,
    )


def open_sinks(o: SimpleNamespace, source: Source, pipeline: Pipeline, stop: Stop) -> tuple[list[Sink], list[Sink]]:
    """Views and outputs that were asked for; the window first, for it may be refused."""
    line = parse_line(o.line).ends if o.line else ()
    overlay = Overlay(lambda: pipeline.threshold, o.overlay, line)
    key = read_key(Path(o.hash_texts)) if o.hash_texts else b""
    views: list[Sink] = [Window(overlay, stop, partial(adjust, pipeline), source.live)] if o.show else []
    views += [open_page(o, pipeline, overlay, key)] if o.serve else []
    outputs: list[Sink] = [(Stills if source.still else Video)(o.save, overlay, o.overwrite)] if o.save else []
    outputs += [Moments(o.moments, overlay, o.around or 0.0, o.keep)] if o.moments else []
    outputs += [Mapped(rewording(key, o), sink) for sink in record_sinks(o, source, stop)]
    return views, outputs


def record_sinks(o: SimpleNamespace, source: Source, stop: Stop) -> list[Sink]:
    """The sinks that write texts down, crops before the records that name them.

    Of a live source values are written at once, not only when they are over, and what cannot be written waits.
    """
    crops = Crops(o.crops, o.keep, live=source.live) if o.crops else None
    crop = crops.path if crops else no_crop
    interval = o.interval or inf
    table = partial(
        Table, everything=o.reads == "all", live=source.live, interval=interval, overwrite=o.overwrite, crop=crop
    )
    sinks: list[Sink] = [crops] if crops else []
    sinks += [table(o.jsonl, o.mode, json_line)] if o.jsonl else []
    sinks += [table(o.csv, o.mode, csv_line)] if o.csv else []
    sinks += [Store(o.db, o.mode, keep=o.keep, crop=crop, live=source.live)] if o.db else []
    sinks += [OnReading(o.on_reading, o.mode, live=source.live, stop=stop, crop=crop)] if o.on_reading else []
    if o.mqtt:
        mqtt = needing("mqtt", "realtime.sinks.mqtt")
        hidden = bool(o.hash_texts)  # no picture may tell what the hash hides
        told = {"name": o.name or "", "source": source.name, "measures": o.measures or ""}
        sinks.append(mqtt.Mqtt(o.mqtt, o.mode, live=source.live, stop=stop, crop=crop, pictures=not hidden, **told))
    return sinks


def rewording(key: bytes, o: SimpleNamespace) -> Callable[[Result], Result]:
    """What happens to texts before they are written down, and which are."""
    steps: list[Callable[[Result], Result]] = [Only(o.only == "known")] if o.only else []
    steps += [partial(with_candidates, most=o.candidates)] if o.candidates else []
    steps += [plain] if o.plain else []
    if key:
        steps.append(partial(hashed, key=key))
    elif o.unsure:
        steps.append(partial(doubtful, least=o.unsure))
    return lambda result: reduce(lambda changed, step: step(changed), steps, result)


def open_page(o: SimpleNamespace, pipeline: Pipeline, overlay: Overlay, key: bytes) -> Any:
    """The web page, with a search where there is a database."""
    history = History(o.db, o.crops, key) if o.db else None
    web = needing("web", "realtime.sinks.web.server")
    pad = partial(load, models=o.models, threads=o.threads)
    announce = partial(click.echo, err=True)
    return web.Web(o.serve, o.token, announce=announce, pipeline=pipeline, draw=overlay, history=history, open_pad=pad,
                   turn=(int(o.rotate or 0), o.flip))  # fmt: skip


def needing(extra: str, module: str) -> ModuleType:
    """A module that needs packages of an extra; UserError where they are not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        hint = f"In glyphcam's folder, run: pip install '.[{extra}]'."
        raise UserError(f"The extra {extra!r} is not installed ({error.name} is missing).", hint) from None


def adjust(pipeline: Pipeline, step: float) -> None:
    """Move the threshold."""
    pipeline.set_threshold(round(pipeline.threshold + step, 2))
    log.info("threshold %.2f", pipeline.threshold)


if __name__ == "__main__":
    main()
