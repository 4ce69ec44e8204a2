import { expect, test } from 'vitest';
import { dayEnd, dayStart } from './calls';

test('a day is Sweden’s, winter and summer, and when the clocks turn', () => {
    expect(dayStart('2026-11-24')).toBe('2026-11-23T23:00:00.000Z');
    expect(dayEnd('2026-11-24')).toBe('2026-11-24T23:00:00.000Z');
    expect(dayStart('2026-07-01')).toBe('2026-06-30T22:00:00.000Z');
    expect(dayStart('2026-03-29')).toBe('2026-03-28T23:00:00.000Z');
    expect(dayEnd('2026-03-29')).toBe('2026-03-29T22:00:00.000Z');
    expect(dayEnd('2026-10-25')).toBe('2026-10-25T23:00:00.000Z');
});
