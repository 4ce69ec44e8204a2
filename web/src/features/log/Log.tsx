// Who has done what. The filters read as a sentence and lie in the address,
// save the patient's number: that is kept in the page and sent in the body.

import { parseDate } from '@internationalized/date';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { LogEntry } from '@/api/contract';
import { request } from '@/api/request';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { FilterSentence } from '@/ui/Chip';
import { PeriodField } from '@/ui/DateField';
import { EmptyState } from '@/ui/EmptyState';
import { TextField } from '@/ui/Field';
import { Menu } from '@/ui/Menu';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Select } from '@/ui/Select';
import { Skeleton } from '@/ui/Skeleton';
import { StateLight } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';
import { ACTIONS } from './actions';
import { dayEnd, dayStart, log, patientOf } from './calls';
import { EntryDialog } from './EntryDialog';
import { Extract } from './Extract';

const route = getRouteApi('/shell/log');
const ANY = 'any';

export function Log() {
    const { t } = useTranslation('log');
    const { t: u } = useTranslation('ui');
    const { moment, day } = useFormat();
    const word = useWord();
    const filters = route.useSearch();
    const navigate = useNavigate();
    const [patient, setPatient] = useState('');
    const [typed, setTyped] = useState('');
    const [opened, setOpened] = useState<LogEntry>();
    const [isExtracting, setExtracting] = useState(false);
    const units = useQuery({
        queryKey: ['units'],
        queryFn: () => request('GET', '/api/units'),
    });
    const set = (change: Partial<typeof filters>) =>
        void navigate({ to: '/log', search: { ...filters, ...change }, replace: true });
    const query = {
        from: filters.from && dayStart(filters.from),
        until: filters.until && dayEnd(filters.until),
        action: filters.action,
        outcome: filters.outcome,
        member: filters.member,
        unit: filters.unit,
        patient_id: patient || undefined,
    };
    const found = useInfiniteQuery({
        queryKey: ['log', query],
        queryFn: ({ pageParam }) => log.search({ ...query, after: pageParam, limit: 50 }),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: ({ next }) => next ?? undefined,
        // Each search is an entry in the log itself.
        staleTime: Infinity,
        refetchOnWindowFocus: false,
    });
    const checkpoint = useAct(
        async () => {
            const link = document.createElement('a');
            link.href = URL.createObjectURL(new Blob([await log.checkpoint()], { type: 'text/plain' }));
            link.download = 'checkpoint.txt';
            link.click();
            URL.revokeObjectURL(link.href);
        },
        { renews: [] },
    );
    const rows = found.data?.pages.flatMap(({ items }) => items) ?? [];
    const member = rows.find(({ actor }) => actor.id === filters.member)?.actor.name;
    const unit =
        units.data?.items.find(({ id }) => id === filters.unit)?.name ??
        rows.find((row) => row.unit?.id === filters.unit)?.unit?.name;
    const parts = [
        ...(filters.action ? [{ id: 'action', before: t('where.action'), value: word('action', filters.action) }] : []),
        ...(filters.outcome
            ? [{ id: 'outcome', before: t('where.outcome'), value: word('outcome', filters.outcome) }]
            : []),
        ...(filters.member ? [{ id: 'member', before: t('where.member'), value: member ?? t('thatMember') }] : []),
        ...(filters.unit ? [{ id: 'unit', before: t('where.unit'), value: unit ?? t('thatUnit') }] : []),
        ...(patient ? [{ id: 'patient', before: t('where.patient'), value: patient }] : []),
        ...(filters.from ? [{ id: 'from', before: t('where.from'), value: day(dayStart(filters.from)) }] : []),
        ...(filters.until ? [{ id: 'until', before: t('where.until'), value: day(dayStart(filters.until)) }] : []),
    ];
    const remove = (id: string) => {
        if (id === 'patient') {
            setPatient('');
            setTyped('');
        } else set({ [id]: undefined });
    };
    const clear = () => {
        setPatient('');
        setTyped('');
        void navigate({ to: '/log', search: {}, replace: true });
    };
    const columns: Column<LogEntry>[] = [
        {
            id: 'at',
            name: t('at'),
            cell: (row) => (
                <button type="button" className="as-link" onClick={() => setOpened(row)}>
                    {moment(row.at)}
                </button>
            ),
        },
        {
            id: 'who',
            name: t('who'),
            cell: ({ actor, unit: at }) => (
                <>
                    <strong>{actor.name ?? word('actor', actor.kind)}</strong>
                    {at && (
                        <>
                            <br />
                            <span className="muted">{at.name}</span>
                        </>
                    )}
                </>
            ),
        },
        {
            id: 'what',
            name: t('what'),
            cell: (row) => (
                <>
                    {word('action', row.action)}
                    {(row.about || row.counterpart) && (
                        <>
                            <br />
                            <span className="muted">{(row.about ?? row.counterpart)?.name}</span>
                        </>
                    )}
                </>
            ),
        },
        { id: 'patient', name: t('patient'), cell: (row) => patientOf(row) || '–' },
        {
            id: 'outcome',
            name: t('outcome'),
            cell: ({ outcome }) => (
                <StateLight is={outcome === 'success' ? 'good' : outcome === 'denied' ? 'act' : 'waiting'}>
                    {word('outcome', outcome)}
                </StateLight>
            ),
        },
    ];
    return (
        <>
            <PageHeader
                title={t('title')}
                lead={t('lead')}
                actions={
                    <>
                        <Button icon="file" onPress={() => setExtracting(true)}>
                            {t('extract.action')}
                        </Button>
                        <Menu
                            label={t('more')}
                            onAction={(id) => id === 'checkpoint' && checkpoint.mutate()}
                            groups={[
                                {
                                    id: 'more',
                                    items: [
                                        {
                                            id: 'checkpoint',
                                            name: t('checkpoint'),
                                            hint: t('checkpointHint'),
                                            icon: 'file',
                                        },
                                    ],
                                },
                            ]}
                        >
                            {t('more')}
                        </Menu>
                    </>
                }
            />
            <div className="stack">
                {checkpoint.error && <ProblemView error={checkpoint.error} />}
                <form
                    className="filters"
                    aria-label={t('search')}
                    onSubmit={(event) => {
                        event.preventDefault();
                        setPatient(typed.replace(/[\s-]/g, ''));
                    }}
                >
                    <Select
                        label={t('what')}
                        value={filters.action ?? ANY}
                        onChange={(id) => set({ action: id === ANY ? undefined : String(id) })}
                        options={[
                            { id: ANY, name: t('anything') },
                            ...ACTIONS.map((id) => ({ id, name: word('action', id) })),
                        ]}
                    />
                    <Select
                        label={t('outcome')}
                        value={filters.outcome ?? ANY}
                        onChange={(id) => set({ outcome: id === ANY ? undefined : String(id) })}
                        options={[
                            { id: ANY, name: t('anything') },
                            ...['success', 'failure', 'denied'].map((id) => ({ id, name: word('outcome', id) })),
                        ]}
                    />
                    <PeriodField
                        label={t('period')}
                        value={
                            filters.from && filters.until
                                ? { start: parseDate(filters.from), end: parseDate(filters.until) }
                                : null
                        }
                        onChange={(period) => set({ from: period?.start.toString(), until: period?.end.toString() })}
                    />
                    <div className="wide">
                        <TextField
                            label={t('patientNumber')}
                            placeholder={u('patientNumberForm')}
                            value={typed}
                            onChange={setTyped}
                            autoComplete="off"
                        />
                    </div>
                    <div className="beside">
                        <Button type="submit" icon="search">
                            {t('search')}
                        </Button>
                    </div>
                </form>
                <FilterSentence
                    subject={t(parts.length > 0 ? 'some' : 'all')}
                    parts={parts}
                    onRemove={remove}
                    onClear={clear}
                />
                {found.error && <ProblemView error={found.error} onRetry={() => void found.refetch()} />}
                {found.isPending && <Skeleton lines={8} />}
                {found.data && rows.length === 0 && <EmptyState title={t('emptyTitle')}>{t('empty')}</EmptyState>}
                {rows.length > 0 && <Table label={t('title')} columns={columns} rows={rows} rowId={({ id }) => id} />}
                {found.hasNextPage && (
                    <div>
                        <Button isPending={found.isFetchingNextPage} onPress={() => void found.fetchNextPage()}>
                            {t('moreRows')}
                        </Button>
                    </div>
                )}
            </div>
            <EntryDialog
                entry={opened}
                onClose={() => setOpened(undefined)}
                onMember={(id) => {
                    setOpened(undefined);
                    set({ member: id });
                }}
                onUnit={(id) => {
                    setOpened(undefined);
                    set({ unit: id });
                }}
            />
            {isExtracting && <Extract patient={patient} onClose={() => setExtracting(false)} />}
        </>
    );
}
