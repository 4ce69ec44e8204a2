// What can this person do here, and why? For each permission: allowed or not,
// by which role where, and which role would give it.

import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Verdict } from '@/api/contract';
import { useWord } from '@/i18n/word';
import { EmptyState } from '@/ui/EmptyState';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { Select } from '@/ui/Select';
import { StateLight } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';
import { members } from './calls';
import { WHOLE } from './RoleFields';

const route = getRouteApi('/shell/members/$id/permissions');

export function Explain() {
    const { t } = useTranslation('members');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const { id } = route.useParams();
    const { unit } = route.useSearch();
    const navigate = useNavigate();
    const explained = useQuery({ queryKey: ['explain', id], queryFn: () => members.explain(id) });
    const columns: Column<Verdict>[] = [
        {
            id: 'permission',
            name: t('explain.permission'),
            value: ({ permission }) => word('permission', permission),
            cell: ({ permission }) => <strong>{word('permission', permission)}</strong>,
        },
        {
            id: 'allowed',
            name: t('explain.allowed'),
            value: ({ allowed }) => (allowed ? 0 : 1),
            cell: ({ allowed }) => (
                <StateLight is={allowed ? 'good' : 'off'}>{t(allowed ? 'explain.yes' : 'explain.no')}</StateLight>
            ),
        },
        {
            id: 'why',
            name: t('explain.why'),
            cell: ({ allowed, by, would }) =>
                allowed ? (
                    <ul className="plain-list">
                        {by.map(({ role, name, unit: at }) => (
                            <li key={`${role}${at?.id}`}>
                                {t('explain.by', {
                                    role: word('role', role) === role ? name : word('role', role),
                                    where: at?.name ?? u('wholeOrganisation'),
                                })}
                            </li>
                        ))}
                    </ul>
                ) : would.length > 0 ? (
                    <span className="muted">
                        {t('explain.would', { roles: would.map((role) => word('role', role)).join(', ') })}
                    </span>
                ) : (
                    <span className="muted">{t('explain.nobody')}</span>
                ),
        },
    ];
    return (
        <Loaded query={explained} lines={8}>
            {({ member, choices }) => {
                const chosen = choices.find((choice) => (choice.unit?.id ?? WHOLE) === unit) ?? choices[0];
                return (
                    <>
                        <PageHeader
                            title={t('explain.title', { name: member.name })}
                            lead={t('explain.lead')}
                            up={{ href: `/members/${id}`, name: member.name }}
                        />
                        {!chosen ? (
                            <EmptyState title={t('noRoles')}>{t('noRolesHint')}</EmptyState>
                        ) : (
                            <div className="stack">
                                <div className="filters">
                                    <Select
                                        label={t('explain.where')}
                                        value={chosen.unit?.id ?? WHOLE}
                                        onChange={(next) =>
                                            void navigate({
                                                to: '/members/$id/permissions',
                                                params: { id },
                                                search: { unit: String(next) },
                                                replace: true,
                                            })
                                        }
                                        options={choices.map((choice) => ({
                                            id: choice.unit?.id ?? WHOLE,
                                            name: choice.unit?.name ?? u('wholeOrganisation'),
                                        }))}
                                    />
                                </div>
                                <p role="status">
                                    {t('explain.sum', {
                                        count: chosen.permissions.filter(({ allowed }) => allowed).length,
                                        of: chosen.permissions.length,
                                    })}
                                </p>
                                <Table
                                    label={t('explain.title', { name: member.name })}
                                    columns={columns}
                                    rows={chosen.permissions}
                                    rowId={({ permission }) => permission}
                                />
                            </div>
                        )}
                    </>
                );
            }}
        </Loaded>
    );
}
