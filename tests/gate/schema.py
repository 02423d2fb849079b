"""Prints where a JSON file is not as its JSON Schema says.

usage: schema.py SCHEMA FILE
"""
import json
import sys

import jsonschema


def main():
    with open(sys.argv[1]) as file:
        schema = json.load(file)
    with open(sys.argv[2]) as file:
        report = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    for error in jsonschema.Draft7Validator(schema).iter_errors(report):
        path = "/".join(str(part) for part in error.absolute_path)
        print(f"{path}: {error.message[:200]}")
    for site in report.get("sites", []):
        for key in "live_blocks", "live_bytes":
            if len(site[key]) != len(report["snapshots"]):
                print(f"{site['id']}: {key} is not one for each snapshot")


main()
