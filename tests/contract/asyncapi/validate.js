// The official parser's word on a document: its errors and warnings, then what it found.
// node validate.js FOLDER-OF-THE-PARSER DOCUMENT
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [folder, path] = process.argv.slice(2);
const { Parser } = createRequire(join(folder, 'package.json'))('@asyncapi/parser');

new Parser().parse(readFileSync(path, 'utf8')).then(({ document, diagnostics }) => {
  const faults = diagnostics.filter((found) => found.severity <= 1);
  for (const fault of faults) console.log(`${fault.path.join('.')}: ${fault.message}`);
  console.log(`${document ? document.messages().length : 0} messages`);
  process.exit(faults.length || !document ? 1 : 0);
});
