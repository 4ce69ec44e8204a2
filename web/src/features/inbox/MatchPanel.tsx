// Is it the right patient? What was sent stands beside what one's own PACS has,
// and every difference is said and shown. Where it is certain one press is enough.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Decision, InboxDetail, Match } from '@/api/exchange';
import { inbox } from '@/exchange/calls';
import { Button } from '@/ui/Button';
import { RadioGroup } from '@/ui/Choice';
import { useDraft } from '@/ui/draft';
import { TextField } from '@/ui/Field';
import { Notice } from '@/ui/Notice';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';
import { Compare } from './Compare';

const LOOKS: Record<Match['verdict'], 'success' | 'info' | 'warning' | 'error'> = {
    certain: 'success',
    new: 'info',
    uncertain: 'warning',
    unknown: 'warning',
    mismatch: 'error',
};

export function MatchPanel({ item }: { item: InboxDetail }) {
    const { t } = useTranslation('inbox');
    // Asked for by itself when nobody has: then the answer is there when one has read the rest.
    const asked = useQuery({
        queryKey: ['match', item.id],
        queryFn: () => inbox.match(item.id),
        enabled: !item.match,
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 0,
        retry: false,
        refetchOnWindowFocus: false,
    });
    const match = asked.data ?? item.match;
    const again = (
        <Button kind="quiet" isPending={asked.isFetching} onPress={() => void asked.refetch()}>
            {t('match.again')}
        </Button>
    );
    return (
        <section className="card stack" aria-labelledby="match">
            <div className="row between">
                <h2 id="match">{t('match.title')}</h2>
                {match && again}
            </div>
            {!match && asked.isPending && (
                <div className="stack">
                    <p className="muted" role="status">
                        {t('match.looking')} …
                    </p>
                    <Skeleton lines={4} />
                </div>
            )}
            {!match && asked.error && <ProblemView error={asked.error} onRetry={() => void asked.refetch()} />}
            {match && (
                <>
                    <Notice kind={LOOKS[match.verdict]} title={t(`match.${match.verdict}`)}>
                        {t(`match.${match.verdict}Hint`)}
                    </Notice>
                    {match.candidates.map((candidate) => (
                        <Compare
                            key={`${candidate.node} ${candidate.patient.key}`}
                            sent={item.patients[0]}
                            candidate={candidate}
                        />
                    ))}
                    <Accept key={asked.dataUpdatedAt} item={item} match={match} />
                </>
            )}
        </section>
    );
}

function Accept({ item, match }: { item: InboxDetail; match: Match }) {
    const { t } = useTranslation('inbox');
    const [decision, setDecision] = useState<Decision>('');
    const [isTried, setTried] = useState(false);
    const accept = useAct((reason: string) => inbox.accept(item.id, decision, reason), {
        renews: ['inbox'],
        says: t('match.accepted'),
    });
    const isClear = match.verdict === 'certain' || match.verdict === 'new';
    const needsReason = match.verdict === 'mismatch';
    const draft = useDraft({ reason: '' }, accept.error, needsReason ? ['reason'] : []);
    const press = () => {
        setTried(true);
        if (!isClear && !decision) return;
        if (draft.isReady() && !accept.isPending) accept.mutate(draft.values.reason.trim());
    };
    return (
        <form
            className="stack accept"
            noValidate
            aria-label={t('match.accept')}
            onSubmit={(event) => {
                event.preventDefault();
                press();
            }}
        >
            {!isClear && (
                <RadioGroup
                    label={t('match.choice')}
                    value={decision || null}
                    onChange={(id) => setDecision(id as Decision)}
                    error={isTried && !decision ? t('match.needChoice') : undefined}
                    options={[
                        { id: 'same_person', name: t('match.samePerson'), hint: t('match.samePersonHint') },
                        { id: 'new_patient', name: t('match.newPatient'), hint: t('match.newPatientHint') },
                    ]}
                />
            )}
            {needsReason && <TextField {...draft.bind('reason')} label={t('match.reason')} lines />}
            {Boolean(draft.rest) && <ProblemView error={draft.rest} />}
            <div className="form-actions">
                <Button kind="primary" type="submit" icon="inbox" isPending={accept.isPending}>
                    {t('match.accept')}
                </Button>
            </div>
        </form>
    );
}
