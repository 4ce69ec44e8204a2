// Spot checks: entries drawn by a rule, to be judged one by one.

import { type CalendarDate, getLocalTimeZone, today } from '@internationalized/date';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { SpotCheck } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { RadioGroup } from '@/ui/Choice';
import { PeriodField } from '@/ui/DateField';
import { Dialog } from '@/ui/Dialog';
import { useDraft } from '@/ui/draft';
import { EmptyState } from '@/ui/EmptyState';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { LinkButton } from '@/ui/Link';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { StateLight } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';
import { dayEnd, dayStart, log, RULES } from './calls';

export function SpotChecks() {
    const { t } = useTranslation('log');
    const { day, number, moment } = useFormat();
    const word = useWord();
    const rows = useQuery({ queryKey: ['spot-checks'], queryFn: log.spotChecks });
    const [isDrawing, setDrawing] = useState(false);
    const columns: Column<SpotCheck>[] = [
        {
            id: 'rule',
            name: t('spot.rule'),
            value: ({ rule }) => word('rule', rule),
            cell: ({ rule }) => <strong>{word('rule', rule)}</strong>,
        },
        { id: 'period', name: t('period'), cell: ({ from, until }) => `${day(from)} – ${day(lastMoment(until))}` },
        { id: 'drawn', name: t('spot.drawn'), value: ({ drawn_at }) => drawn_at, cell: (row) => moment(row.drawn_at) },
        {
            id: 'found',
            name: t('spot.found'),
            isNumber: true,
            value: ({ found }) => found,
            cell: ({ size, found }) => t('spot.of', { n: number(size), of: number(found) }),
        },
        {
            id: 'state',
            name: t('spot.progress'),
            cell: ({ reviewed, size, unjustified, closed_at }) => (
                <>
                    <StateLight is={closed_at ? 'off' : reviewed === size ? 'good' : 'going'}>
                        {closed_at ? t('spot.isClosed') : t('spot.reviewed', { n: number(reviewed), of: number(size) })}
                    </StateLight>
                    {unjustified > 0 && (
                        <StateLight is="act">
                            {t('spot.unjustified', { count: unjustified, n: number(unjustified) })}
                        </StateLight>
                    )}
                </>
            ),
        },
    ];
    const draw = (
        <Button kind="primary" icon="dice" onPress={() => setDrawing(true)}>
            {t('spot.draw')}
        </Button>
    );
    return (
        <>
            <PageHeader
                title={t('spot.title')}
                lead={t('spot.lead')}
                actions={
                    <>
                        <LinkButton href="/watched">{t('watched.title')}</LinkButton>
                        {rows.data && rows.data.items.length > 0 && draw}
                    </>
                }
            />
            <Loaded query={rows} lines={5}>
                {({ items }) =>
                    items.length === 0 ? (
                        <EmptyState title={t('spot.emptyTitle')} action={draw}>
                            {t('spot.empty')}
                        </EmptyState>
                    ) : (
                        <Table
                            label={t('spot.title')}
                            columns={columns}
                            rows={items}
                            rowId={({ id }) => id}
                            rowHref={({ id }) => `/spot-checks/${id}`}
                        />
                    )
                }
            </Loaded>
            {isDrawing && <Draw onClose={() => setDrawing(false)} />}
        </>
    );
}

/** A period ends where its next day begins; the day shown is the last one within. */
export function lastMoment(until: string): string {
    return new Date(Date.parse(until) - 1).toISOString();
}

function Draw({ onClose }: { onClose(): void }) {
    const { t } = useTranslation('log');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const navigate = useNavigate();
    const now = today(getLocalTimeZone());
    const [rule, setRule] = useState('random');
    const [period, setPeriod] = useState<{ start: CalendarDate; end: CalendarDate } | null>({
        start: now.subtract({ months: 1 }),
        end: now,
    });
    const draw = useAct(log.draw, {
        renews: ['spot-checks'],
        after: ({ id }) => navigate({ to: '/spot-checks/$id', params: { id } }),
    });
    const draft = useDraft({ size: '20' }, draw.error, ['size']);
    const size = Number(draft.values.size);
    const isSize = Number.isInteger(size) && size >= 1 && size <= 200;
    const field = draft.bind('size');
    return (
        <Dialog isOpen onClose={onClose} title={t('spot.draw')}>
            <Form
                onSubmit={() =>
                    draft.isReady() &&
                    isSize &&
                    period &&
                    draw.mutate({
                        rule,
                        from: dayStart(period.start.toString()),
                        until: dayEnd(period.end.toString()),
                        size,
                    })
                }
                error={draft.rest}
                actions={
                    <>
                        <Button onPress={onClose}>{u('cancel')}</Button>
                        <Button kind="primary" type="submit" isPending={draw.isPending}>
                            {t('spot.draw')}
                        </Button>
                    </>
                }
            >
                <RadioGroup
                    label={t('spot.rule')}
                    value={rule}
                    onChange={setRule}
                    options={RULES.map((id) => ({ id, name: word('rule', id), hint: word('ruleHint', id) }))}
                />
                <PeriodField
                    label={t('period')}
                    value={period}
                    onChange={setPeriod}
                    error={period ? undefined : u('fill')}
                />
                <TextField
                    {...field}
                    label={t('spot.size')}
                    inputMode="numeric"
                    error={isSize ? field.error : t('spot.sizeWrong')}
                    autoComplete="off"
                />
            </Form>
        </Dialog>
    );
}
