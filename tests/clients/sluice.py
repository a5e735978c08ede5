"""One Sluice process with its own data directory and ports."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import urllib3

ACCESS_KEY = "CLIENTTESTKEY0000001"
SECRET_KEY = "client-test-secret/with+special=characters"
# Longer than anything takes, even on a busy machine.
START_SECONDS = 120.0
STOP_SECONDS = 120.0
STARTS_MAX = 30
PATIENCE_SECONDS = 60.0


_given_ports = set()


def free_port():
    """A port that nobody listens on, and that was not given out before: the kernel may name one twice."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given_ports:
            _given_ports.add(port)
            return port


def until(happens, what):
    """Waits for something that another process does in its own time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < end, f"{what} did not happen within {PATIENCE_SECONDS:.0f} seconds"
        time.sleep(0.02)


def binary():
    """The program under test."""
    return os.environ["SLUICE_BIN"]


class Server:
    """`sluice serve DIR`, started, stopped and killed as the test says."""

    def __init__(self, home, config=None, words=(), data="data"):
        self.home = pathlib.Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.data = data and self.home / data
        self.words = list(words)
        self.port, self.admin_port = free_port(), free_port()
        self.process = None
        self.log = self.home / "server.log"
        if config is not None:
            path = self.home / "sluice.toml"
            path.write_text(config)
            self.words += ["--config", str(path)]

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin(self):
        return f"http://127.0.0.1:{self.admin_port}"

    @property
    def pid(self):
        return self.process.pid

    def start(self, root_key=(ACCESS_KEY, SECRET_KEY)):
        """Starts the process and returns the seconds until it was ready for requests."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
        if root_key is not None:
            environment.update(SLUICE_ACCESS_KEY=root_key[0], SLUICE_SECRET_KEY=root_key[1])
        command = [binary(), "serve", *([str(self.data)] if self.data else [])]
        command += ["--listen", f"127.0.0.1:{self.port}", "--admin-listen", f"127.0.0.1:{self.admin_port}"]
        began = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command + self.words, env=environment, cwd=self.home, stdout=log, stderr=log)
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.002)
        return time.monotonic() - began

    def _ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.admin_port), timeout=1) as probe:
                probe.sendall(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                return probe.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def quickest_start(self, within):
        """Starts and kills the process until a start took less than `within` seconds; the last one runs. Another program may
        hold a start up, and none makes one quicker than it is."""
        seconds = [self.start()]
        while seconds[-1] >= within and len(seconds) < STARTS_MAX:
            self.kill()
            seconds.append(self.start())
        assert seconds[-1] < within, seconds

    def stop(self):
        """Asks the process to end and returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=STOP_SECONDS)

    def close(self):
        """Ends what the server was started with; that is nothing."""

    def kill(self):
        """Ends the process at once, as a power switch would."""
        self.process.kill()
        self.process.wait()

    def metrics(self):
        """The figures of the metrics page by name with labels."""
        page = urllib3.request("GET", f"{self.admin}/metrics").data.decode()
        lines = [line.rsplit(" ", 1) for line in page.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in lines}


class External:
    """A server that somebody else runs, for trying the tests themselves."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.port = int(endpoint.rsplit(":", 1)[1])

    def start(self):
        return 0.0

    def stop(self):
        return 0

    def close(self):
        pass
