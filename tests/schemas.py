"""Every golden, example and test input that names a schema fits it. Run by tests/lint.sh."""
import glob
import json
import os
import sys
import warnings

import jsonschema

warnings.filterwarnings("ignore", category=DeprecationWarning)  # of RefResolver, which old and new versions have

schemas = {}
for path in glob.glob("schemas/envcheck.*.schema.json"):
    with open(path) as f:
        schema = json.load(f)
    jsonschema.Draft7Validator.check_schema(schema)
    # one schema may point into another by its file name
    resolver = jsonschema.RefResolver("file://" + os.path.abspath(path), schema)
    schemas[schema["properties"]["schema"]["const"]] = jsonschema.Draft7Validator(schema, resolver=resolver)

bad = seen = 0
for path in sorted(glob.glob("tests/cases/*/*.json") + glob.glob("examples/**/*.json", recursive=True) + sys.argv[1:]):
    with open(path, "rb") as f:
        text = f.read()
    try:
        whole = json.loads(text)
    except ValueError:
        if "/broken" in path:  # inputs that are wrong on purpose
            continue
        whole = None
    for value in whole if isinstance(whole, list) else [whole]:
        if not isinstance(value, dict) or value.get("schema") not in schemas:
            if path.endswith("want.json") and (value is None or "schema" in value):
                print(f"{path}: names no published schema")
                bad = 1
            continue
        seen += 1
        for e in schemas[value["schema"]].iter_errors(value):
            print(f"{path}: {'/'.join(map(str, e.absolute_path))}: {e.message[:200]}")
            bad = 1
print(f"schemas: {seen} texts checked") if not seen else None
sys.exit(bad)
