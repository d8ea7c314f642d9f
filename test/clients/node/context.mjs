// What every scenario of both node libraries gets: names of keys in the app's view, checks, and waiting.
import assert from 'node:assert/strict';

export const equal = (got, want) => assert.deepStrictEqual(got, want);
export const check = (condition, text) => { if (!condition) throw new Error(text); };
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Runs a call of another client a little later, while this one blocks.
export const later = (call, ms = 150) => { pause(ms).then(call).catch(() => {}); };

export async function refused(word, promise) {
  let got;
  try { got = await promise; } catch (error) {
    check(String(error.message ?? error).includes(word), `wanted ${word}, got ${error}`);
    return;
  }
  throw new Error(`wanted an error with ${word}, got ${JSON.stringify(got)}`);
}

export async function until(condition, text, ms = 5000) {
  for (const end = Date.now() + ms; ; await pause(10)) {
    const got = await condition();
    if (got) return got;
    check(Date.now() < end, 'not within the time: ' + text);
  }
}

export const range = (count, from = 0) => Array.from({ length: count }, (_, n) => from + n);
export const sorted = (values) => [...values].sort();
export const bytes256 = Buffer.from(range(256));

function parse(argv) {
  const [host, port, ...words] = argv;
  const names = Object.fromEntries(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
  const only = names.only ? new Set(names.only.split(',')) : null;
  return { host, port: Number(port), names, only };
}

const within = (promise, ms) => {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`no end after ${ms} ms`)), ms); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

// Runs every scenario with clients of its own. `open(address)` gives { client(options), close() } of the library.
export async function runAll(scenarios, unsupported, open) {
  const { host, port, names, only } = parse(process.argv.slice(2));
  process.on('unhandledRejection', () => {});
  for (const [id, scenario] of Object.entries(scenarios)) {
    if (only && !only.has(id)) continue;
    const library = open({ host, port });
    const t = { key: (family, name) => names[family].split('%s').join(name), names, client: library.client };
    try {
      await within(scenario(t), 8000);
      console.log(`${id} pass`);
    } catch (error) {
      console.log(`${id} fail: ${String(error.message ?? error).replace(/\s+/g, ' ')}`);
    }
    library.close();
  }
  for (const [id, reason] of Object.entries(unsupported)) if (!only || only.has(id)) console.log(`${id} unsupported: ${reason}`);
  process.exit(0);
}
