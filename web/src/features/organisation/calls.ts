// One's own organisation: its particulars, care units, partners and login.

import type {
    DirectoryRow,
    HeldDelivery,
    IdentityProvider,
    List,
    Organisation,
    Partners,
    Takes,
    UnitRow,
} from '@/api/contract';
import { request } from '@/api/request';

type Unit = Pick<UnitRow, 'name' | 'active'> & { hsa_id?: string; institution?: string };

export const organisation = {
    get: () => request<Organisation>('GET', '/api/organisation'),
    change: (given: Record<string, unknown>) => request('PUT', '/api/organisation', given),
    fourEyes: (actions: string[]) => request('PUT', '/api/organisation/four-eyes', { actions }),
    directory: () => request<List<DirectoryRow>>('GET', '/api/directory?limit=200'),
    partners: () => request<Partners>('GET', '/api/partners'),
    takes: (takes: Takes) => request('PUT', '/api/partners', { takes }),
    takesFrom: (id: string, takes: Takes | null) => request('PUT', `/api/partners/${id}`, { takes }),
    units: () => request<List<UnitRow>>('GET', '/api/units'),
    saveUnit: ({ id, ...unit }: Unit & { id?: string }) =>
        id ? request('PUT', `/api/units/${id}`, unit) : request('POST', '/api/units', unit),
    held: () => request<List<HeldDelivery>>('GET', '/api/deliveries?state=held'),
    accept: (id: string) => request('POST', `/api/deliveries/${id}/accept`, {}),
    decline: (id: string, reason: string) => request('POST', `/api/deliveries/${id}/decline`, { reason }),
    provider: () => request<IdentityProvider | null>('GET', '/api/identity-provider'),
    saveProvider: (given: Record<string, unknown>) => request('PUT', '/api/identity-provider', given),
    deleteProvider: () => request('DELETE', '/api/identity-provider'),
};
