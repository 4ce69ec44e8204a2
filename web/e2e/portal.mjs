// The portal for the tests: the build with the imitated hub, served as the hub
// will serve it (its strict policy, and index.html for every page), and a browser.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const dist = fileURLToPath(new URL('../dist-imitation/', import.meta.url));
const types = {
    '.css': 'text/css',
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript',
    '.svg': 'image/svg+xml',
    '.woff2': 'font/woff2',
};
// As in crates/http/src/guard.rs.
const policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Gives the portal's address, and a function that stops it. */
export async function serve() {
    const server = createServer(async (request, response) => {
        const { pathname } = new URL(request.url, 'http://portal');
        const name = pathname.startsWith('/assets/') ? path.normalize(pathname).slice(1) : 'index.html';
        try {
            const body = await readFile(path.join(dist, name));
            response.writeHead(200, { 'content-type': types[path.extname(name)], 'content-security-policy': policy });
            response.end(body);
        } catch {
            response.writeHead(404).end();
        }
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stop = () => new Promise((resolve) => server.close(resolve));
    // A name, not a number: passkeys want a domain.
    return { url: `http://localhost:${server.address().port}`, stop };
}

export function launch() {
    const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
    // Chromium's own sandbox does not start for root, as in a container.
    return chromium.launch({ executablePath, args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
}

/** A page that keeps what it complains of: errors, blocked code, requests elsewhere. */
export async function open(browser, home, options = {}) {
    const context = await browser.newContext({ locale: 'sv-SE', ...options });
    const page = await context.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
    page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith('http') && url.origin !== home) complaints.push(`fetches ${url.origin}`);
    });
    return { context, page, complaints };
}

/** In, at a care unit, without the pages for it. */
export function logIn(context) {
    return context.addInitScript(() =>
        sessionStorage.setItem('bildbro-imitation', JSON.stringify({ isIn: true, unit: 'rontgen' })),
    );
}
