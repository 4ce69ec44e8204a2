import { expect, test } from 'vitest';
import { addressed, type request } from './request';

test('an address is filled with what cannot lead elsewhere, and what is empty is left out', () => {
    expect(addressed('/api/machines/{id}/keys/{kid}', { path: { id: 'a', kid: '../b?c' } })).toBe(
        '/api/machines/a/keys/..%2Fb%3Fc',
    );
    expect(addressed('/api/members', { query: { search: '', active: false, limit: undefined } })).toBe(
        '/api/members?active=false',
    );
});

test('what the hub does not know does not compile', () => {
    // Never called: that each of these is an error is for the compiler to see.
    const wrong = (ask: typeof request) => {
        // @ts-expect-error no such address
        ask('GET', '/api/patients');
        // @ts-expect-error not by this method
        ask('PUT', '/api/logout');
        // @ts-expect-error the gap is not filled
        ask('GET', '/api/members/{id}');
        // @ts-expect-error another body
        ask('POST', '/api/login/totp', { body: { kod: '123456' } });
        // @ts-expect-error more than it takes
        ask('GET', '/api/units', { query: { limit: 1 } });
        // @ts-expect-error not among the answer's fields
        ask('GET', '/api/organisation').then(({ colour }) => colour);
    };
    expect(wrong).toBeTypeOf('function');
});
