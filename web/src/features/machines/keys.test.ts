import { expect, test } from 'vitest';
import { readKeys } from './Machines';

test('only public keys are taken', () => {
    const key = { kty: 'EC', crv: 'P-384', x: 'x', y: 'y' };
    expect(readKeys(JSON.stringify({ keys: [key] }))).toEqual({ keys: [key] });
    expect(readKeys(JSON.stringify(key))).toEqual({ keys: [key] });
    expect(readKeys(JSON.stringify({ ...key, d: 'secret' }))).toBe('private');
    for (const bad of ['', '{', 'null', '[]', '{"keys":[]}', '{"keys":[7]}']) expect(readKeys(bad)).toBe('unreadable');
});
