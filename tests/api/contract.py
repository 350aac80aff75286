"""Every answer of the API that any test gets is held to /api/openapi.json: its status is one of the operation's, its type
and its body are those of the schema. A table that says too much or too little fails the test that meets it."""

import json
import re
import urllib.parse

import jsonschema_rs


class Broken(AssertionError):
    """The server answered what its document does not allow."""


class Contract:
    def __init__(self, document):
        self.document = document
        self.validators = {}
        self.operations = []
        for path, methods in document["paths"].items():
            pattern = re.compile("^" + re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(path)) + "$")
            fixed = "{" not in path
            for method, operation in methods.items():
                self.operations.append((not fixed, pattern, method.upper(), operation))
        self.operations.sort(key=lambda one: one[0])  # "alert-rules/preview" before "alert-rules/{id}"

    def operation(self, method, path):
        for _, pattern, name, operation in self.operations:
            if name == ("GET" if method == "HEAD" else method) and pattern.match(path):
                return operation
        return None

    def validator(self, schema):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "components": self.document["components"]}
            self.validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self.validators[key]

    def response(self, operation, status):
        found = operation["responses"].get(str(status))
        if found and "$ref" in found:
            found = self.document["components"]["responses"][found["$ref"].rsplit("/", 1)[1]]
        return found

    def check(self, method, target, answer):
        url = urllib.parse.urlsplit(target)
        operation = self.operation(method, urllib.parse.unquote(url.path))
        if operation is None:
            preflight = method == "OPTIONS" and "access-control-allow-origin" in answer.headers  # the browser's own business
            if answer.status < 400 and not preflight:
                raise Broken(f"{method} {target} answered {answer.status}, and is not in the document")
            return
        found = self.response(operation, answer.status)
        if found is None:
            raise Broken(f"{method} {target} answered {answer.status}, which {operation['operationId']} does not name")
        if not answer.body:
            return
        given = answer.headers.get("content-type", "").split(";")[0]
        if given not in found.get("content", {}):
            raise Broken(f"{method} {target} answered {answer.status} as {given}, not as {list(found.get('content', {}))}")
        selected = "fields" in urllib.parse.parse_qs(url.query)  # only some members were asked for
        if "json" not in given or selected:
            return
        for error in self.validator(found["content"][given]["schema"]).iter_errors(answer.json):
            at = "/".join(map(str, error.instance_path))
            raise Broken(f"{method} {target} answered {answer.status}; at /{at}: {error.message}"[:1500])
