import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { UnitRow } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { Button } from '@/ui/Button';
import { Switch } from '@/ui/Choice';
import { Dialog } from '@/ui/Dialog';
import { given, useDraft } from '@/ui/draft';
import { EmptyState } from '@/ui/EmptyState';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Loaded } from '@/ui/Loaded';
import { StateLight } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';
import { organisation } from './calls';

export function Units() {
    const { t } = useTranslation('organisation');
    const { t: u } = useTranslation('ui');
    const { number } = useFormat();
    const rows = useQuery({ queryKey: ['units'], queryFn: organisation.units });
    const [edited, setEdited] = useState<UnitRow | 'new'>();
    const columns: Column<UnitRow>[] = [
        { id: 'name', name: u('name'), value: ({ name }) => name, cell: ({ name }) => <strong>{name}</strong> },
        { id: 'hsa', name: u('hsaId'), cell: ({ hsa_id }) => hsa_id || '–' },
        { id: 'institution', name: t('units.institution'), cell: ({ institution }) => institution || '–' },
        {
            id: 'members',
            name: t('all.members'),
            isNumber: true,
            value: (row) => row.members,
            cell: (row) => number(row.members),
        },
        {
            id: 'state',
            name: u('state'),
            cell: ({ active }) => (
                <StateLight is={active ? 'good' : 'off'}>{t(active ? 'units.active' : 'units.closed')}</StateLight>
            ),
        },
        {
            id: 'act',
            name: u('change'),
            isAction: true,
            cell: (row) => (
                <Button aria-label={`${u('change')}: ${row.name}`} onPress={() => setEdited(row)}>
                    {u('change')}
                </Button>
            ),
        },
    ];
    const add = (
        <Button icon="plus" onPress={() => setEdited('new')}>
            {t('units.add')}
        </Button>
    );
    return (
        <div className="stack">
            <div className="row between">
                <p className="muted prose">{t('units.lead')}</p>
                {rows.data && rows.data.items.length > 0 && add}
            </div>
            <Loaded query={rows}>
                {({ items }) =>
                    items.length === 0 ? (
                        <EmptyState title={t('units.emptyTitle')} action={add}>
                            {t('units.empty')}
                        </EmptyState>
                    ) : (
                        <Table label={t('tabs.units')} columns={columns} rows={items} rowId={({ id }) => id} />
                    )
                }
            </Loaded>
            {edited && <EditUnit unit={edited === 'new' ? undefined : edited} onClose={() => setEdited(undefined)} />}
        </div>
    );
}

function EditUnit({ unit, onClose }: { unit?: UnitRow; onClose(): void }) {
    const { t } = useTranslation('organisation');
    const { t: u } = useTranslation('ui');
    const [isActive, setActive] = useState(unit?.active ?? true);
    const save = useAct(
        (): Promise<unknown> => {
            const { name, hsa_id, institution } = draft.values;
            const body = {
                name: name.trim(),
                hsa_id: given(hsa_id),
                institution: given(institution),
                active: isActive,
            };
            return unit ? organisation.changeUnit(unit.id, body) : organisation.addUnit(body);
        },
        { renews: ['units', 'me'], says: u('saved'), after: onClose },
    );
    const draft = useDraft(
        { name: unit?.name ?? '', hsa_id: unit?.hsa_id ?? '', institution: unit?.institution ?? '' },
        save.error,
        ['name'],
    );
    return (
        <Dialog isOpen onClose={onClose} title={t(unit ? 'units.change' : 'units.add')}>
            <Form
                onSubmit={() => draft.isReady() && save.mutate()}
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
                <TextField {...draft.bind('hsa_id')} label={u('hsaId')} optional autoComplete="off" />
                <TextField
                    {...draft.bind('institution')}
                    label={t('units.institution')}
                    hint={t('units.institutionHint')}
                    optional
                    autoComplete="off"
                />
                {unit && (
                    <Switch isSelected={isActive} onChange={setActive} hint={t('units.activeHint')}>
                        {t('units.active')}
                    </Switch>
                )}
            </Form>
        </Dialog>
    );
}
