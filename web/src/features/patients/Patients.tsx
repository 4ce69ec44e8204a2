// What a patient wants, and what is held about them. The number is typed here,
// sent in the body, and never stands in an address; leaving the page forgets it.

import { type CalendarDate, getLocalTimeZone, today } from '@internationalized/date';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import { isAsked, type StudyRow, type Will } from '@/api/contract';
import { request } from '@/api/request';
import { dayEnd, dayStart } from '@/features/log/calls';
import { lastMoment } from '@/features/log/SpotChecks';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { useMay } from '@/session/queries';
import { Button } from '@/ui/Button';
import { PeriodField } from '@/ui/DateField';
import { Dialog } from '@/ui/Dialog';
import { useDraft } from '@/ui/draft';
import { EmptyState } from '@/ui/EmptyState';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { PageHeader } from '@/ui/PageHeader';
import { PatientStrip } from '@/ui/PatientStrip';
import { ProblemView } from '@/ui/ProblemView';
import { Select } from '@/ui/Select';
import { StateLight } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';

const WHOLE = 'whole';

interface Period {
    start: CalendarDate;
    end: CalendarDate;
}

export function Patients() {
    const { t } = useTranslation('patients');
    const { t: u } = useTranslation('ui');
    const [number, setNumber] = useState<string>();
    const draft = useDraft({ patient_id: '' }, undefined, ['patient_id']);
    return (
        <>
            <PageHeader title={t('title')} lead={t('lead')} />
            <div className="stack-wide">
                {!number ? (
                    <section className="card" aria-label={t('find')}>
                        <Form
                            onSubmit={() => draft.isReady() && setNumber(draft.values.patient_id.replace(/[\s-]/g, ''))}
                            actions={
                                <Button kind="primary" type="submit" icon="search">
                                    {t('find')}
                                </Button>
                            }
                        >
                            <TextField
                                {...draft.bind('patient_id')}
                                label={t('number')}
                                hint={t('numberHint')}
                                placeholder={u('patientNumberForm')}
                                autoComplete="off"
                                autoFocus
                            />
                        </Form>
                    </section>
                ) : (
                    <One
                        key={number}
                        patient={number}
                        onLeave={() => {
                            setNumber(undefined);
                            draft.reset();
                        }}
                    />
                )}
            </div>
        </>
    );
}

function One({ patient, onLeave }: { patient: string; onLeave(): void }) {
    const { t } = useTranslation('patients');
    const may = useMay();
    const will = useQuery({
        queryKey: ['will', patient],
        queryFn: () => request('POST', '/api/patients/will', { body: { patient_id: patient } }),
        enabled: may('register_will'),
        gcTime: 0,
        refetchOnWindowFocus: false,
        retry: false,
    });
    return (
        <>
            <div>
                <Button onPress={onLeave}>{t('another')}</Button>
            </div>
            <PatientStrip
                patient={{ name: t('patient'), number: patient, isProven: will.data?.patient.proven ?? false }}
            />
            {may('register_will') && (
                <Loaded query={will} lines={6}>
                    {(data) => (
                        <>
                            <Blocks patient={patient} will={data} />
                            <Consents patient={patient} will={data} />
                        </>
                    )}
                </Loaded>
            )}
            {may('emergency') && <EmergencyAccess patient={patient} emergencies={will.data?.emergencies ?? []} />}
            {may('find') && <Studies patient={patient} />}
        </>
    );
}

function useUnits() {
    const { t: u } = useTranslation('ui');
    const units = useQuery({
        queryKey: ['units'],
        queryFn: () => request('GET', '/api/units'),
        retry: false,
    });
    return [
        { id: WHOLE, name: u('wholeOrganisation') },
        ...(units.data?.items ?? []).filter(({ active }) => active).map(({ id, name }) => ({ id, name })),
    ];
}

function Blocks({ patient, will }: { patient: string; will: Will }) {
    const { t } = useTranslation('patients');
    const { t: u } = useTranslation('ui');
    const { moment } = useFormat();
    const units = useUnits();
    const [isOpen, setOpen] = useState(false);
    const [unit, setUnit] = useState(WHOLE);
    const add = useAct(
        () => request('POST', '/api/blocks', { body: { patient_id: patient, unit: unit === WHOLE ? null : unit } }),
        { renews: ['will', 'overview'], says: t('blocks.added'), after: () => setOpen(false) },
    );
    const lift = useAct((id: string) => request('POST', '/api/blocks/{id}/lift', { path: { id }, body: {} }), {
        renews: ['will', 'overview', 'approvals'],
        says: (answer) => (isAsked(answer) ? u('approvalAsked') : t('blocks.lifted')),
    });
    return (
        <section className="card stack" aria-labelledby="blocks">
            <div className="row between">
                <h2 id="blocks">{t('blocks.title')}</h2>
                <Button icon="plus" onPress={() => setOpen(true)}>
                    {t('blocks.add')}
                </Button>
            </div>
            <p className="muted prose">{t('blocks.lead')}</p>
            {lift.error && <ProblemView error={lift.error} />}
            {will.blocks.length === 0 ? (
                <StateLight is="off">{t('blocks.none')}</StateLight>
            ) : (
                <ul className="stack">
                    {will.blocks.map((block) => (
                        <li key={block.id} className="row between">
                            <span className="row">
                                <StateLight is={block.lifted ? 'off' : 'act'}>
                                    {block.unit?.name ?? u('wholeOrganisation')}
                                </StateLight>
                                <span className="muted small">
                                    {t('blocks.since', { at: moment(block.registered.at) })}
                                </span>
                            </span>
                            {block.lifted ? (
                                <span className="muted">{t('blocks.liftedAt', { at: moment(block.lifted.at) })}</span>
                            ) : (
                                <Button
                                    isPending={lift.isPending && lift.variables === block.id}
                                    onPress={() => lift.mutate(block.id)}
                                >
                                    {t('blocks.lift')}
                                </Button>
                            )}
                        </li>
                    ))}
                </ul>
            )}
            <Dialog
                isOpen={isOpen}
                onClose={() => setOpen(false)}
                title={t('blocks.add')}
                actions={
                    <>
                        <Button onPress={() => setOpen(false)}>{u('cancel')}</Button>
                        <Button kind="primary" isPending={add.isPending} onPress={() => add.mutate()}>
                            {t('blocks.add')}
                        </Button>
                    </>
                }
            >
                <p>{t('blocks.body')}</p>
                <Select label={t('where')} value={unit} onChange={(id) => setUnit(String(id))} options={units} />
                {add.error && <ProblemView error={add.error} />}
            </Dialog>
        </section>
    );
}

function Consents({ patient, will }: { patient: string; will: Will }) {
    const { t } = useTranslation('patients');
    const { t: u } = useTranslation('ui');
    const { day } = useFormat();
    const units = useUnits();
    const now = today(getLocalTimeZone());
    const [isOpen, setOpen] = useState(false);
    const [unit, setUnit] = useState(WHOLE);
    const [period, setPeriod] = useState<Period | null>({
        start: now,
        // A year at most, its last day included.
        end: now.add({ years: 1 }).subtract({ days: 1 }),
    });
    const add = useAct(
        ({ start, end }: Period) => {
            const [from, until] = [dayStart(start.toString()), dayEnd(end.toString())];
            const body = { patient_id: patient, unit: unit === WHOLE ? null : unit, from, until };
            return request('POST', '/api/consents', { body });
        },
        { renews: ['will', 'overview'], says: t('consents.added'), after: () => setOpen(false) },
    );
    const withdraw = useAct((id: string) => request('POST', '/api/consents/{id}/withdraw', { path: { id } }), {
        renews: ['will', 'overview'],
        says: t('consents.withdrawn'),
    });
    return (
        <section className="card stack" aria-labelledby="consents">
            <div className="row between">
                <h2 id="consents">{t('consents.title')}</h2>
                <Button icon="plus" onPress={() => setOpen(true)}>
                    {t('consents.add')}
                </Button>
            </div>
            <p className="muted prose">{t('consents.lead')}</p>
            {withdraw.error && <ProblemView error={withdraw.error} />}
            {will.consents.length === 0 ? (
                <StateLight is="off">{t('consents.none')}</StateLight>
            ) : (
                <ul className="stack">
                    {will.consents.map((consent) => (
                        <li key={consent.id} className="row between">
                            <span className="row">
                                <StateLight is={consent.withdrawn ? 'off' : 'good'}>
                                    {consent.unit?.name ?? u('wholeOrganisation')}
                                </StateLight>
                                <span className="muted small">
                                    {day(consent.from)} – {day(lastMoment(consent.until))}
                                </span>
                            </span>
                            {consent.withdrawn ? (
                                <span className="muted">
                                    {t('consents.withdrawnAt', { at: day(consent.withdrawn.at) })}
                                </span>
                            ) : (
                                <Button
                                    isPending={withdraw.isPending && withdraw.variables === consent.id}
                                    onPress={() => withdraw.mutate(consent.id)}
                                >
                                    {t('consents.withdraw')}
                                </Button>
                            )}
                        </li>
                    ))}
                </ul>
            )}
            <Dialog
                isOpen={isOpen}
                onClose={() => setOpen(false)}
                title={t('consents.add')}
                actions={
                    <>
                        <Button onPress={() => setOpen(false)}>{u('cancel')}</Button>
                        <Button
                            kind="primary"
                            isDisabled={!period}
                            isPending={add.isPending}
                            onPress={() => period && add.mutate(period)}
                        >
                            {t('consents.add')}
                        </Button>
                    </>
                }
            >
                <p>{t('consents.body')}</p>
                <Select label={t('where')} value={unit} onChange={(id) => setUnit(String(id))} options={units} />
                <PeriodField label={t('consents.period')} value={period} onChange={setPeriod} />
                {add.error && <ProblemView error={add.error} />}
            </Dialog>
        </section>
    );
}

const SHORTEST_REASON = 10;

function EmergencyAccess({ patient, emergencies }: { patient: string; emergencies: Will['emergencies'] }) {
    const { t } = useTranslation('patients');
    const { t: u } = useTranslation('ui');
    const { moment } = useFormat();
    const [isOpen, setOpen] = useState(false);
    const [isTried, setTried] = useState(false);
    const open = useAct(
        (reason: string) => request('POST', '/api/emergencies', { body: { patient_id: patient, reason } }),
        {
            renews: ['will', 'overview'],
            says: ({ until }) => t('emergency.opened', { at: moment(until) }),
            after: () => setOpen(false),
        },
    );
    const draft = useDraft({ reason: '' }, open.error, ['reason']);
    const reason = draft.values.reason.trim();
    const now = Date.now();
    const current = emergencies.filter(({ until }) => Date.parse(until) > now);
    const field = draft.bind('reason');
    return (
        <section className="card stack" aria-labelledby="emergency">
            <div className="row between">
                <h2 id="emergency">{t('emergency.title')}</h2>
                <Button onPress={() => setOpen(true)}>{t('emergency.open')}</Button>
            </div>
            <p className="muted prose">{t('emergency.lead')}</p>
            {current.map(({ id, until }) => (
                <StateLight key={id} is="act">
                    {t('emergency.current', { at: moment(until) })}
                </StateLight>
            ))}
            <Dialog isOpen={isOpen} onClose={() => setOpen(false)} title={t('emergency.open')} isAlert>
                <Notice kind="warning" title={t('emergency.warning')}>
                    {t('emergency.warningHint')}
                </Notice>
                <Form
                    onSubmit={() => {
                        setTried(true);
                        if (reason.length >= SHORTEST_REASON) open.mutate(reason);
                    }}
                    error={draft.rest}
                    actions={
                        <>
                            <Button onPress={() => setOpen(false)}>{u('cancel')}</Button>
                            <Button kind="danger" type="submit" isPending={open.isPending}>
                                {t('emergency.open')}
                            </Button>
                        </>
                    }
                >
                    <TextField
                        {...field}
                        label={t('emergency.reason')}
                        hint={t('emergency.reasonHint')}
                        error={isTried && reason.length < SHORTEST_REASON ? t('emergency.reasonShort') : field.error}
                        lines
                    />
                </Form>
            </Dialog>
        </section>
    );
}

function Studies({ patient }: { patient: string }) {
    const { t } = useTranslation('patients');
    const word = useWord();
    const overview = useQuery({
        queryKey: ['overview', patient],
        queryFn: () => request('POST', '/api/patients/studies', { body: { patient_id: patient, purpose: 'care' } }),
        gcTime: 0,
        refetchOnWindowFocus: false,
        retry: false,
    });
    return (
        <section className="stack" aria-labelledby="studies">
            <h2 id="studies">{t('studies.title')}</h2>
            <Loaded query={overview} lines={4}>
                {({ own, others, denied }) => (
                    <>
                        <h3>{t('studies.own')}</h3>
                        {own.length === 0 ? (
                            <p className="muted">{t('studies.noOwn')}</p>
                        ) : (
                            <StudyTable label={t('studies.own')} rows={own} />
                        )}
                        <h3>{t('studies.others')}</h3>
                        {denied && (
                            <Notice kind="warning" title={word('denial', denied)}>
                                {t('studies.deniedHint')}
                            </Notice>
                        )}
                        {!denied && others.length === 0 && (
                            <EmptyState title={t('studies.noneTitle')}>{t('studies.none')}</EmptyState>
                        )}
                        {others.map(({ organisation, studies, blocked }) => (
                            <section key={organisation.id} className="stack" aria-label={organisation.name}>
                                <h4>{organisation.name}</h4>
                                {blocked ? (
                                    <StateLight is="act">{t('studies.blocked')}</StateLight>
                                ) : (
                                    <StudyTable label={organisation.name} rows={studies} />
                                )}
                            </section>
                        ))}
                    </>
                )}
            </Loaded>
        </section>
    );
}

function StudyTable({ label, rows }: { label: string; rows: StudyRow[] }) {
    const { t } = useTranslation('patients');
    const { day, number } = useFormat();
    const columns: Column<StudyRow>[] = [
        {
            id: 'date',
            name: t('studies.date'),
            value: ({ date }) => date ?? '',
            cell: ({ date }) => <strong>{date ? day(date) : '–'}</strong>,
        },
        {
            id: 'what',
            name: t('studies.what'),
            cell: (row) => [row.modality, row.description].filter(Boolean).join(' '),
        },
        { id: 'where', name: t('studies.where'), cell: ({ institution }) => institution || '–' },
        {
            id: 'images',
            name: t('studies.images'),
            isNumber: true,
            value: ({ images }) => images,
            cell: ({ images }) => number(images),
        },
    ];
    return <Table label={label} columns={columns} rows={rows} rowId={({ study }) => study} />;
}
