"""Writes golden.json: what dbt itself selects of the project beside this file, by each expression.

    python3 -m venv V && V/bin/pip install dbt-core dbt-duckdb && V/bin/python golden.py
"""
import contextlib, io, json, os, pathlib, shlex, shutil, tempfile

from dbt.cli.main import dbtRunner

here = pathlib.Path(__file__).parent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder) / "project"
        shutil.copytree(here / "project", project)
        os.chdir(project)
        os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
        quiet = ["--quiet", "--project-dir", ".", "--profiles-dir", "."]
        if not dbtRunner().invoke(["deps", *quiet]).success:
            raise SystemExit("deps failed")
        parsed = dbtRunner().invoke(["parse", *quiet])
        if not parsed.success:
            raise SystemExit(str(parsed.exception))
        golden = {}
        for line in (here / "expressions.txt").read_text().splitlines():
            words = shlex.split(line)
            flags = words if words[0].startswith("--") else ["--select", *words]
            asked = ["ls", *quiet, "--output", "json", "--output-keys", "unique_id", *flags]
            with contextlib.redirect_stdout(io.StringIO()):
                found = dbtRunner(manifest=parsed.result).invoke(asked)
            golden[line] = (
                sorted(json.loads(one)["unique_id"] for one in found.result or [])
                if found.success
                else "error: " + str(found.exception).strip().splitlines()[0]
            )
        text = json.dumps(golden, indent=1, ensure_ascii=False)
        (here / "golden.json").write_text(text + "\n")


main()
