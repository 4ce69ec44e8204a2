// Members, their roles, and what a second member must approve.

import type { NewAssignment, NewMember, NewRole, RoleRow } from '@/api/contract';
import { request } from '@/api/request';

export const members = {
    list: (search?: string, active?: boolean) =>
        request('GET', '/api/members', { query: { search, active, limit: 200 } }),
    one: (id: string) => request('GET', '/api/members/{id}', { path: { id } }),
    invite: (body: NewMember) => request('POST', '/api/members', { body }),
    change: (id: string, body: { name: string; email: string; hsa_id?: string; personal_number?: string }) =>
        request('PUT', '/api/members/{id}', { path: { id }, body }),
    close: (id: string, confirm: string) =>
        request('POST', '/api/members/{id}/close', { path: { id }, body: { confirm } }),
    open: (id: string) => request('POST', '/api/members/{id}/open', { path: { id } }),
    reset: (id: string, what: 'password' | 'factors') =>
        request('POST', '/api/members/{id}/reset', { path: { id }, body: { what } }),
    inviteAgain: (id: string) => request('POST', '/api/members/{id}/invite', { path: { id } }),
    assign: (id: string, body: NewAssignment) =>
        request('POST', '/api/members/{id}/assignments', { path: { id }, body }),
    unassign: (id: string, assignment: string) =>
        request('DELETE', '/api/members/{id}/assignments/{assignment}', { path: { id, assignment } }),
    explain: (id: string) => request('GET', '/api/members/{id}/explain', { path: { id } }),
    sessions: (id: string) => request('GET', '/api/members/{id}/sessions', { path: { id } }),
    endSessions: (id: string) => request('DELETE', '/api/members/{id}/sessions', { path: { id } }),
    units: () => request('GET', '/api/units'),
    roles: () => request('GET', '/api/roles'),
    addRole: (body: NewRole) => request('POST', '/api/roles', { body }),
    changeRole: (id: string, body: NewRole) => request('PUT', '/api/roles/{id}', { path: { id }, body }),
    deleteRole: (id: string) => request('DELETE', '/api/roles/{id}', { path: { id } }),
    approvals: () => request('GET', '/api/approvals'),
    approve: (id: string) => request('POST', '/api/approvals/{id}/approve', { path: { id } }),
    refuse: (id: string) => request('POST', '/api/approvals/{id}/refuse', { path: { id } }),
};

/** A built-in role is known by its word, one's own by its id. */
export function roleKey({ word, id }: RoleRow): string {
    return word ?? id ?? '';
}
