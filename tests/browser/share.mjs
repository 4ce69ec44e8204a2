// Staff at two hospitals, each with a real Orthanc behind a real gateway, in real
// browsers: find in the own PACS and share; receive, compare and take in; an
// emergency; take back and answer the recall. Counts clicks, and says how long
// things took. Leaves pictures in target/screenshots.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
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
const TOLVAN = { id: '19121212-1212', name: 'Öberg^Tolvan', born: '19121212', sex: 'M' };

let browser;
let exchange;
let halland;
let skane;
let sender;
let receiver;

before(async () => {
    await mkdir(pictures, { recursive: true });
    exchange = await Exchange.start();
    browser = await chromium.launch({ executablePath, args: process.getuid() === 0 ? ['--no-sandbox'] : [] });
    halland = await exchange.hospital('Region Halland', 'BB_HALLAND');
    skane = await exchange.hospital('Region Skåne', 'BB_SKANE');
    await halland.put({ ...TOLVAN, date: '20261101', what: 'CT thorax', images: 12, accession: 'RH1001' });
    await halland.put({ ...TOLVAN, date: '20240115', what: 'CT buk', images: 3 });
    // The other hospital knows him by an earlier name.
    await skane.put({ ...TOLVAN, name: 'Tolvansson^Tolvan', date: '20190301', what: 'CT skalle', images: 2 });
    sender = await person('Region Halland', 'Sara Sekreterare', 'sara@example.com', 'sender', 'sv-SE');
    const siv = await person('Region Skåne', 'Siv Chef', 'siv@example.com', 'administrator', 'en-GB');
    await hold(siv.page);
    receiver = await person('Region Skåne', 'Rut Röntgen', 'rut@example.com', 'receiver', 'en-GB');
});

after(async () => {
    await browser?.close();
    await exchange?.stop();
});

/** A member at a browser of their own, logged in with a passkey. */
async function person(organisation, name, email, role, locale) {
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
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
            complaints.push(`console: ${message.text()}`);
        }
    });
    const said = await exchange.admin(
        'member', 'invite', '--organisation', organisation, '--name', name, '--email', email,
        '--role', role, '--language', locale.slice(0, 2),
    );
    await page.goto(said.split('\n')[0]);
    await page.locator('input[type=password]').first().fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /Make the passkey|Skapa passkey|Skapa nyckeln/ }).click();
    await page.locator('.codes li').first().waitFor();
    await page.getByText(/I have kept the codes|Jag har sparat koderna/).click();
    await page.getByRole('button', { name: /to Bildbro|till Bildbro/ }).click();
    await page.getByRole('navigation').first().waitFor();
    return { page, context, complaints };
}

/** The administrator wants to see what comes before it goes in. */
async function hold(page) {
    const status = await page.evaluate(async () => {
        const answer = await fetch('/api/partners', {
            method: 'PUT',
            headers: { 'content-type': 'application/json', 'x-bildbro': '1' },
            body: JSON.stringify({ takes: 'hold' }),
        });
        return answer.status;
    });
    assert.equal(status, 204);
}

async function look(page, name) {
    await page.screenshot({ path: path.join(pictures, `share-${name}.png`), fullPage: true });
    const { violations } = await new AxeBuilder({ page }).exclude('[data-live-announcer]').analyze();
    const found = violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join('; ')}`);
    assert.deepEqual(found, [], `axe-core on ${name}`);
}

/** Counts what is clicked from now on, over pages. */
async function countClicks(page) {
    await page.addInitScript(() => {
        window.clicks = Number(sessionStorage.getItem('clicks') ?? 0);
        const count = ({ detail }) => detail > 0 && sessionStorage.setItem('clicks', ++window.clicks);
        addEventListener('click', count, { capture: true });
    });
}

async function until(what, is) {
    const end = Date.now() + 60_000;
    while (!(await is())) {
        assert.ok(Date.now() < end, `in vain: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
}

test('B: from a personnummer to sent, in few clicks', async () => {
    const { page } = sender;
    await countClicks(page);
    await page.goto(`${exchange.url}/find`);
    const began = Date.now();
    await page.getByRole('textbox').first().fill('191212121212');
    await page.keyboard.press('Enter');
    await page.locator('.study').first().waitFor();
    console.log(`first result of the PACS on the page after ${Date.now() - began} ms`);
    await page.locator('.searching').waitFor({ state: 'detached' });
    assert.equal(await page.locator('.study').count(), 2, 'the newest, and a prior');
    await page.getByText('Öberg, Tolvan').first().waitFor();
    await look(page, 'found');
    await page.locator('.study .choice').first().click();
    await page.getByRole('link', { name: 'Dela', exact: true }).click();
    await page.getByRole('combobox').fill('skåne');
    await page.getByRole('option', { name: 'Region Skåne' }).click();
    await look(page, 'preview');
    await page.getByRole('button', { name: 'Skicka' }).click();
    await page.getByRole('heading', { name: 'Till Region Skåne' }).waitFor();
    const seconds = Math.round((Date.now() - began) / 100) / 10;
    const clicks = Number(await page.evaluate(() => window.clicks));
    console.log(`from typed to sent: ${clicks} clicks, ${seconds} s`);
    assert.ok(clicks >= 3 && clicks <= 6, `${clicks} clicks`);
    assert.doesNotMatch(page.url(), /1212/);
    // Fetched from the PACS while one looks.
    await page.getByText('12 av 12').first().waitFor({ timeout: 60_000 });
    await page.getByText('Väntar på att Region Skåne tar emot').first().waitFor();
    await look(page, 'waiting');
});

test('C: received, compared with the own PACS, and taken in', async () => {
    const { page } = receiver;
    await page.goto(`${exchange.url}/inbox`);
    await page.locator('.work').first().waitFor();
    await look(page, 'inbox');
    await page.locator('.work').first().click();
    // Another name for the same number: a person decides.
    await page.getByText('It may be the same patient').waitFor({ timeout: 60_000 });
    await page.getByText('Tolvansson, Tolvan').first().waitFor();
    await look(page, 'compare');
    await page.getByRole('button', { name: 'Accept into the PACS' }).click();
    await page.getByText('Choose who it is.').waitFor();
    await page.getByText('The same person as in your PACS').click();
    await page.getByRole('button', { name: 'Accept into the PACS' }).click();
    await until('12 images in the PACS of Skåne', async () =>
        (await skane.count({ StudyDescription: 'CT thorax' })) === 12);
    await page.getByText(/12 images in your PACS|Opened by/).first().waitFor();
    await look(page, 'received');
    await sender.page.getByText(/12 bilder (hos Region Skåne|framme)|12 av 12 bilder/).first().waitFor();
    await sender.page.getByText('Allt har kommit fram till Region Skåne').waitFor();
    await look(sender.page, 'delivered');
});

test('I: taken back; who has copies is asked, and answers', async () => {
    const { page } = sender;
    await page.getByRole('button', { name: 'Ta tillbaka' }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText('Fel patient').click();
    await dialog.getByRole('textbox', { name: 'Beskriv' }).fill('Skulle ha varit en annan.');
    const written = dialog.getByRole('textbox', { name: /Skriv/ });
    if (await written.count()) await written.fill('Region Skåne');
    await dialog.getByRole('button', { name: 'Ta tillbaka' }).click();
    await page.getByText('1 mottagare ombes ta bort sina bilder').waitFor();

    await receiver.page.goto(`${exchange.url}/inbox`);
    await receiver.page.locator('.work').first().click();
    await receiver.page.getByText('Region Halland has taken this back').waitFor();
    await look(receiver.page, 'recall');
    await receiver.page.getByText('The images are removed').click();
    await receiver.page.getByRole('button', { name: 'Answer the sender' }).click();
    await receiver.page.getByText('Region Halland has been answered.').waitFor();
});

test('D: an emergency goes before everything', async () => {
    const { page } = sender;
    await page.goto(`${exchange.url}/emergency`);
    const began = Date.now();
    await page.getByRole('textbox', { name: 'Patientens personnummer' }).fill('121212-1212');
    await page.keyboard.press('Enter');
    // Ten digits without a sign are a child of 2012, of whom there is nothing.
    await page.getByText('inga undersökningar').first().waitFor();
    await page.getByRole('textbox', { name: 'Patientens personnummer' }).fill('121212+1212');
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox', { name: /CT thorax/ }).waitFor();
    await page.getByRole('button', { name: /^Region Skåne/ }).first().click();
    await page.getByRole('textbox', { name: 'Varför brådskar det?' }).fill('Misstänkt aortadissektion.');
    await page.getByRole('button', { name: 'Skicka nu' }).click();
    await page.getByRole('heading', { name: 'Till Region Skåne' }).waitFor();
    console.log(`an emergency, typed and sent: ${Math.round((Date.now() - began) / 100) / 10} s`);
    await look(page, 'emergency');
    assert.deepEqual(sender.complaints, []);
    assert.deepEqual(receiver.complaints, []);
});
