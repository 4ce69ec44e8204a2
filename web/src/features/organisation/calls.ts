// One's own organisation: its particulars, care units, partners and login.

import type { NewIdentityProvider, NewParticulars, NewUnit, Takes } from '@/api/contract';
import { request } from '@/api/request';

export const organisation = {
    get: () => request('GET', '/api/organisation'),
    change: (body: NewParticulars) => request('PUT', '/api/organisation', { body }),
    fourEyes: (actions: string[]) => request('PUT', '/api/organisation/four-eyes', { body: { actions } }),
    directory: () => request('GET', '/api/directory'),
    partners: () => request('GET', '/api/partners'),
    takes: (takes: Takes) => request('PUT', '/api/partners', { body: { takes } }),
    takesFrom: (id: string, takes: Takes | null) =>
        request('PUT', '/api/partners/{organisation}', { path: { organisation: id }, body: { takes } }),
    units: () => request('GET', '/api/units'),
    addUnit: ({ name, hsa_id, institution }: NewUnit) =>
        request('POST', '/api/units', { body: { name, hsa_id, institution } }),
    changeUnit: (id: string, body: NewUnit) => request('PUT', '/api/units/{id}', { path: { id }, body }),
    provider: () => request('GET', '/api/identity-provider'),
    saveProvider: (body: NewIdentityProvider) => request('PUT', '/api/identity-provider', { body }),
    deleteProvider: () => request('DELETE', '/api/identity-provider'),
};
