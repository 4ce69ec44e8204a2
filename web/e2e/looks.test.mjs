// Every page, on a desk and on a phone, light and dark, in Swedish and English:
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
    forgotten: '/login/forgotten',
    setup: '/login/setup',
    reset: '/invitation/nytt',
    invitation: '/invitation/ny',
    'invitation-ended': '/invitation/gammal',
    ended: '/ended?why=idle&back=/account/sessions',
    lost: '/no/such/page',
};
const inside = {
    assignment: '/assignment',
    start: '/',
    you: '/account',
    sessions: '/account/sessions',
    factors: '/account/factors',
    guide: ['/start', { isNew: true }],
    'guide-further': '/start',
    gateways: '/gateways',
    'gateway-test': ['/gateways', { press: /^(Skicka testbild|Send a test image)$/ }],
    members: '/members',
    invite: ['/members', { press: /^(Bjud in|Invite)$/ }],
    member: '/members/erik',
    explain: '/members/erik/permissions',
    roles: '/roles',
    approvals: '/approvals',
    organisations: '/organisations',
    'organisation-new': ['/organisations', { press: /^(Ny organisation|New organisation)$/ }],
    health: '/health',
    organisation: '/organisation',
    units: '/organisation?tab=units',
    partners: '/organisation?tab=partners',
    'four-eyes': '/organisation?tab=approval',
    provider: '/organisation?tab=login',
    emergency: '/emergency',
    shares: '/shares',
    'share-going': '/shares/s-going',
    'share-stopped': '/shares/s-stopped',
    inbox: '/inbox',
    'inbox-uncertain': '/inbox/i-uncertain',
    'inbox-recalled': '/inbox/i-recalled',
    machines: '/machines',
    patients: '/patients',
    patient: ['/patients', { type: '19121212-1212' }],
    log: '/log?action=view&from=2026-11-01&until=2026-11-24',
    'log-entry': ['/log', { press: /09:4|10:4/ }],
    extract: ['/log', { press: /^(Utdrag till patient|Extract for a patient)$/ }],
    'spot-checks': '/spot-checks',
    draw: ['/spot-checks', { press: /^(Dra stickprov|Draw a spot check)$/ }],
    review: '/spot-checks/c1',
    emergencies: '/emergencies',
    watched: '/watched',
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

// What belongs to everybody, and all that pages are made of, is seen in all four;
// the pages themselves in two that have nothing in common.
const everywhere = (name) => name in outside || name.startsWith('design-');
const looks = [
    ['desktop', 'light', 'sv', () => true],
    ['desktop', 'dark', 'en', everywhere],
    ['phone', 'light', 'sv', everywhere],
    ['phone', 'dark', 'en', () => true],
];
for (const [size, colorScheme, language, isSeen] of looks) {
    test(`pages, ${size}, ${colorScheme}, ${language}`, async () => {
        const found = [];
        for (const [pages, isIn] of [
            [outside, false],
            [inside, true],
        ]) {
            const seen = { viewport: sizes[size], colorScheme, locale: locales[language] };
            const opened = await open(browser, served.url, seen);
            if (isIn) await logIn(opened.context);
            for (const [name, way] of Object.entries(pages)) {
                if (!isSeen(name) || (process.env.PAGES && !process.env.PAGES.split(',').includes(name))) continue;
                const picture = `${name}-${size}-${colorScheme}-${language}.png`;
                const faults = await look(opened, way, language, picture).catch((error) => [error.message]);
                for (const fault of faults) found.push(`${name}: ${fault}`);
            }
            await opened.context.close();
        }
        assert.deepEqual(found, []);
    });
}

/** `way`: the address, or it with what is done there first. */
async function look({ page, complaints }, way, language, picture) {
    const [address, { isNew, press, type } = {}] = [way].flat();
    complaints.length = 0;
    if (isNew) {
        await page.goto(served.url + address);
        await page.evaluate(() => sessionStorage.setItem('bildbro-imitation-new', ''));
    }
    await page.goto(served.url + address, { waitUntil: 'load' });
    await page.locator('h1').first().waitFor();
    const isThere = () =>
        page.waitForFunction(() => !document.querySelector('main > .bones, .bones:not(.card .bones)'));
    await isThere();
    if (press) await page.getByRole('button', { name: press }).first().click();
    if (type) {
        await page.getByRole('textbox').fill(type);
        await page.keyboard.press('Enter');
        await page.locator('.patient').waitFor();
    }
    await isThere();
    if (isNew) await page.evaluate(() => sessionStorage.removeItem('bildbro-imitation-new'));
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
