"""Writes what Python's jinja2 makes of the corpus to golden/*.jsonl.

    python -m venv VENV && VENV/bin/pip install 'jinja2==3.1.6'
    VENV/bin/python test/jinja/golden.py            # rewrite the goldens
    VENV/bin/python test/jinja/golden.py --check    # compare only; exit code 1 on a difference
    VENV/bin/python test/jinja/golden.py --ask      # cases of standard input, one a line

Each line of corpus/*.jsonl is one case: name, template, context, and options (those of a jinja2
Environment, `undefined`: "strict", and `templates` by name for include and import). Its golden is
the text, or the class of the error, its message and, for syntax errors, its line.
"""

import json
import pathlib
import sys

import jinja2

HERE = pathlib.Path(__file__).parent


def render(case):
    options = dict(case.get("options", {}))
    templates = options.pop("templates", {})
    undefined = jinja2.StrictUndefined if options.pop("undefined", "") == "strict" else jinja2.Undefined
    environment = jinja2.Environment(
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        loader=jinja2.DictLoader(templates),
        undefined=undefined,
        **options,
    )
    try:
        code = environment.compile(case["template"], "case", "case")
        template = jinja2.Template.from_code(environment, code, environment.make_globals(None))
        return {"output": template.render(case["context"])}
    except jinja2.TemplateSyntaxError as error:
        return {"error": type(error).__name__, "message": error.message, "line": error.lineno}
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}


def answer():
    for line in sys.stdin:
        print(json.dumps(render(json.loads(line))))


def main():
    is_check = "--check" in sys.argv
    different = []
    for corpus in sorted((HERE / "corpus").glob("*.jsonl")):
        lines = []
        for line in corpus.read_text(encoding="utf-8").split("\n"):
            if line.strip():
                case = json.loads(line)
                lines.append(json.dumps({"name": case["name"], **render(case)}, ensure_ascii=False))
        golden = HERE / "golden" / corpus.name
        text = "\n".join(lines) + "\n"
        if is_check:
            if golden.read_text(encoding="utf-8") != text:
                different.append(corpus.name)
        else:
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(text, encoding="utf-8")
    if different:
        print("goldens differ from jinja2", jinja2.__version__, *different)
        sys.exit(1)


answer() if "--ask" in sys.argv else main()
