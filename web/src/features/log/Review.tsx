// Judging a spot check: j and k go from entry to entry; 1, 2 and 3 judge.

import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Assessment, SpotCheckEntry, SpotCheckSheet } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { TextField } from '@/ui/Field';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { type Condition, StateLight } from '@/ui/State';
import './log.css';
import { ASSESSMENTS, log } from './calls';
import { EntryFacts } from './EntryDialog';
import { lastMoment } from './SpotChecks';

const route = getRouteApi('/shell/spot-checks/$id');
const LIGHTS: Record<string, Condition> = { justified: 'good', unclear: 'waiting', unjustified: 'act' };

export function Review() {
    const { id } = route.useParams();
    const check = useQuery({ queryKey: ['spot-checks', id], queryFn: () => log.spotCheck(id) });
    return (
        <Loaded query={check} lines={8}>
            {(data) => <Sheet check={data} />}
        </Loaded>
    );
}

function Sheet({ check }: { check: SpotCheckSheet }) {
    const { t } = useTranslation('log');
    const { t: u } = useTranslation('ui');
    const { day, number } = useFormat();
    const word = useWord();
    const { entries } = check;
    const isClosed = Boolean(check.closed_at);
    const [at, setAt] = useState(() =>
        Math.max(
            0,
            entries.findIndex(({ assessment }) => !assessment),
        ),
    );
    const [isClosing, setClosing] = useState(false);
    const assess = useAct(
        ({ entry, assessment, comment }: { entry: SpotCheckEntry; assessment: Assessment; comment: string }) =>
            log.assess(check.id, entry.sequence, assessment, comment),
        { renews: ['spot-checks'] },
    );
    const close = useAct(() => log.closeSpotCheck(check.id), {
        renews: ['spot-checks'],
        says: t('spot.closed'),
        after: () => setClosing(false),
    });
    const report = useAct(() => log.report(check.id), { renews: [] });
    const go = (step: number) => setAt((now) => Math.min(entries.length - 1, Math.max(0, now + step)));
    const judge = (assessment: Assessment, comment?: string) => {
        const entry = entries[at];
        if (!entry || isClosed || assess.isPending) return;
        assess.mutate({ entry, assessment, comment: comment ?? entry.comment });
    };
    // The newest of these, for the keys, which are listened to once.
    const acts = useRef({ go, judge });
    acts.current = { go, judge };
    useEffect(() => {
        const press = (event: KeyboardEvent) => {
            const isTyping = event.target instanceof Element && event.target.closest('input, textarea, [role=dialog]');
            if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
            const assessment = ASSESSMENTS[Number(event.key) - 1];
            if (event.key === 'j') acts.current.go(1);
            else if (event.key === 'k') acts.current.go(-1);
            else if (assessment) acts.current.judge(assessment);
            else return;
            event.preventDefault();
        };
        window.addEventListener('keydown', press);
        return () => window.removeEventListener('keydown', press);
    }, []);
    const done = entries.filter(({ assessment }) => assessment).length;
    const entry = entries[at];
    const error = assess.error ?? report.error;
    return (
        <>
            <PageHeader
                title={word('rule', check.rule)}
                lead={`${day(check.from)} – ${day(lastMoment(check.until))}. ${word('ruleHint', check.rule)}`}
                up={{ href: '/spot-checks', name: t('spot.title') }}
                actions={
                    <>
                        <Button icon="file" isPending={report.isPending} onPress={() => report.mutate()}>
                            {t('spot.report')}
                        </Button>
                        {!isClosed && <Button onPress={() => setClosing(true)}>{t('spot.close')}</Button>}
                    </>
                }
            />
            <div className="stack">
                {error && <ProblemView error={error} />}
                <div className="row between">
                    <span role="status">
                        {t('spot.reviewed', { n: number(done), of: number(entries.length) })}
                        {isClosed && ` · ${t('spot.isClosed')}`}
                    </span>
                    <span className="muted small keys">{t('spot.keys')}</span>
                </div>
                <progress className="progress" max={entries.length} value={done} aria-label={t('spot.progress')} />
                <div className="review">
                    <ol className="review-list" aria-label={t('spot.entries')}>
                        {entries.map((row, index) => (
                            <li key={row.sequence}>
                                <button
                                    type="button"
                                    className="review-row"
                                    aria-current={index === at ? 'true' : undefined}
                                    onClick={() => setAt(index)}
                                >
                                    <span>
                                        <strong>{row.entry.actor.name ?? word('actor', row.entry.actor.kind)}</strong>
                                        <span className="muted small">{word('action', row.entry.action)}</span>
                                    </span>
                                    {row.assessment ? (
                                        <StateLight is={LIGHTS[row.assessment] ?? 'off'}>
                                            {word('assessment', row.assessment)}
                                        </StateLight>
                                    ) : (
                                        <span className="muted small">{t('spot.notYet')}</span>
                                    )}
                                </button>
                            </li>
                        ))}
                    </ol>
                    {entry && (
                        <Judgement
                            key={entry.sequence}
                            entry={entry}
                            isClosed={isClosed}
                            isPending={assess.isPending}
                            onJudge={judge}
                        />
                    )}
                </div>
                <div className="row">
                    <Button isDisabled={at === 0} onPress={() => go(-1)}>
                        {t('spot.previous')}
                    </Button>
                    <Button isDisabled={at >= entries.length - 1} onPress={() => go(1)}>
                        {t('spot.next')}
                    </Button>
                </div>
            </div>
            <Dialog
                isOpen={isClosing}
                onClose={() => setClosing(false)}
                title={t('spot.closeTitle')}
                actions={
                    <>
                        <Button onPress={() => setClosing(false)}>{u('cancel')}</Button>
                        <Button
                            kind="primary"
                            isPending={close.isPending}
                            isDisabled={done < entries.length}
                            onPress={() => close.mutate()}
                        >
                            {t('spot.close')}
                        </Button>
                    </>
                }
            >
                <p>
                    {done < entries.length
                        ? t('spot.closeEarly', { count: entries.length - done, n: number(entries.length - done) })
                        : t('spot.closeBody')}
                </p>
                {close.error && <ProblemView error={close.error} />}
            </Dialog>
        </>
    );
}

function Judgement(props: {
    entry: SpotCheckEntry;
    isClosed: boolean;
    isPending: boolean;
    onJudge(assessment: Assessment, comment: string): void;
}) {
    const { entry, isClosed, isPending, onJudge } = props;
    const { t } = useTranslation('log');
    const { moment } = useFormat();
    const word = useWord();
    const [comment, setComment] = useState(entry.comment);
    return (
        <section className="card stack" aria-label={word('action', entry.entry.action)}>
            <h2>{word('action', entry.entry.action)}</h2>
            <p className="muted">{t('spot.why', { why: word('why', entry.why) })}</p>
            <EntryFacts entry={entry.entry} />
            <TextField
                label={t('spot.comment')}
                optional
                lines
                value={comment}
                onChange={setComment}
                isDisabled={isClosed}
            />
            <div className="row">
                {ASSESSMENTS.map((assessment, index) => (
                    <Button
                        key={assessment}
                        kind={entry.assessment === assessment ? 'primary' : 'secondary'}
                        aria-pressed={entry.assessment === assessment}
                        isDisabled={isClosed || isPending}
                        onPress={() => onJudge(assessment, comment)}
                    >
                        {`${index + 1}. ${word('assessment', assessment)}`}
                    </Button>
                ))}
            </div>
            {entry.reviewed_at && (
                <p className="muted small">
                    {t('spot.by', { name: entry.reviewed_by?.name, at: moment(entry.reviewed_at) })}
                </p>
            )}
        </section>
    );
}
