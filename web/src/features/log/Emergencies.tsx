// Who reached what is closed, because life or health was at stake: each is judged afterwards.

import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Assessment, Emergency } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { EmptyState } from '@/ui/EmptyState';
import { Facts } from '@/ui/Facts';
import { TextField } from '@/ui/Field';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { StateLight } from '@/ui/State';
import { Tabs } from '@/ui/Tabs';
import { ASSESSMENTS, log } from './calls';

const route = getRouteApi('/shell/emergencies');

export function Emergencies() {
    const { t } = useTranslation('log');
    const { show } = route.useSearch();
    const navigate = useNavigate();
    return (
        <>
            <PageHeader title={t('emergency.title')} lead={t('emergency.lead')} />
            <Tabs
                label={t('emergency.title')}
                selected={show}
                onSelect={(id) =>
                    void navigate({ to: '/emergencies', search: { show: id as typeof show }, replace: true })
                }
                tabs={[
                    { id: 'waiting', name: t('emergency.waiting'), content: <Rows reviewed={false} /> },
                    { id: 'reviewed', name: t('emergency.reviewed'), content: <Rows reviewed /> },
                ]}
            />
        </>
    );
}

function Rows({ reviewed }: { reviewed: boolean }) {
    const { t } = useTranslation('log');
    const rows = useQuery({ queryKey: ['emergencies', reviewed], queryFn: () => log.emergencies(reviewed) });
    return (
        <Loaded query={rows} lines={4}>
            {({ items }) =>
                items.length === 0 ? (
                    <EmptyState title={t('emergency.emptyTitle')}>{t('emergency.empty')}</EmptyState>
                ) : (
                    <div className="stack">
                        {items.map((row) => (
                            <Row key={row.id} emergency={row} />
                        ))}
                    </div>
                )
            }
        </Loaded>
    );
}

function Row({ emergency }: { emergency: Emergency }) {
    const { t } = useTranslation('log');
    const { moment } = useFormat();
    const word = useWord();
    const [comment, setComment] = useState('');
    const review = useAct((assessment: Assessment) => log.reviewEmergency(emergency.id, assessment, comment), {
        renews: ['emergencies'],
        says: t('emergency.done'),
    });
    const { decided, review: reviewed } = emergency;
    return (
        <section className="card stack" aria-label={decided.by.name}>
            <Facts
                rows={[
                    [t('who'), [decided.by.name, emergency.unit?.name].filter(Boolean).join(', ')],
                    [t('patient'), emergency.patient_id],
                    [t('at'), moment(decided.at)],
                    [t('emergency.until'), moment(emergency.until)],
                    [t('emergency.reason'), emergency.reason],
                    [t('spot.comment'), reviewed?.comment],
                ]}
            />
            {review.error && <ProblemView error={review.error} />}
            {reviewed ? (
                <StateLight is={reviewed.assessment === 'unjustified' ? 'act' : 'good'}>
                    {word('assessment', reviewed.assessment)}
                    <span className="muted small">
                        {' · '}
                        {t('spot.by', { name: reviewed.reviewed.by.name, at: moment(reviewed.reviewed.at) })}
                    </span>
                </StateLight>
            ) : (
                <>
                    <TextField label={t('spot.comment')} optional lines value={comment} onChange={setComment} />
                    <div className="row">
                        {ASSESSMENTS.map((assessment) => (
                            <Button
                                key={assessment}
                                isDisabled={review.isPending}
                                onPress={() => review.mutate(assessment)}
                            >
                                {word('assessment', assessment)}
                            </Button>
                        ))}
                    </div>
                </>
            )}
        </section>
    );
}
