// The schemas of this repository by Ajv, which editors and others use: each is sound by the schema
// of schemas and compiles in Ajv's strict mode, which knows x-exai and x-exai-… from us.
//
//   node tests/e2e/clients/check_schemas.mjs FILE…
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import Ajv from 'ajv';

for (const file of process.argv.slice(2)) {
  const whole = JSON.parse(readFileSync(file, 'utf8'));
  const schema = whole.inputSchema ?? whole;
  const ajv = new Ajv.default({ allErrors: true, logger: false, strictTypes: false, validateFormats: false });
  ajv.addVocabulary(['x-exai', ...Object.keys(schema).filter((key) => key.startsWith('x-exai-'))]);
  try {
    ajv.compile(schema);
    console.log(`${basename(file)}: sound`);
  } catch (error) {
    console.log(`${basename(file)}: ${error.message}`);
    process.exitCode = 1;
  }
}
