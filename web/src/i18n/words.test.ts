import { expect, test } from 'vitest';
import en from './en';
import { formatter } from './format';
import { chosen } from './language';
import sv from './sv';

/** Every text by its whole name. */
function flat(words: object, above = ''): [string, string][] {
    return Object.entries(words).flatMap(([name, word]) =>
        typeof word === 'string'
            ? [[above + name, word] as [string, string]]
            : flat(word as object, `${above}${name}.`),
    );
}

const gaps = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();
const swedish = new Map(flat(sv));
const english = new Map(flat(en));

test('both languages say the same things', () => {
    expect([...english.keys()].sort()).toEqual([...swedish.keys()].sort());
});

test('both languages leave the same gaps to fill', () => {
    for (const [name, text] of swedish) expect([name, gaps(english.get(name) ?? '')]).toEqual([name, gaps(text)]);
});

test('no text is empty, and each plural has both forms', () => {
    for (const words of [swedish, english]) {
        for (const [name, text] of words) {
            expect(text.trim(), name).not.toBe('');
            if (name.endsWith('_one')) expect(words.has(name.replace(/_one$/, '_other')), name).toBe(true);
        }
    }
});

test('a kept choice goes before the browser’s wish, and Swedish is the last resort', () => {
    expect(chosen('en', ['sv-SE'])).toBe('en');
    expect(chosen(null, ['de-DE', 'en-US'])).toBe('en');
    expect(chosen('fi', [])).toBe('sv');
});

test('numbers and times are written as the language does, by the clinics’ clock', () => {
    expect(formatter('sv').number(1204)).toBe('1\u00a0204');
    expect(formatter('en').number(1204)).toBe('1,204');
    expect(formatter('sv').time('2026-07-01T22:30:00Z')).toBe('00:30');
    expect(formatter('en').bytes(1_500_000_000)).toBe('1.5 GB');
});
