// The status page in a real browser: on a desk and on a phone, light and dark,
// in Swedish and English. Fails on what axe-core finds wrong, on errors in the
// console, on anything fetched from elsewhere, and on a page that scrolls
// sideways. Leaves pictures in target/screenshots.
//
// The versions in package.json are the last that run on the Node 18 of
// Debian 12.
//
// STATUS_URL: a page that runs already (otherwise a fresh hub is started);
// CHROMIUM: the browser; SCREENSHOTS: another folder for the pictures.

import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { AxeBuilder } from '@axe-core/playwright';
import { hub } from './hub.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pictures = process.env.SCREENSHOTS ?? path.join(root, 'target', 'screenshots');
const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';

const widths = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 780 } };
const schemes = ['light', 'dark'];
const locales = { sv: 'sv-SE', en: 'en-GB' };

let browser;
let served;

before(async () => {
    await mkdir(pictures, { recursive: true });
    served = await hub();
    // Chromium's own sandbox does not start for root, as in a container.
    browser = await chromium.launch({ executablePath, args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
});

after(async () => {
    await browser?.close();
    await served?.stop();
});

for (const [size, viewport] of Object.entries(widths)) {
    for (const colorScheme of schemes) {
        for (const [language, locale] of Object.entries(locales)) {
            test(`status page, ${size}, ${colorScheme}, ${language}`, async () => {
                const context = await browser.newContext({ viewport, colorScheme, locale });
                try {
                    await look(await context.newPage(), language, `status-${size}-${colorScheme}-${language}.png`);
                } finally {
                    await context.close();
                }
            });
        }
    }
}

async function look(page, language, picture) {
    const complaints = [];
    const home = new URL(served.url);
    page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
    page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith('http') && url.origin !== home.origin) complaints.push(`fetches ${url.origin}`);
    });

    const answer = await page.goto(home.href, { waitUntil: 'load' });
    assert.equal(answer.status(), 200);
    assert.equal(await page.locator('html').getAttribute('lang'), language);
    await page.screenshot({ path: path.join(pictures, picture), fullPage: true });

    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join('; ')}`);
    assert.deepEqual(found, [], 'axe-core');

    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(sideways <= 0, `the page is ${sideways} px wider than the window`);
    assert.deepEqual(complaints, []);
}
