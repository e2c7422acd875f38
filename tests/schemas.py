"""Every golden, example and test input that names a schema fits it, and every table of matrices/. Run by tests/lint.sh."""
import glob
import json
import os
import re
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


def complain(text):
    global bad
    print(text)
    bad = 1


def table_fields():
    """The fields of each table as src/matrix/rows.h has them."""
    with open("src/matrix/rows.h") as f:
        text = f.read().replace("\\\n", "")
    return {name: [field for _, field in re.findall(r"F\((\w+), (\w+)\)", body)]
            for name, body in re.findall(r"#define TABLE_(\w+)\(F\)(.*)", text)}


def check_table(path, schema, variants, fields):
    name = os.path.basename(path)[:-5]
    with open(path) as f:
        table = json.load(f)
    if table.get("table") != name or name not in variants:
        return complain(f"{path}: names the table {table.get('table')}")
    if list(variants[name]["properties"]["rows"]["items"]["properties"]) != ["id", "source"] + fields[name]:
        complain(f"schemas/matrices.schema.json: table {name} has other fields than src/matrix/rows.h")
    # not the whole schema at once: what oneOf says of a wrong row helps nobody
    whole = {**variants[name], "required": schema["required"], "definitions": schema["definitions"]}
    for e in jsonschema.Draft7Validator(whole).iter_errors(table):
        at = list(e.absolute_path)
        complain(f"{path}: {table['rows'][at[1]].get('id') if len(at) > 1 else ''}: {'/'.join(map(str, at))}: {e.message[:200]}")
    ids = [r["id"] for r in table["rows"]]
    for i in sorted({i for i in ids if ids.count(i) > 1}):
        complain(f"{path}: {i} stands there twice")


def check_tables():
    with open("schemas/matrices.schema.json") as f:
        schema = json.load(f)
    jsonschema.Draft7Validator.check_schema(schema)
    variants = {v["properties"]["table"]["const"]: v for v in schema["oneOf"]}
    fields = table_fields()
    for name in sorted(set(variants) ^ set(fields)):
        complain(f"schemas/matrices.schema.json, src/matrix/rows.h: table {name} is in one of them only")
    paths = sorted(glob.glob("matrices/*.json"))
    for name in sorted(set(fields) - {os.path.basename(p)[:-5] for p in paths}):
        complain(f"matrices/{name}.json is missing")
    for path in paths:
        check_table(path, schema, variants, fields)


def check_configurations():
    """Those of the cases, but for those that are wrong on purpose, and the one that the manual shows."""
    with open("schemas/config.schema.json") as f:
        schema = json.load(f)
    jsonschema.Draft7Validator.check_schema(schema)
    texts = {}
    for path in sorted(glob.glob("tests/cases/*/.envcheck.json")):
        with open(os.path.dirname(path) + "/want.exit") as f:
            wrong = f.read().strip() == "2"
        if not wrong:
            with open(path) as f:
                texts[path] = f.read()
    with open("man/envcheck.json.5") as f:
        texts["man/envcheck.json.5"] = re.search(r"^\{\n.*?^\}\n", f.read(), re.M | re.S)[0]
    for path, text in texts.items():
        for e in jsonschema.Draft7Validator(schema).iter_errors(json.loads(text)):
            complain(f"{path}: {'/'.join(map(str, e.absolute_path))}: {e.message[:200]}")


check_tables()
check_configurations()
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
