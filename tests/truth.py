"""Scores envcheck on a folder of cases with known answers. usage: truth.py ENVCHECK FOLDER

A case is {"id", "target": declaration, "host": profile, "confidence",
"expect": {"verdict": [...], "rules_any": [...], "rules_not_error": [...]}}.
False alarms, misses and unknowns are counted apart.
"""
import glob
import json
import os
import subprocess
import sys
import tempfile


def judge(envcheck, case, tmp):
    target, host = os.path.join(tmp, "target.json"), os.path.join(tmp, "host.json")
    with open(target, "w") as f:
        json.dump({"schema": "envcheck.inventory/1", "targets": [case["target"]]}, f)
    with open(host, "w") as f:
        json.dump(case["host"], f)
    run = subprocess.run([envcheck, target, "--host", host, "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not run.stdout:
        return "unreadable", []
    result = json.loads(run.stdout)["results"][0]
    return result["verdict"], [f for f in result["findings"] if f["answer"] == "fail"]


def score(case, verdict, fails):
    """None where the answer is right, else "false alarm", "miss" or "unknown"."""
    expect = case["expect"]
    errors = {f["rule"] for f in fails if f["level"] == "error"}
    banned = set(expect.get("rules_not_error", []))
    if errors & banned or ("*" in banned and errors):
        return "false alarm"
    wanted = expect.get("rules_any", [])
    if verdict in expect["verdict"] and (not wanted or any(f["rule"] in wanted for f in fails)):
        return None
    if verdict == "fail" and "fail" not in expect["verdict"]:
        return "false alarm"
    return "unknown" if verdict == "unknown" else "miss"


def main():
    envcheck, folder = sys.argv[1:]
    count = {None: 0, "false alarm": 0, "miss": 0, "unknown": 0}
    high = [0, 0]
    with tempfile.TemporaryDirectory() as tmp:
        for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
            with open(path) as f:
                case = json.load(f)
            verdict, fails = judge(envcheck, case, tmp)
            wrong = score(case, verdict, fails)
            count[wrong] += 1
            if case.get("confidence") == "high":
                high[0] += wrong is None
                high[1] += 1
            if wrong:
                print(f"{case['id']}: {wrong}: {verdict}, {sorted({f['rule'] for f in fails})}; expected {case['expect']}")
    total = sum(count.values())
    print(f"{count[None]} of {total} right ({high[0]} of {high[1]} of high confidence); "
          f"{count['false alarm']} false alarms, {count['miss']} misses, {count['unknown']} unknown")
    sys.exit(count[None] != total or not total)


main()
