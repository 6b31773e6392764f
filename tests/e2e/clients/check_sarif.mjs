// check_sarif.mjs <LOG: whether a log is SARIF 2.1.0 by its schema, without an empty list or a line
// 0, which code scanning services refuse. The list of results may be empty: nothing was found.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const shipped = "node_modules/@datadog/datadog-ci-plugin-sarif/dist/json-schema";
const schema = JSON.parse(
  readFileSync(new URL(`${shipped}/sarif-schema-2.1.0.json`, import.meta.url)),
);
const log = JSON.parse(readFileSync(0));

const ajv = new Ajv.default({ strict: false, allErrors: true });
addFormats.default(ajv);
const validate = ajv.compile(schema);
const problems = validate(log)
  ? []
  : validate.errors.map((error) => `${error.instancePath} ${error.message}`);

function look(value, path) {
  if (Array.isArray(value) && value.length === 0 && !path.endsWith("/results"))
    problems.push(`${path} is empty`);
  if (/(Line|Column)$/.test(path) && value < 1) problems.push(`${path} is ${value}`);
  if (value !== null && typeof value === "object")
    for (const [key, member] of Object.entries(value)) look(member, `${path}/${key}`);
}
look(log, "");

for (const problem of problems) console.log(problem);
const results = log.runs.flatMap((run) => run.results);
if (problems.length === 0)
  console.log(`SARIF ${log.version}: ${results.length} results, ${
    results.filter((result) => result.fixes).length} fixes`);
process.exit(problems.length === 0 ? 0 : 1);
