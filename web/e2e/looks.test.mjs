// Every page, on a desk and on phones, light and dark, in Swedish and English:
// axe-core finds nothing, nothing scrolls sideways, the console is silent, the
// page's language is right. Leaves pictures in web/pictures.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { launch, logIn, open, serve } from './portal.mjs';

const pictures = process.env.SCREENSHOTS ?? fileURLToPath(new URL('../pictures', import.meta.url));
const sizes = { desktop: { width: 1280, height: 900 }, phone: { width: 320, height: 700 } };
const locales = { sv: 'sv-SE', en: 'en-GB' };

const outside = {
    login: '/login',
    factor: '/login/confirm?factors=passkey%20totp%20recovery',
    organisation: '/login/organisation',
    bankid: '/login/bankid',
    invitation: '/invitation/ny',
    'invitation-ended': '/invitation/gammal',
    ended: '/ended?why=idle&back=/account/sessions',
    lost: '/no/such/page',
};
const inside = {
    assignment: '/assignment',
    start: '/',
    sessions: '/account/sessions',
    factors: '/account/factors',
    'no-permission': '/design/forbidden',
    'design-fields': '/design?tab=fields',
    'design-messages': '/design?tab=messages',
    'design-rows': '/design?tab=rows',
    'design-pictures': '/design?tab=pictures',
    'design-overlays': '/design?tab=overlays',
};

let browser;
let served;
before(async () => {
    await mkdir(pictures, { recursive: true });
    served = await serve();
    browser = await launch();
});
after(async () => {
    await browser?.close();
    await served?.stop();
});

for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark']) {
        for (const [language, locale] of Object.entries(locales)) {
            test(`pages, ${size}, ${colorScheme}, ${language}`, async () => {
                const found = [];
                for (const [pages, isIn] of [
                    [outside, false],
                    [inside, true],
                ]) {
                    const opened = await open(browser, served.url, { viewport, colorScheme, locale });
                    if (isIn) await logIn(opened.context);
                    for (const [name, address] of Object.entries(pages)) {
                        const picture = `${name}-${size}-${colorScheme}-${language}.png`;
                        for (const fault of await look(opened, address, language, picture))
                            found.push(`${name}: ${fault}`);
                    }
                    await opened.context.close();
                }
                assert.deepEqual(found, []);
            });
        }
    }
}

async function look({ page, complaints }, address, language, picture) {
    complaints.length = 0;
    await page.goto(served.url + address, { waitUntil: 'load' });
    await page.locator('h1').first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: path.join(pictures, picture), fullPage: true });
    const faults = [];
    const spoken = await page.locator('html').getAttribute('lang');
    if (spoken !== language) faults.push(`speaks ${spoken}`);
    const { violations } = await new AxeBuilder({ page }).analyze();
    for (const { id, help, nodes } of violations) {
        faults.push(
            `${id}: ${help}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`,
        );
    }
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (sideways > 0) faults.push(`is ${sideways} px too wide`);
    return [...faults, ...complaints];
}
