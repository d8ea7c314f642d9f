"""Installs each client library at its pinned version into the cache, once, and tells how to run its scenarios."""
import hashlib
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


class Skipped(Exception):
    """This machine has no toolchain or no registry for the library."""


class Broken(Exception):
    """The runner itself does not build."""


def tool(name):
    path = shutil.which(name)
    if not path:
        raise Skipped(f"{name} is not installed")
    return path


def run(command, failure, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise failure(f"{' '.join(command[:3])} failed: " + " / ".join(done.stdout.strip().splitlines()[-3:]))


def once(directory, files, build):
    """Runs build when one of the files differs from what the directory was built of."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.encode())
        with open(path, "rb") as source:
            digest.update(source.read())
    stamp = os.path.join(directory, "stamp")
    if os.path.exists(stamp) and open(stamp).read() == digest.hexdigest():
        return
    os.makedirs(directory, exist_ok=True)
    build()
    with open(stamp, "w") as file:
        file.write(digest.hexdigest())


def sources(folder, *ends):
    found = []
    for root, _, names in os.walk(os.path.join(HERE, folder)):
        found += [os.path.join(root, name) for name in names if name.endswith(ends) and "node_modules" not in root]
    return found


def redis_cli(cache):
    tool("redis-cli")
    return [sys.executable, os.path.join(HERE, "redis_cli", "run_redis_cli.py")]


def redis_py(cache):
    directory = os.path.join(cache, "redis_py")
    python, pins = os.path.join(directory, "bin", "python"), os.path.join(HERE, "redis_py", "requirements.txt")

    def build():
        run([sys.executable, "-m", "venv", "--clear", directory], Skipped)
        run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", pins], Skipped)

    once(directory, [pins], build)
    return [python, os.path.join(HERE, "redis_py", "run_redis_py.py")]


def node(cache, script):
    directory, npm = os.path.join(cache, "node"), tool("npm")
    pins = [os.path.join(HERE, "node", name) for name in ("package.json", "package-lock.json")]

    def build():
        for pin in pins:
            shutil.copy(pin, directory)
        run([npm, "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], Skipped, cwd=directory)

    once(directory, pins, build)
    for source in sources("node", ".mjs"):  # a module finds its packages beside itself only
        shutil.copy(source, directory)
    return [tool("node"), os.path.join(directory, script)]


def go_redis(cache):
    directory, folder = os.path.join(cache, "goredis"), os.path.join(HERE, "goredis")
    go, program = tool("go"), os.path.join(cache, "goredis", "run_go_redis")

    def build():
        run([go, "mod", "download"], Skipped, cwd=folder)
        run([go, "build", "-mod=readonly", "-o", program, "."], Broken, cwd=folder)

    once(directory, sources("goredis", ".go", "go.mod", "go.sum"), build)
    return [program]


def jvm(cache, main):
    directory, folder = os.path.join(cache, "jvm"), os.path.join(HERE, "jvm")
    java, maven = tool("java"), tool("mvn")
    common = [maven, "-q", "-B", f"-DoutputDirectory={directory}"]

    def build():
        run([*common, "dependency:copy-dependencies"], Skipped, cwd=folder)
        run([*common, "compile"], Broken, cwd=folder)

    once(directory, sources("jvm", ".java", "pom.xml"), build)
    return [java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", f"{directory}/classes:{directory}/*", main]


LIBRARIES = {
    "redis-cli": redis_cli,
    "redis-py": redis_py,
    "ioredis": lambda cache: node(cache, "run_ioredis.mjs"),
    "node-redis": lambda cache: node(cache, "run_node_redis.mjs"),
    "go-redis": go_redis,
    "jedis": lambda cache: jvm(cache, "JedisRunner"),
    "lettuce": lambda cache: jvm(cache, "LettuceRunner"),
}
