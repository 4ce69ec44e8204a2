import { expect, test } from 'vitest';
import { sameName } from './Dialog';
import { ageAt, written } from './PatientStrip';

test('a name is confirmed by itself only', () => {
    expect(sameName('  region   SKÅNE ', 'Region Skåne')).toBe(true);
    expect(sameName('Region Skane', 'Region Skåne')).toBe(false);
    expect(sameName('', 'Region Skåne')).toBe(false);
});

test('age turns on the birthday', () => {
    expect(ageAt('1912-12-12', new Date(2026, 11, 11))).toBe(113);
    expect(ageAt('1912-12-12', new Date(2026, 11, 12))).toBe(114);
});

test('a personnummer is written with its hyphen, other identities as they stand', () => {
    expect(written('191212121212')).toBe('19121212-1212');
    expect(written('RES-2026-118')).toBe('RES-2026-118');
});
