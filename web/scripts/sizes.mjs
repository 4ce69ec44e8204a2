// What a page costs to fetch: the scripts and styles that index.html names,
// and each page's own, compressed as they travel. Fails past the budget.

import { readdir, readFile } from 'node:fs/promises';
import { brotliCompressSync } from 'node:zlib';

const BUDGET_KB = 230;
const dist = new URL('../dist/', import.meta.url);
const page = await readFile(new URL('index.html', dist), 'utf8');
const first = new Set([...page.matchAll(/\/assets\/([^"]+\.(?:js|css))/g)].map(([, name]) => name));
let sum = 0;
for (const name of (await readdir(new URL('assets/', dist))).sort()) {
    if (!/\.(js|css)$/.test(name)) continue;
    const size = brotliCompressSync(await readFile(new URL(`assets/${name}`, dist))).length / 1000;
    if (first.has(name)) sum += size;
    console.log(`${size.toFixed(1).padStart(7)} kB ${first.has(name) ? 'first' : '     '} ${name}`);
}
console.log(`${sum.toFixed(1).padStart(7)} kB before the first page, of ${BUDGET_KB}`);
if (sum > BUDGET_KB) process.exit(1);
