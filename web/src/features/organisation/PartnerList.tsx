// Who may send to us: a rule for everyone, and exceptions by name.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Partners, Takes } from '@/api/contract';
import { useWord } from '@/i18n/word';
import { useMe } from '@/session/queries';
import { Button } from '@/ui/Button';
import { RadioGroup } from '@/ui/Choice';
import { Loaded } from '@/ui/Loaded';
import { ProblemView } from '@/ui/ProblemView';
import { ComboBox, Select } from '@/ui/Select';
import { type Column, Table } from '@/ui/Table';
import { organisation } from './calls';

const TAKES: Takes[] = ['open', 'hold', 'closed'];
type Row = Partners['items'][number];

export function PartnerList() {
    const { t } = useTranslation('organisation');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const partners = useQuery({ queryKey: ['partners'], queryFn: organisation.partners });
    const rule = useAct(organisation.takes, { renews: ['partners', 'organisation'], says: u('saved') });
    const except = useAct(({ id, takes }: { id: string; takes: Takes | null }) => organisation.takesFrom(id, takes), {
        renews: ['partners'],
        says: u('saved'),
    });
    const error = rule.error ?? except.error;
    const columns: Column<Row>[] = [
        {
            id: 'name',
            name: u('name'),
            value: (row) => row.organisation.name,
            cell: (row) => <strong>{row.organisation.name}</strong>,
        },
        { id: 'kind', name: t('kind'), cell: (row) => word('kind', row.organisation.kind) },
        { id: 'takes', name: t('partners.takes'), cell: ({ takes }) => word('takes', takes) },
        {
            id: 'act',
            name: u('remove'),
            isAction: true,
            cell: (row) => (
                <Button
                    aria-label={`${u('remove')}: ${row.organisation.name}`}
                    onPress={() => except.mutate({ id: row.organisation.id, takes: null })}
                >
                    {u('remove')}
                </Button>
            ),
        },
    ];
    return (
        <div className="stack-wide">
            {error && <ProblemView error={error} />}
            <Loaded query={partners}>
                {({ takes, items }) => {
                    const exceptions = items.filter((row) => row.takes !== null);
                    return (
                        <>
                            <section className="card stack" aria-label={t('partners.everyone')}>
                                <RadioGroup
                                    label={t('partners.everyone')}
                                    value={takes}
                                    isDisabled={rule.isPending}
                                    onChange={(next) => rule.mutate(next as Takes)}
                                    options={TAKES.map((id) => ({
                                        id,
                                        name: word('takes', id),
                                        hint: t(`partners.${id}`),
                                    }))}
                                />
                            </section>
                            <section className="stack" aria-labelledby="exceptions">
                                <h2 id="exceptions">{t('partners.exceptions')}</h2>
                                {exceptions.length === 0 ? (
                                    <p className="muted">{t('partners.noExceptions')}</p>
                                ) : (
                                    <Table
                                        label={t('partners.exceptions')}
                                        columns={columns}
                                        rows={exceptions}
                                        rowId={(row) => row.organisation.id}
                                    />
                                )}
                                <AddException
                                    taken={exceptions.map((row) => row.organisation.id)}
                                    isPending={except.isPending}
                                    onAdd={(id, next) => except.mutate({ id, takes: next })}
                                />
                            </section>
                        </>
                    );
                }}
            </Loaded>
        </div>
    );
}

function AddException(props: { taken: string[]; isPending: boolean; onAdd(id: string, takes: Takes): void }) {
    const { t } = useTranslation('organisation');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const { member } = useMe();
    const everyone = useQuery({ queryKey: ['directory'], queryFn: organisation.directory });
    const [chosen, setChosen] = useState<string | null>(null);
    const [takes, setTakes] = useState<Takes>('closed');
    return (
        <Loaded query={everyone} lines={2}>
            {({ items }) => (
                <div className="filters">
                    <ComboBox
                        label={t('partners.organisation')}
                        options={items
                            .filter(({ id }) => id !== member.organisation.id && !props.taken.includes(id))
                            .map(({ id, name, kind }) => ({ id, name, hint: word('kind', kind) }))}
                        value={chosen}
                        onChange={(id) => setChosen(id === null ? null : String(id))}
                    />
                    <Select
                        label={t('partners.takes')}
                        value={takes}
                        onChange={(id) => setTakes(id as Takes)}
                        options={TAKES.map((id) => ({ id, name: word('takes', id) }))}
                    />
                    <div className="beside">
                        <Button
                            icon="plus"
                            isDisabled={!chosen}
                            isPending={props.isPending}
                            onPress={() => {
                                if (chosen) props.onAdd(chosen, takes);
                                setChosen(null);
                            }}
                        >
                            {u('add')}
                        </Button>
                    </div>
                </div>
            )}
        </Loaded>
    );
}
