// The portal with a real hub, gateway and PACS in a real browser: from the
// operator's invitation to a test image in the PACS, with passkeys; and with an
// authenticator app from the log to a spot check and a patient's extract. Each
// page on the way is looked at by axe-core. Leaves pictures in
// target/screenshots.

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { AxeBuilder } from '@axe-core/playwright';
import { Exchange } from './exchange.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pictures = process.env.SCREENSHOTS ?? path.join(root, 'target', 'screenshots');
const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
const PASSWORD = 'nio gula hus vid havet';

let browser;
let exchange;

before(async () => {
    await mkdir(pictures, { recursive: true });
    exchange = await Exchange.start();
    browser = await chromium.launch({ executablePath, args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
});

after(async () => {
    await browser?.close();
    await exchange?.stop();
});

/** Someone at a browser of their own, with a security key in it. */
async function person(locale = 'en-GB') {
    const context = await browser.newContext({ locale, viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
        options: {
            protocol: 'ctap2',
            transport: 'internal',
            hasResidentKey: true,
            hasUserVerification: true,
            isUserVerified: true,
            automaticPresenceSimulation: true,
        },
    });
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
    page.on('console', (message) => {
        // Answers such as 401 before the log-in are told of by the browser too.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
            complaints.push(`console: ${message.text()}`);
        }
    });
    return { page, context, complaints };
}

async function look(page, name) {
    await page.screenshot({ path: path.join(pictures, `portal-${name}.png`), fullPage: true });
    // What React Aria has read out names things that have gone since.
    const { violations } = await new AxeBuilder({ page }).exclude('[data-live-announcer]').analyze();
    const found = violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join('; ')}`);
    assert.deepEqual(found, [], `axe-core on ${name}`);
}

async function invite(organisation, name, email, role) {
    const said = await exchange.admin(
        'member', 'invite', '--organisation', organisation, '--name', name, '--email', email,
        '--role', role, '--language', 'en',
    );
    return said.split('\n')[0];
}

/** From the link to the second step: name and password. */
async function accept(page, link) {
    await page.goto(link);
    await page.getByRole('heading', { name: 'Welcome to Bildbro' }).waitFor();
    await page.getByLabel('Choose a password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Choose a second factor' }).waitFor();
}

async function keepCodes(page) {
    await page.getByRole('heading', { name: 'Keep your recovery codes' }).waitFor();
    assert.equal(await page.locator('.codes li').count(), 10);
    await page.getByText('I have kept the codes').click();
    await page.getByRole('button', { name: 'Done, to Bildbro' }).click();
}

async function withPasskey(page, link) {
    await accept(page, link);
    await page.getByRole('button', { name: 'Make the passkey' }).click();
    await keepCodes(page);
}

test('from an invitation to a test image in the PACS, with passkeys', async () => {
    await exchange.admin('organisation', 'add', '--name', 'The hub', '--ae-title', 'BB_HUB', '--kind', 'other');
    const operator = await person();
    await withPasskey(operator.page, await invite('The hub', 'Olle Operator', 'olle@example.com', 'operator'));

    // The operator adds an organisation; its administrator gets a link.
    await operator.page.getByRole('link', { name: 'Organisations' }).first().click();
    await operator.page.getByRole('button', { name: 'New organisation' }).first().click();
    await operator.page.getByRole('textbox', { name: 'Name', exact: true }).fill('Region Halland');
    await operator.page.getByLabel('Name of the administrator').fill('Anna Administrator');
    await operator.page.getByLabel('E-mail address of the administrator').fill('anna@example.com');
    await operator.page.getByRole('button', { name: 'Add and invite' }).click();
    await operator.page.getByText('Region Halland has been added').waitFor();
    await look(operator.page, 'organisation-added');
    const link = await operator.page.getByText(/\/invitation\//).first().evaluate((it) => it.value ?? it.textContent);

    const began = Date.now();
    const { page, complaints } = await person();
    await withPasskey(page, link.trim());
    await page.getByRole('heading', { name: 'Get started at Region Halland' }).waitFor();
    await look(page, 'guide');
    const code = page.getByText(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){4}$/).first();
    const images = await exchange.gateway(await code.evaluate((it) => it.value ?? it.textContent));
    const send = page.getByRole('button', { name: 'Send a test image' });
    await send.click();
    await page.getByText('You are up and running').waitFor({ timeout: 60_000 });
    assert.ok((await readdir(images)).length >= 1, 'the PACS has the image');
    console.log(`from invitation to the first test image in the PACS: ${Math.round((Date.now() - began) / 1000)} s`);
    await look(page, 'up-and-running');

    for (const [address, name] of [
        ['/', 'home'], ['/gateways', 'gateways'], ['/members', 'members'], ['/roles', 'roles'],
        ['/organisation', 'organisation'], ['/organisation?tab=units', 'units'],
        ['/organisation?tab=partners', 'partners'], ['/organisation?tab=approval', 'four-eyes'],
        ['/organisation?tab=login', 'provider'], ['/machines', 'machines'], ['/approvals', 'approvals'],
        ['/account', 'account'], ['/account/sessions', 'sessions'], ['/account/factors', 'factors'],
    ]) {
        await page.goto(exchange.url + address);
        await page.locator('h1').first().waitFor();
        await page.locator('.skeleton').first().waitFor({ state: 'detached' });
        assert.equal(await page.getByText('Something went wrong').count(), 0, address);
        await look(page, name);
    }
    await page.goto(`${exchange.url}/account/sessions`);
    await page.getByText('This one').waitFor();

    // Out, and in again with the passkey.
    await page.getByRole('button', { name: /Anna/ }).first().click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.getByLabel('E-mail address').fill('anna@example.com');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Use the passkey' }).click();
    await page.getByRole('heading', { name: 'Hello Anna' }).waitFor();
    assert.deepEqual(complaints, []);
    assert.deepEqual(operator.complaints, []);
});

test('an authenticator app, the log, a spot check and an extract', async () => {
    const { page, complaints } = await person();
    await accept(page, await invite('Region Halland', 'Lo Auditor', 'lo@example.com', 'auditor'));
    await page.getByText('Code from an app on the phone').click();
    const secret = await page.getByText(/^[A-Z2-7 ]{32,}$/).first().evaluate((it) => it.value ?? it.textContent);
    await page.getByLabel('Six-digit code').fill(await exchange.totp(secret));
    await keepCodes(page);
    await page.getByRole('heading', { name: 'Hello Lo' }).waitFor();

    await page.goto(`${exchange.url}/log`);
    await page.getByText('Anna Administrator').first().waitFor();
    await look(page, 'log');
    await page.getByRole('textbox', { name: 'Personal identity number of the patient' }).fill('BILDBRO-TEST');
    await page.keyboard.press('Enter');
    await page.getByText('about the patient').waitFor();
    assert.doesNotMatch(page.url(), /BILDBRO-TEST/);

    await page.goto(`${exchange.url}/spot-checks`);
    await page.getByRole('button', { name: 'Draw a spot check' }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Draw a spot check' }).click();
    await page.waitForURL(/spot-checks\/[0-9a-f-]{36}/);
    await page.locator('h1').first().waitFor();
    await look(page, 'spot-check');
    await page.getByRole('button', { name: '1. Justified' }).click();
    await page.getByText(/^[1-9]\d* of \d+ judged/).first().waitFor();

    await page.goto(`${exchange.url}/log`);
    await page.getByRole('button', { name: 'Extract for a patient' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Personal identity number of the patient').fill('BILDBRO-TEST');
    const download = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Fetch' }).click();
    const file = await readFile(await (await download).path());
    assert.equal(file.subarray(0, 5).toString(), '%PDF-');
    assert.deepEqual(complaints, []);
});

test('narrow, enlarged, dark and in Swedish', async () => {
    const { page, context } = await person('sv-SE');
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const [name, width] of [['320', 320], ['400-percent', 1280 / 4]]) {
        await page.setViewportSize({ width, height: 640 });
        await page.goto(`${exchange.url}/login`);
        await page.getByRole('heading', { name: 'Logga in' }).waitFor();
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(sideways <= 0, `the page is ${sideways} px wider than the window`);
        await look(page, `login-${name}`);
    }
    await context.close();
});
