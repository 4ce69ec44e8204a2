// By the keyboard alone: from nothing to a care unit, and through the shell.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch, logIn, open, serve } from './portal.mjs';

let browser;
let served;
let opened;
before(async () => {
    served = await serve();
    browser = await launch();
});
beforeEach(async () => {
    opened = await open(browser, served.url);
});
afterEach(async () => {
    assert.deepEqual(opened.complaints, []);
    await opened.context.close();
});
after(async () => {
    await browser?.close();
    await served?.stop();
});

/** Tabs on until what has the focus is called `name`; it must be seen to have it. */
async function reach(page, name) {
    for (let presses = 0; presses < 40; presses += 1) {
        await page.keyboard.press('Tab');
        const { called, isSeen } = await page.evaluate(() => {
            const it = document.activeElement;
            const drawn = (box) => {
                const { outlineStyle, outlineWidth } = getComputedStyle(box);
                return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
            };
            return {
                called:
                    it === document.body
                        ? ''
                        : (it.getAttribute('aria-label') ?? it.labels?.[0]?.textContent ?? it.textContent),
                isSeen: drawn(it) || (it !== document.body && drawn(it.parentElement)),
            };
        });
        if (!called.includes(name)) continue;
        assert.ok(isSeen, `one sees that ${name} has the focus`);
        return;
    }
    assert.fail(`${name} is not reached`);
}

test('logging in, an error on the way, and back to the page that was asked for', async () => {
    const { page } = opened;
    await page.goto(`${served.url}/account/sessions`);
    await page.getByRole('heading', { name: 'Logga in' }).waitFor();
    await reach(page, 'E-postadress');
    await page.keyboard.press('Enter');
    await page.getByText('Skriv din e-postadress').waitFor();
    await page.keyboard.type('fel@example.se');
    await reach(page, 'Lösenord');
    await page.keyboard.type('inte detta');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('stämmer inte').waitFor();
    assert.equal(await page.getByLabel('E-postadress').inputValue(), 'fel@example.se', 'nothing typed is lost');
    await page.getByLabel('E-postadress').fill('anna@example.se');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'Nyckel' }).waitFor();
    await page.locator('h1:focus').waitFor();
    await reach(page, 'Nyckel');
    await page.keyboard.press('ArrowRight');
    await reach(page, 'Sexsiffrig kod');
    await page.keyboard.type('000000');
    await page.getByRole('alert').waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('123 456');
    await page.locator('h1:focus', { hasText: 'Var arbetar du nu?' }).waitFor();
    await reach(page, 'Akutmottagningen');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Inloggningar' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/account/sessions');
});

test('an address elsewhere is not gone back to', async () => {
    const { page, context } = opened;
    await logIn(context);
    await page.goto(`${served.url}/assignment?back=//example.org`);
    await page.getByRole('button', { name: 'Röntgen Lund' }).press('Enter');
    await page.getByRole('heading', { name: 'Hej Anna' }).waitFor();
});

test('skip link, menu, language, rows and undo', async () => {
    const { page, context } = opened;
    await logIn(context);
    await page.goto(`${served.url}/design?tab=rows`);
    await page.getByRole('table').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
    await page.getByRole('link', { name: 'Tolvan' }).focus();
    await page.keyboard.press('j');
    assert.match(await page.locator(':focus').textContent(), /Anna/);
    await page.getByRole('button', { name: 'Images' }).press('Enter');
    assert.match(await page.locator('tbody tr').first().textContent(), /Bo Testsson/);
    await page.getByRole('button', { name: 'Språk' }).press('Enter');
    await page.getByRole('menuitem', { name: 'English' }).press('Enter');
    await page.getByRole('link', { name: 'Skip to the content' }).waitFor({ state: 'attached' });
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');

    await page.getByRole('tab', { name: 'Overlays' }).press('Enter');
    await page.getByRole('button', { name: 'Delete by name' }).press('Enter');
    const deed = page.getByRole('alertdialog').getByRole('button', { name: 'Delete' });
    assert.ok(await deed.isDisabled());
    await page.keyboard.type('lund 1');
    assert.ok(await deed.isEnabled());
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Send with undo' }).press('Enter');
    await page.getByRole('button', { name: 'Undo', exact: true }).press('Enter');
    await page.getByText('Sent to Region Skåne.').waitFor({ state: 'detached' });
});

test('a spot check is judged without a mouse, and typing a comment judges nothing', async () => {
    const { page, context } = opened;
    await logIn(context);
    await page.goto(`${served.url}/spot-checks/c1`);
    await page.getByText('1 av 3 bedömda').waitFor();
    await page.keyboard.press('3');
    await page.getByText('2 av 3 bedömda').waitFor();
    await page.keyboard.press('j');
    await page.getByRole('heading', { name: 'Loggade in' }).waitFor();
    await page.getByRole('textbox', { name: 'Kommentar' }).focus();
    await page.keyboard.type('1 jk 2');
    assert.ok(await page.getByText('2 av 3 bedömda').isVisible());
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: '1. Befogad' }).press('Enter');
    await page.getByText('3 av 3 bedömda').waitFor();
});

test('a member is invited, and what is missing is said', async () => {
    const { page, context } = opened;
    await logIn(context);
    await page.goto(`${served.url}/members`);
    await page.getByRole('button', { name: 'Bjud in' }).press('Enter');
    await page.keyboard.press('Enter');
    await page.getByText('Fyll i det här.').first().waitFor();
    await page.keyboard.type('Tolvan Tolvansson');
    await reach(page, 'E-postadress');
    await page.keyboard.type('tolvan@example.se');
    await page.keyboard.press('Enter');
    await page.getByText('Inbjudan har mejlats till tolvan@example.se').waitFor();
});

test('a test image fills the line of stages, and the time stands there', async () => {
    const { page, context } = opened;
    await logIn(context);
    await page.goto(`${served.url}/start`);
    await page.getByRole('button', { name: 'Skicka testbild' }).press('Enter');
    await page.getByText('Bilden är i PACS efter').waitFor();
    await page.getByText('Ni är igång').waitFor();
    assert.equal(await page.locator('.stage.done').count(), 5);
});

test('a patient’s number is never in the address', async () => {
    const { page, context } = opened;
    await logIn(context);
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${served.url}/log`);
    await page.getByRole('textbox', { name: 'Patientens personnummer' }).fill('19121212-1212');
    await page.keyboard.press('Enter');
    await page.getByText('om patienten').waitFor();
    assert.doesNotMatch([page.url(), ...asked].join(' '), /1212-?1212/);
});
