import { expect, test } from "vitest";
import { complete, lookUp } from "./cel-editor";

const words = {
  variables: [
    { name: "payload", type: "dyn", doc: null },
    { name: "alert", type: "map", doc: null },
    { name: "alert.title", type: "string", doc: "What it says." },
  ],
  functions: [
    { name: "size", kind: "function", signatures: ["size(list) -> int"], doc: null },
    { name: "&&", kind: "operator", signatures: [], doc: null },
  ],
};
const data = { payload: { alerts: [{ labels: { severity: "critical", "with-dash": 1 } }], state: "firing" } };
const labels = (before: string) => complete(before, words, data)?.options.map((one) => one.label) ?? null;

test.each([
  ["", ["payload", "alert", "size"]],
  ["pay", ["payload", "alert", "size"]],
  ["payload.", ["alerts", "state", "size"]],
  ["payload.alerts[0].labels.", ["severity", "size"]],
  ["alert.", ["title", "size"]],
  ["size(payload.st", ["alerts", "state", "size"]],
  ['"text"', null],
])("after %j", (before, wanted) => expect(labels(before)).toEqual(wanted));

test("what is completed begins where the word begins", () => expect(complete("size(payload.st", words, data)?.from).toBe("size(payload.".length));
test.each([
  ["payload.alerts[0].labels.severity", "critical"],
  ['payload["state"]', "firing"],
  ["payload.nothing.at.all", undefined],
])("%s", (path, wanted) => expect(lookUp(data, path)).toBe(wanted));
