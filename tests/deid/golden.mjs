// The browser's build of the engine gives the same bytes as the server's: `node golden.mjs MODULE INPUT OUTPUT REPORT KEYFILE PROFILE`.
// MODULE: folder of `cargo xtask deid`. OUTPUT and REPORT: what `adit deid` has made of INPUT with the same key and profile.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [module, input, output, report, keyFile, profile] = process.argv.slice(2);
const { Project, initSync } = await import(pathToFileURL(join(module, 'adit_deid_web.js')));
initSync({ module: readFileSync(join(module, 'adit_deid_web_bg.wasm')) });

const key = Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'hex');
const project = new Project(profile, key, '', undefined);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The file as the module gives it out, pushed in pieces of an odd size; null if it refuses. */
function deidentified(bytes) {
  const parts = [];
  try {
    const instance = project.begin(bytes.subarray(0, 1 << 20), '');
    for (let at = 0; at < bytes.length; at += 4999) parts.push(instance.push(bytes.subarray(at, at + 4999)));
    parts.push(instance.finish());
    return Buffer.concat(parts);
  } catch (error) {
    return { refused: String(error.message ?? error) };
  }
}

let same = 0;
let refused = 0;
const wrong = [];
for (const line of readFileSync(report, 'utf8').trim().split('\n').map((text) => JSON.parse(text))) {
  const here = deidentified(readFileSync(join(input, line.input)));
  if (line.outcome === 'written') {
    const there = sha256(readFileSync(join(output, line.output)));
    if (Buffer.isBuffer(here) && sha256(here) === there) same += 1;
    else wrong.push(`${line.input}: ${here.refused ?? 'other bytes'}`);
  } else if (line.reason.startsWith('another file of the same folder')) {
    // Two inputs with one SOP Instance UID: a matter of naming files, which the module does not do.
  } else if (Buffer.isBuffer(here)) wrong.push(`${line.input}: written here, there ${line.reason}`);
  else refused += 1;
}
for (const text of wrong.slice(0, 20)) console.log(text);
console.log(`golden, ${profile}: ${same} files with the same SHA-256, ${refused} refused by both, ${wrong.length} wrong`);
process.exit(wrong.length > 0 || same === 0 ? 1 : 0);
