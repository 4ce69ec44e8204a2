import { expect, test } from 'vitest';
import { bodyOf, keep, nothing, typedBefore } from './typed';

test('a personnummer goes in twelve digits, another number as it stands', () => {
    expect(bodyOf({ ...nothing(), number: ' 19121212-1212 ' }).patient_id).toBe('191212121212');
    expect(bodyOf({ ...nothing(), number: ' RES-2026-118 ' }).patient_id).toBe('RES-2026-118');
});

test('what was typed is there for the same person and for nobody else', () => {
    const typed = { ...nothing(), wanted: 'CT' };
    keep('anna', typed);
    expect(typedBefore('anna')).toBe(typed);
    expect(typedBefore('erik')).toBeUndefined();
    keep('anna', undefined);
    expect(typedBefore('anna')).toBeUndefined();
});
