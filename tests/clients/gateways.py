"""Sluice in front of a service that the test starts too."""

import json
import os
import subprocess

from sluice import ACCESS_KEY, SECRET_KEY, STOP_SECONDS, Server, binary

# What a store of each kind refuses, by the names of the admin listener's answer; a test compares the two. Tests that are
# about one of these are not run through such a gateway.
REFUSED = {
    "s3": set(),
    "gcs": {"versioning", "any_key"},
    "azure": {"versioning", "any_key"},
    "drime": {"versioning"},
    # What one target refuses, a mirror refuses. Encryption pads each small part to the least size of one, for any may be the
    # last: a thousand of them fill a disk.
    "stack1": {"versioning", "any_key", "small_parts"},
    "stack2": {"small_parts"},
    "cache": set(),
    "mirror": set(),
    "crypt": {"small_parts"},
    "light": set(),
    # A part of a bucket: the bucket's settings and its removal are another's, and the prefix takes of a key's length.
    "prefix": {"versioning", "any_key", "own_bucket"},
}


def kind():
    """The kind of store that the tests are run through; none where they go to Sluice's own."""
    return os.environ.get("SLUICE_TEST_STORE", "")


def make_server(home, config=""):
    """The server under test with an empty store, not started: Sluice alone, in front of another service, or a stack of layers."""
    if kind() in STACKS:
        return Stack(home, kind(), config)
    if kind():
        return Gateway(home, kind(), config)
    return Server(home, config=config or None)


# What the account of a drive may do in these tests. At the real limit most of their time would be spent waiting; one test
# keeps to it.
CALLS_PER_MINUTE = 10_000_000


class Stub:
    """A stand-in of a provider."""

    def __init__(self, kind, options=()):
        command = [os.environ["SLUICE_STUB"], kind, "--listen", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.banner = self.process.stdout.readline().strip()
        assert self.banner, f"the stand-in of {kind} did not start"

    def settings(self):
        """What the stand-in said of itself: NAME=VALUE with blanks between."""
        return dict(word.split("=", 1) for word in self.banner.split())

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=STOP_SECONDS)
        return 0


def toml(value):
    """A text as a basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(value)


def s3_table(backing):
    return f"endpoint = {toml(backing.endpoint)}\naccess_key = {toml(ACCESS_KEY)}\nsecret_key = {toml(SECRET_KEY)}\n"


def gcs_table(backing):
    words, _, credentials = backing.banner.partition(" credentials=")
    told = dict(word.split("=", 1) for word in words.split())
    return f"endpoint = {toml(told['endpoint'])}\nproject = {toml(told['project'])}\ncredentials = {toml(credentials)}\n"


def azure_table(backing):
    return f"connection_string = {toml(backing.banner)}\n"


def drime_table(backing):
    told = backing.settings()
    return f"endpoint = {toml(told['endpoint'])}\ntoken = {toml(told['token'])}\nconditional = \"exclusive\"\n"


OPTIONS = {"drime": ("--calls-per-minute", str(CALLS_PER_MINUTE))}
TABLES = {"s3": s3_table, "gcs": gcs_table, "azure": azure_table, "drime": drime_table}


def start_service(home, kind):
    """A running service of the kind: another Sluice, or the stand-in of a provider."""
    if kind != "s3":
        return Stub(kind, OPTIONS.get(kind, ()))
    backing = Server(home / "backing")
    backing.start()
    return backing


class Gateway(Server):
    """A server whose only store is on another service, which it has for itself."""

    def __init__(self, home, kind, config=""):
        home.mkdir(parents=True, exist_ok=True)
        self.backing = start_service(home, kind)
        table = f'[store.far]\nkind = "{kind}"\n{TABLES[kind](self.backing)}'
        super().__init__(home / "gateway", config=config + "\n" + table)

    def close(self):
        """Ends the service behind the gateway, which goes on when the gateway alone is stopped."""
        assert self.backing.stop() == 0, "the service behind the gateway did not end well"


def keyring(home, name):
    """A new keyring; the reference by which settings name it."""
    path = home / f"{name}.toml"
    run = subprocess.run([binary(), "crypt", "keygen", path], capture_output=True, text=True, timeout=STOP_SECONDS)
    assert run.returncode == 0, run.stderr
    return f"file:{path}"


# A store here under layers.
ALONE = """
[store.here]
kind = "local"
path = "here"

[bucket."*"]
store = "here"
layers = [
{layers}
]
"""


def alone(*layers):
    """The settings of layers over a store here, the outermost first."""
    return ALONE.format(layers="\n".join(f"    {{{{ {layer} }}}}," for layer in layers))


CACHE = alone('kind = "cache", path = "cached", size = "1GiB", mode = "strict", memory = "16MiB"')
CRYPT = alone('kind = "crypt", keyring = "{first}"')
PREFIX = alone('kind = "prefix", prefix = "within/"')
# All that let writes through, with limits that these tests do not reach.
LIGHT = alone(
    'kind = "log"',
    'kind = "limit", requests = 100000, concurrency = 256',
    'kind = "bandwidth", read = "4GiB", write = "4GiB"',
    'kind = "retry", timeout = "60s", attempts = 3',
    'kind = "quota", bytes = "1TiB", objects = 10000000',
    'kind = "fault", latency = "1ms"',
)

MIRROR = """
[store.one]
kind = "local"
path = "one"

[store.two]
kind = "local"
path = "two"

[store.mirror]
kind = "mirror"
targets = ["one", "two"]
write = "all"

[bucket."*"]
store = "mirror"
"""

# Encryption over a cache over a mirror of a store here, an S3 and an Azure.
STACK1 = """
[store.here]
kind = "local"
path = "here"

[store.s3]
kind = "s3"
{s3}
[store.azure]
kind = "azure"
{azure}
[store.mirror]
kind = "mirror"
targets = ["here", "s3", "azure"]
write = "all"

[bucket."*"]
store = "mirror"
layers = [
    {{ kind = "crypt", keyring = "{first}" }},
    {{ kind = "cache", path = "cached", size = "1GiB", mode = "strict", memory = "16MiB" }},
]
"""

# A mirror over targets that are each encrypted with a key and an algorithm of their own.
STACK2 = """
[store.here]
kind = "local"
path = "here"
layers = [ {{ kind = "crypt", keyring = "{first}" }} ]

[store.s3]
kind = "s3"
{s3}layers = [ {{ kind = "crypt", keyring = "{second}", algorithm = "chacha20-poly1305" }} ]

[store.mirror]
kind = "mirror"
targets = ["here", "s3"]
write = "all"

[bucket."*"]
store = "mirror"
"""

# The settings of each, with the services that they reach.
STACKS = {
    "cache": (CACHE, ()),
    "mirror": (MIRROR, ()),
    "crypt": (CRYPT, ()),
    "light": (LIGHT, ()),
    "prefix": (PREFIX, ()),
    "stack1": (STACK1, ("s3", "azure")),
    "stack2": (STACK2, ("s3",)),
}


class Stack(Server):
    """A server whose buckets are behind layers, over stores of its own and services that it has for itself."""

    def __init__(self, home, kind, config=""):
        home.mkdir(parents=True, exist_ok=True)
        settings, services = STACKS[kind]
        self.backings = {name: start_service(home, name) for name in services}
        tables = {name: TABLES[name](backing) for name, backing in self.backings.items()}
        rings = {name: keyring(home, name) for name in ("first", "second")}
        super().__init__(home / "stack", config=config + "\n" + settings.format(**tables, **rings))

    def close(self):
        """Ends the services behind the stack."""
        for backing in self.backings.values():
            assert backing.stop() == 0, "a service behind the stack did not end well"
