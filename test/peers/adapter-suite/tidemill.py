"""Puts Tidemill's command line in the place of dbt's: a plugin of pytest (`-p tidemill`).

dbt's tests run dbt in their own process and look at the objects it answers. Here each command is one
of Tidemill, and the same objects are read from its artifacts with dbt's own classes.
"""

import glob
import json
import os
import subprocess
import sys
import threading

import agate
import dbt.exceptions
import dbt.tests.util
import dbt_common.exceptions
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.freshness import FreshnessExecutionResultArtifact
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.artifacts.schemas.results import NodeStatus
from dbt.artifacts.schemas.run import RunExecutionResult, RunResult, RunResultsArtifact
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.functions import get_capture_stream

command = json.loads(os.environ["SUITE_TIDEMILL"])
call_max_seconds = 120

building = ("run", "build", "seed", "snapshot")


class TidemillError(
    dbt.exceptions.ParsingError,
    dbt_common.exceptions.CompilationError,
    dbt_common.exceptions.DbtDatabaseError,
    dbt.exceptions.DbtProjectError,
    dbt.exceptions.DbtProfileError,
):
    """Tidemill told a fault before it did anything; which of dbt's errors it is, it does not say."""

    def __init__(self, text):
        Exception.__init__(self, text)
        self.msg = text
        self.node = None
        self.stack = []

    def __str__(self):
        return self.msg


def translate(args):
    """(The command, the line of words that Tidemill is called with)."""
    at = next(i for i, word in enumerate(args) if not word.startswith("-"))
    name, words = args[at], [*args[at:], *args[:at]]
    if name in ("docs", "source"):
        name = f"{name} {args[at + 1]}"
    if name == "run":
        # Tests are gates of what is built; dbt's own `run` asks none.
        words = ["build", "--resource-type", "model", *words[1:]]
    # The tests change tables by hand, and look for what a run makes of that.
    return name, [*words, "--no-reuse"] if name in building else words


def release_warehouse():
    """DuckDB lets one process write: what the tests have open is closed, and opened when they ask."""
    env = DuckDBConnectionManager._ENV
    if env is not None and getattr(env, "conn", None) is not None:
        env.conn.close()
        env.conn = None
        env.handle_count = 0
    for adapter in dbt.adapters.factory.FACTORY.adapters.values():
        adapter.cleanup_connections()
    DuckDBConnectionManager.close_all_connections()


def option(args, name, default):
    return args[args.index(name) + 1] if name in args else default


def read_manifest(target):
    path = os.path.join(target, "manifest.json")
    if not os.path.exists(path):
        return None
    return Manifest.from_writable_manifest(WritableManifest.read_and_check_versions(path))


def read_results(target, manifest):
    read = RunResultsArtifact.read_and_check_versions(os.path.join(target, "run_results.json"))
    results = []
    for one in read.results:
        node = manifest.expect(one.unique_id) if not one.unique_id.startswith("operation.") else None
        if node is not None and one.compiled_code:
            node.compiled_code = one.compiled_code
        results.append(
            RunResult(
                status=one.status, timing=one.timing, thread_id=one.thread_id, node=node,
                execution_time=one.execution_time, adapter_response=one.adapter_response,
                message=one.message, failures=one.failures, batch_results=one.batch_results,
            )
        )  # fmt: skip
    return RunExecutionResult(results=results, elapsed_time=read.elapsed_time, args=read.args)


warm = None


def call(words):
    """Asks `warm.ts`, which is started where it does not run and ended where it does not answer."""
    global warm
    if warm is None or warm.poll() is not None:
        pipe = subprocess.PIPE
        warm = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    env = {**os.environ, "NO_COLOR": "1"}
    print(json.dumps({"args": words, "cwd": os.getcwd(), "env": env}), file=warm.stdin, flush=True)
    alarm = threading.Timer(call_max_seconds, warm.kill)
    alarm.start()
    line = warm.stdout.readline()
    alarm.cancel()
    ended = json.loads(line or '{"code": -1, "stdout": "", "stderr": "no answer"}')
    return subprocess.CompletedProcess(words, ended["code"], ended["stdout"], ended["stderr"])


def compiled_nodes(manifest):
    nodes = manifest.nodes.values() if manifest else []
    return [node for node in nodes if getattr(node, "compiled", False)]


def read_shown(words, manifest):
    """What `show` answers: each chosen node, with the rows as a table."""
    printed = call([*words, "--output", "json"]).stdout
    table = agate.Table.from_object(json.loads(printed)["show"])
    nodes = compiled_nodes(manifest)
    results = [RunResult.from_node(node, NodeStatus.Success, None) for node in nodes or [None]]
    for result in results:
        result.agate_table = table
    args = {"limit": int(option(words, "--limit", 5))}
    return RunExecutionResult(results=results, elapsed_time=0, args=args)


def invoke(self, args, **kwargs):
    args = [str(word) for word in args]
    if "deps" in args:
        # Packages are dbt's to fetch; in a process of its own it keeps its hands off the adapters here.
        ran = subprocess.run([sys.executable, "-m", "dbt.cli.main", *args])
        return dbtRunnerResult(success=ran.returncode == 0, result=None)
    release_warehouse()
    name, words = translate(args)
    project = option(args, "--project-dir", os.getcwd())
    wanted = option(args, "--target-path", os.environ.get("DBT_TARGET_PATH", "target"))
    target = os.path.join(project, wanted)
    for file in ("run_results.json", "sources.json"):
        stale = os.path.join(target, file)
        if os.path.exists(stale):
            os.rename(stale, stale + ".before")
    ran = call(words)
    said = ran.stdout + ran.stderr
    print(f"\n$ tidemill {' '.join(words)}\n{said}", file=sys.stderr)
    if get_capture_stream() is not None:
        get_capture_stream().write(said)
    is_fine = ran.returncode == 0

    def answer(result):
        return dbtRunnerResult(success=is_fine, result=result)

    has_results = os.path.exists(os.path.join(target, "run_results.json"))
    for before in glob.glob(os.path.join(target, "*.before")):
        if not os.path.exists(before.removesuffix(".before")):
            os.rename(before, before.removesuffix(".before"))
    if name == "source freshness" and os.path.exists(os.path.join(target, "sources.json")):
        return answer(FreshnessExecutionResultArtifact.read_and_check_versions(
            os.path.join(target, "sources.json")))  # fmt: skip
    if not is_fine and not has_results:
        return dbtRunnerResult(success=False, exception=TidemillError(said))
    if name in ("ls", "list"):
        return answer([line for line in ran.stdout.split("\n") if line])
    if name in ("clean", "init", "run-operation"):
        return answer(is_fine)
    if name == "docs generate":
        return answer(CatalogArtifact.read_and_check_versions(os.path.join(target, "catalog.json")))
    manifest = read_manifest(target)
    if name == "parse":
        return answer(manifest)
    if name == "show":
        return answer(read_shown(words, manifest))
    if name == "compile":
        nodes = compiled_nodes(manifest)
        done = [RunResult.from_node(node, NodeStatus.Success, None) for node in nodes]
        return answer(RunExecutionResult(results=done, elapsed_time=0))
    return answer(read_results(target, manifest))


dbtRunner.invoke = invoke
# Before any test module takes it by name; dbt's own reads the file of its partial parsing.
dbt.tests.util.get_manifest = lambda root: read_manifest(os.path.join(str(root), "target"))
