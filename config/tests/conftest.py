"""What the tests of the whole service look at: its log, as an operator would read it."""

import io
import json
import logging

import pytest
import structlog

from config.logs import formatter


class Lines(io.StringIO):
    def read_all(self):
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def of(self, logger):
        return [line for line in self.read_all() if line["logger"] == logger]


@pytest.fixture
def log():
    """The lines that are logged during a test, in JSON whatever LOG_FORMAT says."""
    shape = formatter("json", [structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name])
    lines = Lines()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=shape["processors"], foreign_pre_chain=shape["foreign_pre_chain"]
        )
    )
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)
