"""Writes what dbt itself selects of the project beside this file: golden/selection.json by each line of
expressions.txt, state.json by each of its own after the edits of edits.json, and
dbt-manifest.json, which is what dbt says of the project before them.

    python3 -m venv V && V/bin/pip install dbt-core dbt-duckdb && V/bin/python golden.py

With --ask it writes no file: it reads a list of lines as JSON and prints what each selects.
"""
import contextlib, io, json, os, pathlib, shlex, shutil, sys, tempfile

from dbt.cli.main import dbtRunner

here = pathlib.Path(__file__).parent
quiet = ["--quiet", "--project-dir", ".", "--profiles-dir", "."]
states = ["new", "old", "modified", "unmodified", "modified.body", "modified.configs",
          "modified.relation", "modified.macros", "modified.contract"]


def parse():
    parsed = dbtRunner().invoke(["parse", "--no-partial-parse", *quiet])
    if not parsed.success:
        raise SystemExit(str(parsed.exception))
    return parsed.result


def choose(manifest, flags):
    asked = ["ls", *quiet, "--output", "json", "--output-keys", "unique_id",
             "--resource-type", "all", *flags]
    with contextlib.redirect_stdout(io.StringIO()):
        found = dbtRunner(manifest=manifest).invoke(asked)
    if not found.success:
        raise SystemExit(str(found.exception))
    return sorted(json.loads(one)["unique_id"] for one in found.result or [])


def write(name, value):
    (here / "golden" / name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def trimmed(manifest):
    """Without what is dbt's own, or of the machine."""
    own = {"shop", "tools"}
    manifest["macros"] = {k: v for k, v in manifest["macros"].items() if v["package_name"] in own}
    manifest["metadata"] = {k: manifest["metadata"][k] for k in ("dbt_schema_version", "dbt_version")}
    for entry in manifest["nodes"].values():
        entry.pop("root_path", None)
    keep = ("metadata", "nodes", "sources", "macros", "exposures", "unit_tests")
    return {key: manifest[key] for key in keep}


def flags_of(line):
    words = shlex.split(line)
    return words if words[0].startswith("--") else ["--select", *words]


def ask(lines):
    with contextlib.redirect_stdout(io.StringIO()):
        parsed = parse()
    found = {line: choose(parsed, flags_of(line)) for line in lines}
    print("ANSWERS " + json.dumps(found))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder) / "project"
        shutil.copytree(here / "project", project)
        os.chdir(project)
        os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
        if not dbtRunner().invoke(["deps", *quiet]).success:
            raise SystemExit("deps failed")
        if "--ask" in sys.argv:
            return ask(json.load(sys.stdin))
        before = parse()
        lines = (here / "expressions.txt").read_text().splitlines()
        write("selection.json", {line: choose(before, flags_of(line)) for line in lines})
        shutil.copytree("target", pathlib.Path(folder) / "state")
        manifest = json.loads((pathlib.Path(folder) / "state/manifest.json").read_text())
        write("dbt-manifest.json", trimmed(manifest))
        for name, text in json.loads((here / "edits.json").read_text()).items():
            (project / name).write_text(text)
        now = parse()
        state = ["--state", str(pathlib.Path(folder) / "state"), "--indirect-selection", "empty"]
        write("state.json",
              {one: choose(now, ["--select", f"state:{one}", *state]) for one in states})


main()
