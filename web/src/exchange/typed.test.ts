import { expect, test } from 'vitest';
import { asked, isSaying, takenAs, takenFor } from './typed';

const now = new Date('2026-11-24T12:00:00Z');
const taken = (text: string) => takenFor(text, now);

test('a personnummer is known in every way that it is written', () => {
    for (const text of ['191212121212', '19121212-1212', ' 19121212 1212 ', '121212+1212']) {
        expect(taken(text), text).toEqual({ kind: 'patient_id', value: '191212121212', isDoubtful: false });
    }
    expect(taken('811218-9876').value).toBe('198112189876');
    expect(taken('8112189876').value).toBe('198112189876');
    expect(taken('170110-2384').value).toBe('201701102384');
    // A coordination number, with 60 added to its day.
    expect(taken('197010632391')).toMatchObject({ kind: 'patient_id', value: '197010632391' });
});

test('a slip of the finger in a personnummer is said, not taken for something else', () => {
    expect(taken('19121212-1213')).toEqual({ kind: 'patient_id', value: '191212121213', isDoubtful: true });
    expect(taken('811218-9877').isDoubtful).toBe(true);
});

test('what is no day is no personnummer, and ten digits in a row must fit', () => {
    expect(taken('191213321212').kind).toBe('accession');
    expect(taken('8112189877').kind).toBe('accession');
});

test('letters are a name, digits among them an accession number', () => {
    expect(taken('Andersson, Åsa-Lena').kind).toBe('name');
    expect(taken('SE2026100001').kind).toBe('accession');
    expect(taken('4711').kind).toBe('accession');
});

test('the person may say what it is', () => {
    expect(asked(takenAs('patient_id', 'RES-2026-118', now))).toEqual({ patient_id: 'RES-2026-118' });
    expect(asked(takenAs('patient_id', '121212+1212', now))).toEqual({ patient_id: '191212121212' });
    expect(asked(takenAs('accession', '8112189876', now))).toEqual({ accession: '8112189876' });
});

test('stars alone say nothing to look for', () => {
    for (const text of ['', ' ', '*', '* ?']) expect(isSaying(text), text).toBe(false);
    for (const text of ['Å', '4', 'And*']) expect(isSaying(text), text).toBe(true);
});
