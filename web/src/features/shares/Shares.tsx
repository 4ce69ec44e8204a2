// What we have sent, and did it arrive?

import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { ShareLine } from '@/api/exchange';
import { exchange } from '@/exchange/calls';
import { ASK_MS, useSharesNews } from '@/exchange/news';
import { useSay } from '@/exchange/say';
import { CONDITIONS, shareLine } from '@/exchange/states';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { EmptyState } from '@/ui/EmptyState';
import { FilterChips } from '@/ui/FilterChips';
import { LinkButton } from '@/ui/Link';
import { PageHeader } from '@/ui/PageHeader';
import { written } from '@/ui/PatientStrip';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';
import { StageLine } from '@/ui/StageLine';
import { Badge, StateLight } from '@/ui/State';
import { WorkList, WorkRow } from '@/ui/WorkList';

const route = getRouteApi('/shell/shares');
const SHOWS = ['all', 'under_way', 'trouble', 'done', 'emergency'] as const;

export function Shares() {
    const { t } = useTranslation(['shares', 'exchange']);
    const { show } = route.useSearch();
    const navigate = useNavigate();
    useSharesNews();
    const shares = useInfiniteQuery({
        queryKey: ['shares', 'list', show],
        queryFn: ({ pageParam }) => exchange.shares(show === 'all' ? '' : show, pageParam),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: ({ next }) => next ?? undefined,
        refetchInterval: ASK_MS,
    });
    const rows = shares.data?.pages.flatMap(({ items }) => items) ?? [];
    const find = (
        <LinkButton href="/find" kind="primary" icon="search">
            {t('shares:new')}
        </LinkButton>
    );
    return (
        <>
            <PageHeader title={t('shares:title')} lead={t('shares:lead')} actions={find} />
            <div className="stack">
                <FilterChips
                    label={t('shares:show')}
                    chosen={show}
                    options={SHOWS.map((id) => ({ id, name: t(`shares:shows.${id}`) }))}
                    onChoose={(id) => void navigate({ to: '/shares', search: { show: id }, replace: true })}
                />
                {shares.error && <ProblemView error={shares.error} onRetry={() => void shares.refetch()} />}
                {shares.isPending && <Skeleton lines={8} />}
                {shares.data && rows.length === 0 && show === 'all' && (
                    <EmptyState title={t('shares:emptyTitle')} action={find}>
                        {t('shares:empty')}
                    </EmptyState>
                )}
                {shares.data && rows.length === 0 && show !== 'all' && (
                    <EmptyState title={t('shares:emptyFilterTitle')}>{t(`shares:emptyFilter.${show}`)}</EmptyState>
                )}
                {rows.length > 0 && (
                    <WorkList label={t('shares:title')}>
                        {rows.map((share) => (
                            <ShareRow key={share.id} share={share} />
                        ))}
                    </WorkList>
                )}
                {shares.hasNextPage && (
                    <div>
                        <Button isPending={shares.isFetchingNextPage} onPress={() => void shares.fetchNextPage()}>
                            {t('exchange:more')}
                        </Button>
                    </div>
                )}
            </div>
        </>
    );
}

function ShareRow({ share }: { share: ShareLine }) {
    const { t } = useTranslation('shares');
    const say = useSay();
    const word = useWord();
    const { id, patients, studies, modalities, recipients, priority, made_at, made_by, state, unopened_hours } = share;
    return (
        <WorkRow
            href={`/shares/${id}`}
            title={patients.map(({ key, name, id: number }, index) => (
                <span key={key}>
                    {index > 0 && ', '}
                    {name} <span className="number-plain">{written(number)}</span>
                </span>
            ))}
            picture={<StageLine {...shareLine(share)} />}
            state={<StateLight is={CONDITIONS[state]}>{say.shareState(share)}</StateLight>}
        >
            <span>
                {t('to', { names: recipients.map(({ name }) => name).join(', ') })}
                {priority !== 'ordinary' && (
                    <>
                        {' '}
                        <Badge accent>{word('priority', priority)}</Badge>
                    </>
                )}
            </span>
            {unopened_hours !== null && <StateLight is="act">{say.unopened(unopened_hours)}</StateLight>}
            <span className="muted small">
                {[
                    say.studies(studies),
                    say.modalities(modalities),
                    say.at(made_at),
                    made_by && t('by', { name: made_by }),
                ]
                    .filter(Boolean)
                    .join(' · ')}
            </span>
        </WorkRow>
    );
}
