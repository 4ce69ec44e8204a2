// From a personnummer to what has been sent: by few clicks, by the keyboard alone,
// once, with undo, and with nothing lost on the way. Each of the pages in both
// themes and languages, with nothing for axe-core to find.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { launch, logIn, open, serve } from './portal.mjs';

let browser;
let served;
let opened;
before(async () => {
    served = await serve();
    browser = await launch();
});
beforeEach(async () => {
    opened = await open(browser, served.url, { reducedMotion: 'reduce' });
    await logIn(opened.context);
});
afterEach(async () => {
    assert.deepEqual(opened.complaints, []);
    await opened.context.close();
});
after(async () => {
    await browser?.close();
    await served?.stop();
});

const number = '19121212-1212';

async function find(page, text) {
    await page.goto(`${served.url}/find`);
    await page.getByRole('textbox').first().fill(text);
    await page.keyboard.press('Enter');
    await page.locator('.searching').waitFor({ state: 'detached' });
    await page.locator('.study').first().waitFor();
}
const tick = (page, row) => page.locator('.study .choice').nth(row).click();
/** Until the draft lies at the hub. */
const kept = (page, words) =>
    page.waitForFunction((text) => sessionStorage.getItem('bildbro-imitation-draft')?.includes(text), words);

test('from a personnummer to sent in at most six clicks', async () => {
    const { page } = opened;
    await page.addInitScript(() => {
        window.clicks = Number(sessionStorage.getItem('clicks') ?? 0);
        const count = ({ detail }) => detail > 0 && sessionStorage.setItem('clicks', ++window.clicks);
        addEventListener('click', count, { capture: true });
    });
    await find(page, number);
    await tick(page, 0);
    await page.getByRole('link', { name: 'Dela', exact: true }).click();
    await page.getByRole('button', { name: 'Region Halland', exact: true }).click();
    await page.getByRole('button', { name: 'Skicka' }).click();
    await page.getByRole('heading', { name: 'Till Region Halland' }).waitFor();
    const clicks = await page.evaluate(() => window.clicks);
    assert.ok(clicks >= 3 && clicks <= 6, `${clicks} clicks`);
    assert.doesNotMatch(page.url(), /1212/);
});

test('the whole way by the keyboard', async () => {
    const { page } = opened;
    await find(page, 'andersson');
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement.value), 'andersson');
    await page.keyboard.type(number);
    await page.keyboard.press('Enter');
    await page.getByText('4 undersökningar', { exact: true }).waitFor();
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.keyboard.press('k');
    await page.keyboard.press('Space');
    await page.getByText('2 undersökningar, 798 bilder').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('Study Instance UID').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('s');
    await page.getByRole('heading', { name: 'Det här skickas' }).waitFor();
    await page.getByRole('combobox').focus();
    await page.keyboard.type('uppsala');
    await page.getByRole('option', { name: 'Region Uppsala' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.preview').getByText('Region Uppsala').waitFor();
    await page.getByRole('button', { name: 'Skicka' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Till Region Uppsala' }).waitFor();
});

test('a double click shares once, and what is sent leaves the basket', async () => {
    const { page } = opened;
    await find(page, number);
    await tick(page, 0);
    await page.getByRole('link', { name: 'Dela', exact: true }).click();
    await page.getByRole('button', { name: 'Region Halland', exact: true }).click();
    await page.getByRole('button', { name: 'Skicka' }).dblclick();
    await page.getByRole('heading', { name: 'Till Region Halland' }).waitFor();
    await page.getByRole('link', { name: 'Skickat' }).first().click();
    await page.locator('.work').first().waitFor();
    assert.equal(await page.getByText('Till Region Halland', { exact: true }).count(), 2, 'one more than there was');
    await page.getByRole('navigation', { name: 'Huvudmeny' }).getByRole('link', { name: 'Hitta' }).click();
    await page.getByText('Det du bockar för hamnar här').waitFor();
});

test('two patients are named, and must be meant', async () => {
    const { page } = opened;
    await find(page, 'andersson');
    await tick(page, 0);
    await tick(page, 3);
    const warning = page.locator('.basket .notice');
    await warning.getByText('Andersson, Agda 19811218-9876').waitFor();
    await warning.getByText('Andersson, Alva 20170110-2384').waitFor();
    await page.getByRole('link', { name: 'Dela', exact: true }).click();
    await page.getByRole('button', { name: 'Region Halland', exact: true }).click();
    await page.getByRole('button', { name: 'Skicka' }).click();
    await page.getByText('Bekräfta att det är meningen').waitFor();
    await page.getByText('Ja, undersökningar av flera patienter').click();
    await page.getByRole('button', { name: 'Skicka' }).click();
    await page.getByRole('heading', { name: 'Till Region Halland' }).waitFor();
});

test('a reload keeps the basket and what was typed', async () => {
    const { page } = opened;
    await find(page, number);
    await tick(page, 0);
    await page.getByRole('link', { name: 'Dela', exact: true }).click();
    await page.getByRole('button', { name: 'Region Halland', exact: true }).click();
    await page.getByRole('textbox', { name: 'Meddelande' }).fill('Ring om något saknas.');
    await kept(page, 'Ring om något saknas.');
    await page.reload();
    await page.locator('.preview').getByText('Region Halland').waitFor();
    assert.equal(await page.getByRole('textbox', { name: 'Meddelande' }).inputValue(), 'Ring om något saknas.');
    await page.getByText('1 undersökning, 312 bilder').waitFor();
    assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('1212')), false);
});

test('a session that ends while one types loses nothing', async () => {
    const { page } = opened;
    await find(page, number);
    await tick(page, 0);
    await page.getByRole('link', { name: 'Dela', exact: true }).click();
    await page.locator('.preview').waitFor();
    await kept(page, number.replace('-', ''));
    await page.evaluate(() => sessionStorage.removeItem('bildbro-imitation'));
    await page.getByRole('textbox', { name: 'Meddelande' }).fill('Skrivet när sessionen tog slut.');
    await page.getByRole('link', { name: 'Logga in igen' }).click();
    await page.getByLabel('E-postadress').fill('anna@example.se');
    await page.getByLabel('Lösenord', { exact: true }).fill('ett långt lösenord');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'Kod från app' }).click();
    await page.getByRole('textbox').fill('123456');
    await page.getByText('Röntgen Lund').first().click();
    const message = page.getByRole('textbox', { name: 'Meddelande' });
    await message.waitFor();
    assert.equal(await message.inputValue(), 'Skrivet när sessionen tog slut.');
    await kept(page, 'Skrivet när');
});

test('undone, nothing is sent and all of it lies in the basket again', async () => {
    const { page } = opened;
    await find(page, number);
    await tick(page, 0);
    await page.getByRole('link', { name: 'Dela', exact: true }).click();
    await page.getByRole('button', { name: 'Region Halland', exact: true }).click();
    await page.getByRole('button', { name: 'Skicka' }).click();
    await page.getByRole('button', { name: 'Ångra' }).click();
    await page.locator('.preview').getByText('Region Halland').waitFor();
    await page.getByText('Inget skickades.').waitFor();
    await page.getByRole('button', { name: 'Skicka' }).click();
    await page.getByRole('button', { name: 'Ångra' }).waitFor();
});

test('in an emergency three fields are enough', async () => {
    const { page } = opened;
    await page.goto(`${served.url}/emergency`);
    await page.getByRole('textbox', { name: 'Patientens personnummer' }).fill('811218-9876');
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox', { name: 'CT halsrygg' }).waitFor();
    await page.getByRole('button', { name: 'Region Halland', exact: true }).click();
    await page.getByRole('textbox', { name: 'Varför brådskar det?' }).fill('Misstänkt halskotfraktur.');
    await page.getByRole('button', { name: 'Skicka nu' }).click();
    await page.getByRole('heading', { name: 'Till Region Halland' }).waitFor();
    await page.getByText('Nödläge').first().waitFor();
    assert.equal(await page.locator('.table tbody tr').count(), 1, 'the newest alone');
});

test('a received patient is compared, chosen and let in; a share that is wrong is taken back by name', async () => {
    const { page } = opened;
    await page.goto(`${served.url}/inbox`);
    await page.locator('.work').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.locator('.compare .differs').getByText('Skiljer').waitFor();
    await page.getByRole('button', { name: 'Ta emot i PACS' }).click();
    await page.getByText('Välj vem det är.').waitFor();
    await page.getByText('Samma person som i ert PACS').click();
    await page.getByRole('button', { name: 'Ta emot i PACS' }).click();
    await page.getByText('På väg till ert PACS').first().waitFor();

    await page.goto(`${served.url}/shares/s-going`);
    await page.getByRole('button', { name: 'Ta tillbaka' }).click();
    const dialog = page.getByRole('alertdialog');
    await dialog.getByText('Fel mottagare').click();
    await dialog.getByRole('textbox', { name: 'Beskriv' }).fill('Skulle till en annan region.');
    assert.ok(await dialog.getByRole('button', { name: 'Ta tillbaka' }).isDisabled());
    await dialog.getByRole('textbox', { name: 'Skriv ”Region Halland”' }).fill('region halland');
    await dialog.getByRole('button', { name: 'Ta tillbaka' }).click();
    await page.getByText('2 mottagare ombes ta bort sina bilder').waitFor();
});

const places = ['/find', '/share', '/emergency', '/shares', '/shares/s-stopped', '/inbox', '/inbox/i-mismatch'];
for (const [colorScheme, locale, viewport] of [
    ['light', 'en-GB', { width: 1280, height: 900 }],
    ['dark', 'sv-SE', { width: 320, height: 700 }],
]) {
    test(`the pages in ${colorScheme}, ${locale}, ${viewport.width} px wide`, async () => {
        const seen = await open(browser, served.url, { colorScheme, locale, viewport, reducedMotion: 'reduce' });
        await logIn(seen.context);
        const { page } = seen;
        // With something on every page: found studies of two patients in the basket.
        await find(page, 'andersson');
        await tick(page, 0);
        await tick(page, 3);
        await kept(page, 'Alva');
        const found = [...(await faults(page, 'found'))];
        for (const place of places) {
            await page.goto(served.url + place);
            await page.locator('h1').waitFor();
            await page.waitForFunction(() => !document.querySelector('main .bones'));
            found.push(...(await faults(page, place)));
        }
        await seen.context.close();
        assert.deepEqual([...found, ...seen.complaints], []);
    });
}

async function faults(page, place) {
    const { violations } = await new AxeBuilder({ page }).analyze();
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    return [
        ...violations.map(({ id, nodes }) => `${place}: ${id}: ${nodes.map(({ target }) => target).join('; ')}`),
        ...(sideways > 0 ? [`${place}: ${sideways} px too wide`] : []),
    ];
}
