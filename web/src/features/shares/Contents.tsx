// What the share holds: of each study, how many images there are and how many
// have come. Both numbers, always.

import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Share, ShareStudy } from '@/api/exchange';
import { exchange } from '@/exchange/calls';
import { useSay } from '@/exchange/say';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { ProblemView } from '@/ui/ProblemView';
import { type Condition, StateLight } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';

const FETCH: Record<ShareStudy['fetch'], Condition> = {
    none: 'good',
    waiting: 'waiting',
    under_way: 'going',
    done: 'good',
    failed: 'act',
};

export function Contents({ share }: { share: Share }) {
    const { t } = useTranslation(['shares', 'exchange']);
    const { number } = useFormat();
    const say = useSay();
    const isOne = share.patients.length === 1;
    const columns: Column<ShareStudy>[] = [
        {
            id: 'what',
            name: t('exchange:details.what'),
            cell: (study) => (
                <>
                    <strong>{say.study(study)}</strong>
                    <br />
                    <span className="muted">
                        {[study.date, say.modalities(study.modalities), !isOne && study.patient.name]
                            .filter(Boolean)
                            .join(' · ')}
                    </span>
                </>
            ),
        },
        { id: 'node', name: t('exchange:details.node'), cell: ({ node }) => node },
        {
            id: 'expected',
            name: t('shares:one.expected'),
            isNumber: true,
            cell: ({ expected }) => (expected === null ? '?' : number(expected)),
        },
        { id: 'here', name: t('shares:one.here'), isNumber: true, cell: ({ here }) => number(here) },
        { id: 'state', name: t('exchange:details.state'), cell: (study) => <Fetching share={share} study={study} /> },
    ];
    return (
        <section className="stack" aria-labelledby="contents">
            <h2 id="contents">{t('shares:one.contents')}</h2>
            <Table
                label={t('shares:one.contents')}
                columns={columns}
                rows={share.contents}
                rowId={({ study_uid }) => study_uid}
            />
        </section>
    );
}

function Fetching({ share, study }: { share: Share; study: ShareStudy }) {
    const { t } = useTranslation('shares');
    const { number } = useFormat();
    const say = useSay();
    const word = useWord();
    const { fetch, failure, retry_at, moved, gateway_silent_since, study_uid } = study;
    const again = useAct(() => exchange.fetchAgain(share.id, study_uid), { renews: ['shares'] });
    const missed = moved?.failed ?? 0;
    const isStuck = fetch === 'failed' || (fetch === 'waiting' && Boolean(failure));
    return (
        <div className="stack fetching">
            <StateLight is={FETCH[fetch]}>{t(`one.fetchState.${fetch}`)}</StateLight>
            {gateway_silent_since && <p>{t('one.fetchSilent', { at: say.at(gateway_silent_since) })}</p>}
            {failure && <p>{word('failure', failure)}.</p>}
            {missed > 0 && <p>{t('one.fetchMissed', { count: missed, n: number(missed) })}</p>}
            {retry_at && <p>{t('one.fetchRetry', { at: say.at(retry_at) })}</p>}
            {again.error && <ProblemView error={again.error} />}
            {isStuck && (
                <div>
                    <Button isPending={again.isPending} onPress={() => again.mutate()}>
                        {t('one.fetchAgain')}
                    </Button>
                </div>
            )}
        </div>
    );
}
