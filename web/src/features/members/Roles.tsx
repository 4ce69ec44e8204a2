// The roles there are, and an organisation's own.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import { isAsked, type RoleRow } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { PERMISSIONS } from '@/session/roles';
import { Button } from '@/ui/Button';
import { CheckboxGroup } from '@/ui/Choice';
import { ConfirmByName, Dialog } from '@/ui/Dialog';
import { useDraft } from '@/ui/draft';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Badge } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';
import { members, roleKey } from './calls';

export function Roles() {
    const { t } = useTranslation('members');
    const { t: u } = useTranslation('ui');
    const { number } = useFormat();
    const word = useWord();
    const rows = useQuery({ queryKey: ['roles'], queryFn: members.roles });
    const [edited, setEdited] = useState<RoleRow | 'new'>();
    const [going, setGoing] = useState<RoleRow>();
    const remove = useAct((id: string) => members.deleteRole(id), {
        renews: ['roles'],
        says: t('role_.deleted'),
        after: () => setGoing(undefined),
    });
    const name = (row: RoleRow) => word('role', row.word) || row.name;
    const columns: Column<RoleRow>[] = [
        {
            id: 'name',
            name: t('role'),
            value: name,
            cell: (row) => (
                <span className="row">
                    <strong>{name(row)}</strong>
                    {row.built_in && <Badge>{t('role_.builtIn')}</Badge>}
                </span>
            ),
        },
        {
            id: 'permissions',
            name: t('role_.gives'),
            cell: ({ permissions }) => permissions.map((permission) => word('permission', permission)).join(', '),
        },
        {
            id: 'members',
            name: t('title'),
            isNumber: true,
            value: (row) => row.members,
            cell: (row) => number(row.members),
        },
        {
            id: 'act',
            name: u('change'),
            isAction: true,
            cell: (row) =>
                row.built_in ? null : (
                    <span className="row">
                        <Button aria-label={`${u('change')}: ${row.name}`} onPress={() => setEdited(row)}>
                            {u('change')}
                        </Button>
                        <Button kind="quiet" aria-label={`${u('remove')}: ${row.name}`} onPress={() => setGoing(row)}>
                            {u('remove')}
                        </Button>
                    </span>
                ),
        },
    ];
    return (
        <>
            <PageHeader
                title={t('roles')}
                lead={t('role_.lead')}
                up={{ href: '/members', name: t('title') }}
                actions={
                    <Button icon="plus" onPress={() => setEdited('new')}>
                        {t('role_.add')}
                    </Button>
                }
            />
            <Loaded query={rows} lines={6}>
                {({ items }) => <Table label={t('roles')} columns={columns} rows={items} rowId={roleKey} />}
            </Loaded>
            {edited && <EditRole role={edited === 'new' ? undefined : edited} onClose={() => setEdited(undefined)} />}
            <ConfirmByName
                isOpen={Boolean(going)}
                onClose={() => setGoing(undefined)}
                title={t('role_.deleteTitle')}
                name={going?.name ?? ''}
                action={u('remove')}
                isPending={remove.isPending}
                onConfirm={() => going?.id && remove.mutate(going.id)}
            >
                <p>{t('role_.deleteBody')}</p>
                {remove.error && <ProblemView error={remove.error} />}
            </ConfirmByName>
        </>
    );
}

function EditRole({ role, onClose }: { role?: RoleRow; onClose(): void }) {
    const { t } = useTranslation('members');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const [permissions, setPermissions] = useState<string[]>(role?.permissions ?? []);
    const [isTried, setTried] = useState(false);
    const save = useAct(
        (name: string): Promise<object | undefined> => {
            const body = { name, permissions };
            return role?.id ? members.changeRole(role.id, body) : members.addRole(body);
        },
        {
            renews: ['roles', 'explain', 'approvals'],
            says: (answer) => (isAsked(answer) ? u('approvalAsked') : u('saved')),
            after: onClose,
        },
    );
    const draft = useDraft({ name: role?.name ?? '' }, save.error, ['name']);
    return (
        <Dialog isOpen onClose={onClose} title={t(role ? 'role_.change' : 'role_.add')}>
            <Form
                onSubmit={() => {
                    setTried(true);
                    if (draft.isReady() && permissions.length > 0) save.mutate(draft.values.name.trim());
                }}
                error={draft.rest}
                actions={
                    <>
                        <Button onPress={onClose}>{u('cancel')}</Button>
                        <Button kind="primary" type="submit" isPending={save.isPending}>
                            {u('save')}
                        </Button>
                    </>
                }
            >
                <TextField {...draft.bind('name')} label={u('name')} autoComplete="off" autoFocus />
                <CheckboxGroup
                    label={t('role_.gives')}
                    value={permissions}
                    onChange={setPermissions}
                    error={isTried && permissions.length === 0 ? t('role_.missing') : undefined}
                    options={PERMISSIONS.filter((permission) => permission !== 'run_hub').map((id) => ({
                        id,
                        name: word('permission', id),
                    }))}
                />
            </Form>
        </Dialog>
    );
}
