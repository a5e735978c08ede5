"""The independent decryptor of docs/format reads the frozen vectors of the format."""

import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("cryptography")

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = ROOT / "crates" / "crypt" / "tests" / "vectors"
SCRIPT = ROOT / "docs" / "format" / "decrypt.py"


def pattern(seed, size):
    return bytes((n * 31 + seed * 7919) % 251 for n in range(size))


PLAIN = {
    "whole": pattern(3, 70_000),
    "chacha": pattern(4, 1000),
    "parts": pattern(1, 1500) + pattern(2, 20),
    "copied": pattern(3, 70_000),
}


def decrypt(name, path, key=None):
    command = [sys.executable, SCRIPT, "--keyring", VECTORS / "keyring.toml", "--epoch", VECTORS / f"{name}.epoch"]
    command += ["--bucket", "bucket", "--key", key or name]
    if name == "copied":
        command += ["--envelope", (VECTORS / "copied.envelope").read_text()]
    return subprocess.run([*map(str, command), str(path)], capture_output=True)


@pytest.mark.parametrize("name", PLAIN)
def test_the_decryptor_reads_a_vector(name):
    done = decrypt(name, VECTORS / name)
    assert done.returncode == 0, done.stderr
    assert done.stdout == PLAIN[name]


@pytest.mark.parametrize("name", PLAIN)
def test_the_decryptor_refuses_another_name_and_changed_bytes(name, tmp_path):
    assert decrypt(name, VECTORS / name, key="other").returncode != 0
    changed = bytearray((VECTORS / name).read_bytes())
    changed[500] ^= 1
    (tmp_path / name).write_bytes(changed)
    assert decrypt(name, tmp_path / name).returncode != 0


def test_the_decryptor_has_at_most_a_hundred_lines():
    assert len(SCRIPT.read_text().splitlines()) <= 100
