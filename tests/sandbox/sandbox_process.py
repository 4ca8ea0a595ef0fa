"""The sandbox as a process of its own, for tests that need a real connection."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]


@dataclass
class Process:
    """A sandbox that runs as a process of its own, and what opens it."""

    running: "subprocess.Popen[str]"
    opens: dict[str, str]

    def client(self, **settings: Any) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.opens['hubspot_token']}"}
        return httpx.Client(base_url=self.opens["base_url"], headers=headers, **settings)


def start(*arguments: str) -> Process:
    command = [sys.executable, "-m", "sandbox.serve", "--people", "300", "--as-of", "2026-11-22", *arguments]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert running.stdout is not None
    return Process(running, json.loads(running.stdout.readline()))


def stop(process: Process) -> int:
    """End the process as the end of its parent would; its exit code."""
    assert process.running.stdin is not None
    assert process.running.stdout is not None
    process.running.stdin.close()
    code = process.running.wait(timeout=30)
    process.running.stdout.close()
    return code
