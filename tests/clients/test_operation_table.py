"""The table of operations in s3-model names every operation of the S3 service model, and tells each as the model does.

Needs no server: it compares `crates/s3-model/operations.json` (kept in step with the table by a Rust test) with the model that
the installed botocore package ships.
"""

import json
import pathlib

import botocore.loaders
import pytest

TABLE_FILE = pathlib.Path(__file__).resolve().parents[2] / "crates" / "s3-model" / "operations.json"
# Operations of S3 that no client library calls.
BEYOND_THE_MODEL = {"PostObject", "CorsPreflight"}


@pytest.fixture(scope="module")
def model():
    return botocore.loaders.Loader().load_service_model("s3", "service-2")


@pytest.fixture(scope="module")
def table():
    rows = json.loads(TABLE_FILE.read_text())
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names))
    return {row["name"]: row for row in rows}


def members(model, operation):
    shape = operation.get("input", {}).get("shape")
    return model["shapes"][shape] if shape else {"members": {}, "required": []}


def required_at(model, operation, location):
    shape = members(model, operation)
    return {
        member["locationName"]
        for name, member in shape["members"].items()
        if member.get("location") == location and name in shape.get("required", [])
    }


def test_nothing_is_forgotten_and_nothing_is_invented(model, table):
    assert set(table) == set(model["operations"]) | BEYOND_THE_MODEL


def test_methods_and_paths_are_the_model_s(model, table):
    for name, operation in model["operations"].items():
        path = operation["http"]["requestUri"].split("?")[0]
        assert table[name]["method"] == operation["http"]["method"], name
        assert table[name]["path"] == path, name


def test_sub_resources_are_the_model_s(model, table):
    for name, operation in model["operations"].items():
        _, _, fixed = operation["http"]["requestUri"].partition("?")
        fixed = set(filter(None, fixed.split("&")))
        ours = set(table[name]["query"])
        assert fixed <= ours, name
        known = {member.get("locationName") for member in members(model, operation)["members"].values()}
        assert {condition.split("=")[0] for condition in ours - fixed} <= known, name


def test_every_required_parameter_of_an_object_tells_its_operation(model, table):
    """A required query parameter either stands in the row, or the row is told from all others without it."""
    for name, operation in model["operations"].items():
        row = table[name]
        missing = required_at(model, operation, "querystring") - {item.split("=")[0] for item in row["query"]}
        if not missing or row["status"] == "SameAs":
            continue
        rivals = [
            other
            for other in table.values()
            if other["name"] != name
            and other["status"] != "SameAs"
            and (other["method"], other["path"]) == (row["method"], row["path"])
            and set(other["query"]) == set(row["query"])
            and other["header"] == row["header"]
        ]
        assert not rivals, (name, missing)


def test_headers_that_tell_operations_apart_are_required_by_the_model(model, table):
    for name, row in table.items():
        if row["header"] is not None:
            required = {header.lower() for header in required_at(model, model["operations"][name], "header")}
            assert row["header"] in required, name


def test_actions_belong_to_services_of_s3(table):
    for name, row in table.items():
        if name != "CorsPreflight":
            assert row["action"].split(":")[0] in {"s3", "s3express", "s3-object-lambda"}, name
