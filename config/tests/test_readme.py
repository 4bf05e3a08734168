"""The session that the README shows is what happens."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from config.tests.serving import environment, serving

README = (Path(settings.BASE_DIR) / "README.md").read_text()
# What differs from run to run.
PASSING = {"access", "refresh", "created_at", "added_at", "request_id", "next"}


def session():
    """The commands with the answers pasted under them."""
    shown = README.partition("## From registering")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", shown, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if not line.startswith("API=")]
    commands = [i for i, line in enumerate(lines) if line.startswith("$ ")]
    ends = [*commands[1:], len(lines)]
    return [
        (lines[i][2:], "\n".join(lines[i + 1 : end])) for i, end in zip(commands, ends, strict=True)
    ]


def lasting(answer):
    """An answer without what differs; `next` is only there or not."""
    if isinstance(answer, list):
        return [lasting(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    return {k: bool(v) if k in PASSING else lasting(v) for k, v in answer.items()}


def read(answer):
    try:
        return lasting(json.loads(answer))
    except ValueError:
        return answer


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_each_answer_is_the_one_pasted(tmp_path):
    with serving(tmp_path, DJANGO_DEBUG="on") as server:
        seed = [sys.executable, "manage.py", "seed", "--demo"]
        variables = environment(tmp_path, {"DJANGO_DEBUG": "on"})
        subprocess.run(seed, cwd=settings.BASE_DIR, env=variables, check=True, timeout=60)
        marked = "".join(f"{command}\necho @@@\n" for command, _ in session())
        script = f"API=http://127.0.0.1:{server.port}/api/v1\n{marked}"
        done = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60
        )
    answers = [answer.strip() for answer in done.stdout.split("@@@\n")][:-1]
    assert [read(answer) for answer in answers] == [read(pasted) for _, pasted in session()]
    assert len(answers) >= 10
