"""What is too old goes, and nothing goes because a clock was set."""

import os

from realtime.output.retention import DAY, SWEEP, Retention


class Clocks:
    """A wall clock and a monotonic one that run together until the wall clock is set."""

    def __init__(self, wall=1_000_000_000.0):
        self.passed, self.set_by = 0.0, wall

    def wall(self):
        return self.passed + self.set_by

    def retention(self, keep=2):
        return Retention(keep, self.wall, lambda: self.passed)


def test_old_things_go_at_once_and_then_every_hour():
    clocks = Clocks()
    retention = clocks.retention()
    assert retention.oldest() == clocks.wall() - 2 * DAY
    retention.swept()
    assert retention.oldest() is None
    clocks.passed += SWEEP
    assert retention.oldest() == clocks.wall() - 2 * DAY


def test_only_files_that_are_too_old_are_swept_and_only_when_it_is_time(tmp_path):
    clocks, old, new = Clocks(), tmp_path / "old", tmp_path / "new"
    for path, age in ((old, 3 * DAY), (new, DAY)):
        path.touch()
        os.utime(path, (clocks.wall() - age,) * 2)
    retention = clocks.retention()
    retention.sweep([old, new, tmp_path / "gone"])
    assert not old.exists() and new.exists()
    old.touch()
    os.utime(old, (0, 0))
    retention.sweep([old])
    assert old.exists()


def test_without_keep_nothing_goes():
    assert Clocks().retention(None).oldest() is None


def test_a_clock_that_was_set_deletes_nothing_until_all_that_was_written_before_is_old(caplog):
    for years in (26, -26):
        clocks = Clocks()
        retention = clocks.retention()
        retention.swept()
        clocks.set_by += years * 365 * DAY
        for _ in range(47):
            clocks.passed += SWEEP
            assert retention.oldest() is None
        clocks.passed += 2 * SWEEP
        assert retention.oldest() == clocks.wall() - 2 * DAY
    assert caplog.text.count("The clock was set") == 2
