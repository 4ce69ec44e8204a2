import { expect, test } from 'vitest';
import type { FoundStudy } from '@/api/exchange';
import { newDraft, read, renewed, toggled } from './basket';
import { arranged, byPatient, imagesOf, studyKey } from './groups';
import { heard, type Search } from './search';

function study(uid: string, patient: string, date: string, images: number | null = 10): FoundStudy {
    return {
        study_uid: uid,
        found: `${uid}-${images}`,
        patient: { key: patient },
        date,
        time: '',
        images,
    } as FoundStudy;
}
const uids = (studies: FoundStudy[]) => studies.map(({ study_uid }) => study_uid);

test('the newest stands first, and the same study at two nodes once', () => {
    const rows = arranged([
        study('a', 'p', '2024-01-01'),
        study('b', 'p', '2026-01-01'),
        study('a', 'p', '2024-01-01', 12),
    ]);
    expect(uids(rows)).toEqual(['b', 'a']);
    expect(rows[1]?.images).toBe(12);
});

test('what has its place keeps it while more comes', () => {
    const [b, a] = [study('b', 'p', '2025-01-01'), study('a', 'p', '2024-01-01')];
    const settled = arranged([a, b]).map(studyKey);
    expect(uids(arranged([a, b, study('c', 'p', '2026-01-01')], settled))).toEqual(['b', 'a', 'c']);
});

test('studies are gathered by patient, in the order of their newest', () => {
    const rows = arranged([
        study('a', 'p', '2024-01-01'),
        study('b', 'q', '2026-01-01'),
        study('c', 'p', '2025-01-01'),
    ]);
    expect(byPatient(rows).map(({ patient, studies }) => [patient.key, uids(studies)])).toEqual([
        ['q', ['b']],
        ['p', ['c', 'a']],
    ]);
});

test('images are counted when every count is known', () => {
    expect(imagesOf([{ images: 3 }, { images: 4 }])).toBe(7);
    expect(imagesOf([{ images: 3 }, { images: null }])).toBeUndefined();
});

test('a study goes in once and out again, and what was sent is left behind', () => {
    const [a, b] = [study('a', 'p', ''), study('b', 'q', '')];
    const one = toggled(newDraft(), [a], true);
    const both = toggled(toggled(one, [a], true), [b], true);
    expect(uids(both.studies)).toEqual(['a', 'b']);
    expect(uids(toggled(both, [a], false).studies)).toEqual(['b']);
    const next = toggled({ ...both, isSent: true }, [b], true);
    expect(uids(next.studies)).toEqual(['b']);
    expect(next.id).not.toBe(both.id);
    expect(next.isSent).toBeUndefined();
});

test('a new search renews what was chosen', () => {
    const draft = toggled(newDraft(), [study('a', 'p', '', 1), study('b', 'p', '', 1)], true);
    expect(renewed(draft, [study('b', 'p', '', 2)]).studies.map(({ found }) => found)).toEqual(['a-1', 'b-2']);
    expect(renewed(draft, [study('b', 'p', '', 1)])).toBe(draft);
});

test('another patient in the basket must be seen anew', () => {
    const two = { ...toggled(newDraft(), [study('a', 'p', ''), study('b', 'q', '')], true), several: true };
    expect(toggled(two, [study('c', 'r', '')], true).several).toBe(false);
    expect(toggled(two, [study('c', 'p', '')], true).several).toBe(true);
});

test('a draft of an older page is read with what it lacks', () => {
    expect(read(null).studies).toEqual([]);
    expect(read({ studies: [], message: 'Hej' })).toMatchObject({ message: 'Hej', purpose: 'care' });
});

test('a search hears its lines until the last', () => {
    const empty: Search = { studies: [], problems: [], isGoing: true, isWhole: false, isCut: false };
    const one = heard(empty, { is: 'study', study: study('a', 'p', '') });
    const two = heard(one, { is: 'problem', gateway: 'Lund', node: '', failure: 'gateway_silent' });
    const three = heard(two, { is: 'end', studies: 1, cut: true });
    expect(three).toMatchObject({ isWhole: true, isCut: true, problems: [{ gateway: 'Lund' }] });
    expect(two.isWhole).toBe(false);
});
