// Who works here, and with what roles.

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Member } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { EmptyState } from '@/ui/EmptyState';
import { TextField } from '@/ui/Field';
import { LinkButton } from '@/ui/Link';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { Select } from '@/ui/Select';
import { StateLight } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';
import { members } from './calls';
import { Invite } from './Invite';

const route = getRouteApi('/shell/members');

export function Members() {
    const { t } = useTranslation('members');
    const { t: u } = useTranslation('ui');
    const { day } = useFormat();
    const word = useWord();
    const { show } = route.useSearch();
    const navigate = useNavigate();
    const [isInviting, setInviting] = useState(false);
    // A name is personal: it stays in the page, out of the address.
    const [search, setSearch] = useState('');
    const asked = useDeferredValue(search.trim());
    const rows = useQuery({
        queryKey: ['members', asked, show],
        queryFn: () => members.list(asked, show === 'all' ? undefined : show === 'active'),
        placeholderData: keepPreviousData,
    });
    const columns: Column<Member>[] = [
        {
            id: 'name',
            name: u('name'),
            value: ({ name }) => name,
            cell: ({ name }) => <strong>{name}</strong>,
        },
        { id: 'email', name: u('email'), value: ({ email }) => email, cell: ({ email }) => email },
        {
            id: 'roles',
            name: t('rolesName'),
            cell: ({ assignments }) =>
                assignments.length === 0 ? (
                    <span className="muted">{t('noRoles')}</span>
                ) : (
                    [...new Set(assignments.map(({ role }) => word('role', role.word) || role.name))]
                        .map((role) => word('role', role))
                        .join(', ')
                ),
        },
        {
            id: 'login',
            name: t('lastLogin'),
            value: ({ last_login }) => last_login ?? '',
            cell: ({ last_login }) => (last_login ? day(last_login) : u('never')),
        },
        { id: 'state', name: u('state'), cell: (member) => <MemberState member={member} /> },
    ];
    return (
        <>
            <PageHeader
                title={t('title')}
                lead={t('lead')}
                actions={
                    <>
                        <LinkButton href="/roles">{t('roles')}</LinkButton>
                        <Button kind="primary" icon="plus" onPress={() => setInviting(true)}>
                            {t('invite.action')}
                        </Button>
                    </>
                }
            />
            <div className="stack">
                <div className="filters">
                    <TextField label={t('search')} type="search" value={search} onChange={setSearch} />
                    <Select
                        label={t('show')}
                        value={show}
                        onChange={(id) =>
                            void navigate({ to: '/members', search: { show: id as typeof show }, replace: true })
                        }
                        options={(['active', 'closed', 'all'] as const).map((id) => ({ id, name: t(`shows.${id}`) }))}
                    />
                </div>
                <Loaded query={rows} lines={6}>
                    {({ items }) =>
                        items.length === 0 ? (
                            <EmptyState title={t('emptyTitle')}>{t(asked ? 'emptySearch' : 'empty')}</EmptyState>
                        ) : (
                            <Table
                                label={t('title')}
                                columns={columns}
                                rows={items}
                                rowId={({ id }) => id}
                                rowHref={({ id }) => `/members/${id}`}
                            />
                        )
                    }
                </Loaded>
            </div>
            {isInviting && <Invite onClose={() => setInviting(false)} />}
        </>
    );
}

export function MemberState({ member }: { member: Member }) {
    const { t } = useTranslation('members');
    if (!member.active) return <StateLight is="off">{t('state.closed')}</StateLight>;
    if (member.invited) return <StateLight is="waiting">{t('state.invited')}</StateLight>;
    if (member.factors.passkeys === 0 && !member.factors.totp) {
        return <StateLight is="act">{t('state.noFactor')}</StateLight>;
    }
    return <StateLight is="good">{t('state.active')}</StateLight>;
}
