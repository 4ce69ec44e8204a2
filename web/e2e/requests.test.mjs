// Images are asked for; asked of us, they are found and sent, or declined with a
// reason. Nothing of the patient stands in an address, and what is typed is there
// after the session has ended.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { launch, logIn, open, serve } from './portal.mjs';

const pictures = process.env.SCREENSHOTS;

let browser;
let served;
let opened;
before(async () => {
    served = await serve();
    browser = await launch();
    if (pictures) await mkdir(pictures, { recursive: true });
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

test('images are asked for, reminded of and withdrawn', async () => {
    const { page } = opened;
    await page.goto(`${served.url}/requests`);
    await page.getByRole('link', { name: 'Begär bilder' }).click();
    await page.getByRole('button', { name: 'Skicka begäran' }).click();
    for (const words of ['Välj vem som har bilderna.', 'Skriv patientens nummer.', 'Skriv vilka bilder ni behöver.']) {
        await page.getByText(words).waitFor();
    }
    await page.getByRole('button', { name: 'Region Halland', exact: true }).click();
    await page.getByRole('textbox', { name: 'Patientens personnummer' }).fill('19121212-1213');
    await page.getByText('Sista siffran stämmer inte').waitFor();
    await page.getByRole('textbox', { name: 'Patientens personnummer' }).fill('19121212-1212');
    await page.getByRole('textbox', { name: 'Namn' }).fill('Tolvansson, Tolvan');
    await page.getByRole('textbox', { name: 'Vad behöver ni?' }).fill('DT thorax från i våras.');
    await page.getByText('Mottagaren ser att det brådskar.').click();
    await page.getByRole('button', { name: 'Skicka begäran' }).dblclick();
    await page.getByRole('heading', { name: 'Begäran till Region Halland' }).waitFor();
    await page.getByText('Väntar på Region Halland').waitFor();
    await page.getByText('DT thorax från i våras.').waitFor();
    assert.doesNotMatch(page.url(), /1212/);

    await page.getByRole('button', { name: 'Påminn' }).click();
    await page.getByText('Det går att påminna igen').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Påminn' }).isDisabled());
    await page.getByRole('button', { name: 'Återkalla' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Återkalla' }).click();
    await page.getByText('Återkallad', { exact: false }).first().waitFor();
    await page.getByRole('link', { name: 'Bildbegäran' }).last().click();
    await page.getByRole('tab', { name: 'Från oss (1)' }).click();
    await page.getByText('Till Region Uppsala').waitFor();
    await page.getByRole('button', { name: 'Avslutade' }).click();
    const rows = page.locator('.work', { hasText: 'Till Region Halland' });
    await rows.first().waitFor();
    assert.equal(await rows.count(), 1, 'asked once');
});

test('a request is answered with a share of the patient asked for', async () => {
    const { page } = opened;
    await page.goto(`${served.url}/`);
    await page.getByText('2 bildbegäran väntar på svar').waitFor();
    await page.goto(`${served.url}/requests/r-open`);
    await page.getByRole('button', { name: 'Ta hand om den' }).click();
    await page.getByText('Hos Anna Lindqvist').waitFor();
    await page.getByRole('button', { name: 'Sök och dela' }).click();
    await page.getByText('4 undersökningar', { exact: true }).waitFor();
    assert.doesNotMatch(page.url(), /1212/);
    await page.getByText('Svarar på begäran från Region Halland').waitFor();
    await page.locator('.study .choice').first().click();
    await page.getByRole('link', { name: 'Dela', exact: true }).click();
    const preview = page.locator('.preview');
    await preview.getByText('Svarar på begäran från Region Halland').waitFor();
    // Whoever asked must have it.
    await preview.getByRole('button', { name: 'Ta bort Region Halland' }).click();
    await page.getByRole('button', { name: 'Västra Götalandsregionen', exact: true }).click();
    await page.getByRole('button', { name: 'Skicka', exact: true }).click();
    await page.getByText('Region Halland bad om bilderna').waitFor();
    await page.getByRole('button', { name: 'Region Halland', exact: true }).click();
    await page.getByRole('button', { name: 'Skicka', exact: true }).click();
    await page.getByRole('heading', { name: 'Till' }).waitFor();
    await page.getByRole('link', { name: 'En bildbegäran' }).click();
    await page.getByText('Bilderna är skickade').waitFor();
    await page.getByRole('link', { name: 'Se delningen' }).waitFor();
});

test('the studies of another patient are no answer', async () => {
    const { page } = opened;
    await page.goto(`${served.url}/requests/r-reminded`);
    await page.getByText('har påmint om den här').waitFor();
    await page.getByRole('button', { name: 'Sök och dela' }).click();
    await page.locator('.study').first().waitFor();
    await page.getByRole('textbox').first().fill('19121212-1212');
    await page.keyboard.press('Enter');
    await page.getByText('4 undersökningar', { exact: true }).waitFor();
    await page.locator('.study .choice').first().click();
    await page.getByRole('link', { name: 'Dela', exact: true }).click();
    await page.getByRole('button', { name: 'Skicka', exact: true }).click();
    await page.getByText('Det är inte den patient som begäran gäller').waitFor();
    await page.getByRole('button', { name: 'Skicka utan att svara' }).click();
    await page.getByRole('button', { name: 'Skicka', exact: true }).click();
    await page.getByRole('heading', { name: 'Till Karolinska' }).waitFor();
});

test('a request is declined with a reason', async () => {
    const { page } = opened;
    await page.goto(`${served.url}/requests/r-open`);
    await page.getByRole('button', { name: 'Säg nej' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Säg nej' }).click();
    await dialog.getByRole('textbox', { name: 'Skäl' }).fill('Vi har inga sådana bilder.');
    await dialog.getByRole('button', { name: 'Säg nej' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Vi har inga sådana bilder.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Sök och dela' }).count(), 0);
    await page.goto(`${served.url}/requests/r-refused`);
    await page.getByText('Region Jönköpings län lämnar inte ut bilder').waitFor();
    await page.getByText('Fråga Region Östergötland').waitFor();
});

test('a session that ends while one asks loses nothing', async () => {
    const { page } = opened;
    await page.goto(`${served.url}/requests/new`);
    await page.getByRole('button', { name: 'Region Halland', exact: true }).click();
    await page.getByRole('textbox', { name: 'Patientens personnummer' }).fill('19121212-1212');
    await page.getByRole('textbox', { name: 'Vad behöver ni?' }).fill('Skrivet innan sessionen tog slut.');
    await page.evaluate(() => sessionStorage.removeItem('bildbro-imitation'));
    await page.getByRole('button', { name: 'Skicka begäran' }).click();
    await page.getByRole('link', { name: 'Logga in igen' }).click();
    await page.getByLabel('E-postadress').fill('anna@example.se');
    await page.getByLabel('Lösenord', { exact: true }).fill('ett långt lösenord');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'Kod från app' }).click();
    await page.getByRole('textbox').fill('123456');
    await page.getByText('Röntgen Lund').first().click();
    const wanted = page.getByRole('textbox', { name: 'Vad behöver ni?' });
    await wanted.waitFor();
    assert.equal(await wanted.inputValue(), 'Skrivet innan sessionen tog slut.');
    await page.getByRole('button', { name: 'Skicka begäran' }).click();
    await page.getByRole('heading', { name: 'Begäran till Region Halland' }).waitFor();
});

const places = {
    list: '/requests',
    asked: '/requests?side=asked&show=all',
    new: '/requests/new',
    open: '/requests/r-open',
    reminded: '/requests/r-reminded',
    handled: '/requests/r-handled',
    answered: '/requests/r-answered',
    ours: '/requests/r-ours',
    refused: '/requests/r-refused',
};
for (const [colorScheme, locale, viewport] of [
    ['light', 'en-GB', { width: 1280, height: 900 }],
    ['dark', 'sv-SE', { width: 390, height: 800 }],
    ['light', 'sv-SE', { width: 320, height: 700 }],
]) {
    test(`the pages in ${colorScheme}, ${locale}, ${viewport.width} px wide`, async () => {
        const seen = await open(browser, served.url, { colorScheme, locale, viewport, reducedMotion: 'reduce' });
        await logIn(seen.context);
        const { page } = seen;
        const found = [];
        for (const [name, place] of Object.entries(places)) {
            await page.goto(served.url + place);
            await page.locator('h1').waitFor();
            await page.waitForFunction(() => !document.querySelector('main .bones'));
            found.push(...(await faults(page, place)));
            if (pictures) {
                const path = `${pictures}/${name}-${colorScheme}-${locale}-${viewport.width}.png`;
                await page.screenshot({ path, fullPage: true });
            }
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
