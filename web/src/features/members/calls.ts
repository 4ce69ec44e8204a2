// Members, their roles, and what a second member must approve.

import type {
    Approval,
    Asked,
    Assignment,
    Explanation,
    InvitationLink,
    List,
    Member,
    NewAssignment,
    NewMember,
    RoleRow,
    SessionRow,
    UnitRow,
} from '@/api/contract';
import { request, withQuery } from '@/api/request';

export const members = {
    list: (search?: string, active?: boolean) =>
        request<List<Member>>('GET', withQuery('/api/members', { search, active, limit: 200 })),
    one: (id: string) => request<Member>('GET', `/api/members/${id}`),
    invite: (given: NewMember) => request<{ member: Named; invitation: InvitationLink }>('POST', '/api/members', given),
    change: (id: string, given: { name: string; email: string; hsa_id?: string; personal_number?: string }) =>
        request('PUT', `/api/members/${id}`, given),
    close: (id: string, confirm: string) => request<Asked | undefined>('POST', `/api/members/${id}/close`, { confirm }),
    open: (id: string) => request('POST', `/api/members/${id}/open`, {}),
    reset: (id: string, what: 'password' | 'factors') =>
        request<{ invitation?: InvitationLink } | undefined>('POST', `/api/members/${id}/reset`, { what }),
    inviteAgain: (id: string) => request<{ invitation: InvitationLink }>('POST', `/api/members/${id}/invite`, {}),
    assign: (id: string, given: NewAssignment) =>
        request<Asked & Partial<Assignment>>('POST', `/api/members/${id}/assignments`, given),
    unassign: (id: string, assignment: string) => request('DELETE', `/api/members/${id}/assignments/${assignment}`),
    explain: (id: string) => request<Explanation>('GET', `/api/members/${id}/explain`),
    sessions: (id: string) => request<List<SessionRow>>('GET', `/api/members/${id}/sessions`),
    endSessions: (id: string) => request('DELETE', `/api/members/${id}/sessions`),
    units: () => request<List<UnitRow>>('GET', '/api/units'),
    roles: () => request<List<RoleRow>>('GET', '/api/roles'),
    saveRole: ({ id, ...role }: { id?: string; name: string; permissions: string[] }) =>
        id ? request('PUT', `/api/roles/${id}`, role) : request('POST', '/api/roles', role),
    deleteRole: (id: string) => request('DELETE', `/api/roles/${id}`),
    approvals: () => request<List<Approval>>('GET', '/api/approvals'),
    approve: (id: string) => request('POST', `/api/approvals/${id}/approve`, {}),
    refuse: (id: string) => request('POST', `/api/approvals/${id}/refuse`, {}),
};

type Named = { id: string; name: string };

/** A built-in role is known by its word, one's own by its id. */
export function roleKey({ word, id }: RoleRow): string {
    return word ?? id ?? '';
}
