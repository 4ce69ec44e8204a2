// Everyone on the hub, for the operator: no one's data, only whether it works for them.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { NewOrganisation, OrganisationRow, Spoken } from '@/api/contract';
import { request } from '@/api/request';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { ConfirmByName, Dialog } from '@/ui/Dialog';
import { given, useDraft } from '@/ui/draft';
import { EmptyState } from '@/ui/EmptyState';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Loaded } from '@/ui/Loaded';
import { MailedLink } from '@/ui/MailedLink';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Select } from '@/ui/Select';
import { StateLight } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';

const KINDS = ['region', 'private_clinic', 'insurer', 'authority', 'other'];
const list = () => request('GET', '/api/organisations');

export function Organisations() {
    const { t } = useTranslation('organisation');
    const { t: u } = useTranslation('ui');
    const { number, moment } = useFormat();
    const word = useWord();
    const rows = useQuery({ queryKey: ['organisations'], queryFn: list });
    const [isAdding, setAdding] = useState(false);
    const [going, setGoing] = useState<OrganisationRow>();
    const close = useAct((id: string) => request('POST', '/api/organisations/{id}/close', { path: { id } }), {
        renews: ['organisations'],
        says: t('all.closed'),
        after: () => setGoing(undefined),
    });
    const open = useAct((id: string) => request('POST', '/api/organisations/{id}/open', { path: { id } }), {
        renews: ['organisations'],
        says: t('all.opened'),
    });
    const columns: Column<OrganisationRow>[] = [
        {
            id: 'name',
            name: u('name'),
            value: ({ name }) => name,
            cell: ({ name, kind }) => (
                <>
                    <strong>{name}</strong>
                    <br />
                    <span className="muted">{word('kind', kind)}</span>
                </>
            ),
        },
        {
            id: 'state',
            name: u('state'),
            cell: ({ active, gateways, members }) =>
                !active ? (
                    <StateLight is="off">{t('all.state.closed')}</StateLight>
                ) : members === 0 ? (
                    <StateLight is="waiting">{t('all.state.invited')}</StateLight>
                ) : gateways === 0 ? (
                    <StateLight is="waiting">{t('all.state.noGateway')}</StateLight>
                ) : (
                    <StateLight is="good">{t('all.state.active')}</StateLight>
                ),
        },
        {
            id: 'members',
            name: t('all.members'),
            isNumber: true,
            value: (row) => row.members,
            cell: (row) => number(row.members),
        },
        {
            id: 'gateways',
            name: t('all.gateways'),
            isNumber: true,
            value: (row) => row.gateways,
            cell: (row) => number(row.gateways),
        },
        {
            id: 'last',
            name: t('all.lastImage'),
            value: ({ last_image_at }) => last_image_at ?? '',
            cell: ({ last_image_at }) => (last_image_at ? moment(last_image_at) : '–'),
        },
        {
            id: 'act',
            name: t('all.close'),
            isAction: true,
            cell: (row) =>
                row.active ? (
                    <Button kind="quiet" aria-label={`${t('all.close')}: ${row.name}`} onPress={() => setGoing(row)}>
                        {t('all.close')}
                    </Button>
                ) : (
                    <Button aria-label={`${t('all.open')}: ${row.name}`} onPress={() => open.mutate(row.id)}>
                        {t('all.open')}
                    </Button>
                ),
        },
    ];
    return (
        <>
            <PageHeader
                title={t('all.title')}
                lead={t('all.lead')}
                actions={
                    <Button kind="primary" icon="plus" onPress={() => setAdding(true)}>
                        {t('all.add')}
                    </Button>
                }
            />
            <div className="stack">
                {open.error && <ProblemView error={open.error} />}
                <Loaded query={rows} lines={6}>
                    {({ items }) =>
                        items.length === 0 ? (
                            <EmptyState title={t('all.emptyTitle')}>{t('all.empty')}</EmptyState>
                        ) : (
                            <Table label={t('all.title')} columns={columns} rows={items} rowId={({ id }) => id} />
                        )
                    }
                </Loaded>
            </div>
            {isAdding && <Add onClose={() => setAdding(false)} />}
            <ConfirmByName
                isOpen={Boolean(going)}
                onClose={() => setGoing(undefined)}
                title={t('all.closeTitle')}
                name={going?.name ?? ''}
                action={t('all.close')}
                isPending={close.isPending}
                onConfirm={() => going && close.mutate(going.id)}
            >
                <p>{t('all.closeBody')}</p>
                {close.error && <ProblemView error={close.error} />}
            </ConfirmByName>
        </>
    );
}

function Add({ onClose }: { onClose(): void }) {
    const { t, i18n } = useTranslation('organisation');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const add = useAct((body: NewOrganisation) => request('POST', '/api/organisations', { body }), {
        renews: ['organisations'],
    });
    const draft = useDraft(
        {
            name: '',
            kind: 'region',
            ae_title: '',
            hsa_id: '',
            person: '',
            email: '',
            language: i18n.language,
        },
        add.error,
        ['name', 'ae_title', 'person', 'email'],
    );
    const { values } = draft;
    const rename = (name: string) => {
        // A proposal until one types one's own.
        const follows = values.ae_title === '' || values.ae_title === proposedTitle(values.name);
        draft.set('name', name);
        if (follows) draft.set('ae_title', proposedTitle(name));
    };
    const submit = () => {
        if (!draft.isReady()) return;
        add.mutate({
            name: values.name.trim(),
            kind: values.kind,
            ae_title: values.ae_title.trim(),
            hsa_id: given(values.hsa_id),
            administrator: {
                name: values.person.trim(),
                email: values.email.trim(),
                language: values.language as Spoken,
            },
        });
    };
    return (
        <Dialog
            isOpen
            onClose={onClose}
            title={add.data ? t('all.added', { name: values.name }) : t('all.add')}
            actions={
                add.data && (
                    <Button kind="primary" onPress={onClose}>
                        {u('close')}
                    </Button>
                )
            }
        >
            {add.data ? (
                <MailedLink invitation={add.data.invitation} email={values.email} />
            ) : (
                <Form
                    label={t('all.add')}
                    onSubmit={submit}
                    error={draft.rest}
                    actions={
                        <>
                            <Button onPress={onClose}>{u('cancel')}</Button>
                            <Button kind="primary" type="submit" isPending={add.isPending}>
                                {t('all.addAndInvite')}
                            </Button>
                        </>
                    }
                >
                    <TextField
                        {...draft.bind('name')}
                        onChange={rename}
                        label={u('name')}
                        autoComplete="off"
                        autoFocus
                    />
                    <Select
                        label={t('kind')}
                        value={values.kind}
                        onChange={(id) => draft.set('kind', String(id))}
                        options={KINDS.map((id) => ({ id, name: word('kind', id) }))}
                    />
                    <TextField
                        {...draft.bind('ae_title')}
                        onChange={(title) => draft.set('ae_title', title.toUpperCase())}
                        label={t('aeTitle')}
                        hint={t('aeTitleHint')}
                        maxLength={16}
                        autoComplete="off"
                    />
                    <TextField {...draft.bind('hsa_id')} label={u('hsaId')} optional autoComplete="off" />
                    <TextField {...draft.bind('person')} label={t('all.administrator')} autoComplete="off" />
                    <TextField
                        {...draft.bind('email')}
                        label={t('all.administratorEmail')}
                        type="email"
                        autoComplete="off"
                    />
                    <Select
                        label={t('all.language')}
                        value={values.language}
                        onChange={(id) => draft.set('language', String(id))}
                        options={[
                            { id: 'sv', name: 'Svenska' },
                            { id: 'en', name: 'English' },
                        ]}
                    />
                </Form>
            )}
        </Dialog>
    );
}

/** Sixteen letters, digits and underscores at most (DICOM PS3.5, AE). */
export function proposedTitle(name: string): string {
    return name
        .normalize('NFD')
        .replace(/[\u0300-\u036f]/g, '')
        .toUpperCase()
        .replace(/[^A-Z0-9]+/g, '_')
        .replace(/^_+|_+$/g, '')
        .slice(0, 16);
}
