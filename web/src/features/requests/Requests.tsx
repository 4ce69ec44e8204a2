// Who asks us for images, and what have we asked others for?

import './requests.css';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { ImageRequest, RequestSide } from '@/api/exchange';
import { requests } from '@/exchange/calls';
import { ASK_MS, useRequestsNews } from '@/exchange/news';
import { useSay } from '@/exchange/say';
import { isWaiting, requestCondition } from '@/exchange/states';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { useMay } from '@/session/queries';
import { Button } from '@/ui/Button';
import { EmptyState } from '@/ui/EmptyState';
import { FilterChips } from '@/ui/FilterChips';
import { LinkButton } from '@/ui/Link';
import { PageHeader } from '@/ui/PageHeader';
import { written } from '@/ui/PatientStrip';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';
import { Badge, StateLight } from '@/ui/State';
import { Tabs } from '@/ui/Tabs';
import { WorkList, WorkRow } from '@/ui/WorkList';

const route = getRouteApi('/shell/requests');
const SIDES: RequestSide[] = ['received', 'asked'];
const SHOWS = ['waiting', 'answered', 'over', 'all'] as const;
type Show = (typeof SHOWS)[number];

function useList(side: RequestSide, show: Show) {
    return useInfiniteQuery({
        queryKey: ['requests', 'list', side, show],
        queryFn: ({ pageParam }) => requests.list(side, show === 'all' ? '' : show, pageParam),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: ({ next }) => next ?? undefined,
        refetchInterval: ASK_MS,
    });
}

export function Requests() {
    const { t } = useTranslation('requests');
    const { number } = useFormat();
    const may = useMay();
    const { show, ...search } = route.useSearch();
    // Whoever cannot answer looks for answers.
    const side = search.side ?? (may('share') ? 'received' : 'asked');
    const navigate = useNavigate();
    useRequestsNews();
    const list = useList(side, show);
    const counts = list.data?.pages[0]?.counts;
    const waiting = (of: RequestSide) => (counts ? number(counts[of].open + counts[of].being_handled) : '…');
    const to = (some: { side?: RequestSide; show?: Show }) =>
        void navigate({ to: '/requests', search: { side, show, ...some }, replace: true });
    const ask = may('receive') && (
        <LinkButton href="/requests/new" kind="primary" icon="plus">
            {t('ask')}
        </LinkButton>
    );
    return (
        <>
            <PageHeader title={t('title')} lead={t('lead')} actions={ask} />
            <Tabs
                label={t('title')}
                selected={side}
                onSelect={(id) => to({ side: id as RequestSide })}
                tabs={SIDES.map((id) => ({
                    id,
                    name: t(`side.${id}`, { n: waiting(id) }),
                    content: id === side && (
                        <div className="stack">
                            <FilterChips
                                label={t('show')}
                                chosen={show}
                                options={SHOWS.map((one) => ({ id: one, name: t(`shows.${one}`) }))}
                                onChoose={(one) => to({ show: one })}
                            />
                            <Items side={side} show={show} list={list} />
                        </div>
                    ),
                }))}
            />
        </>
    );
}

function Items({ side, show, list }: { side: RequestSide; show: Show; list: ReturnType<typeof useList> }) {
    const { t } = useTranslation(['requests', 'exchange']);
    const rows = list.data?.pages.flatMap(({ items }) => items) ?? [];
    const isFiltered = show === 'answered' || show === 'over';
    return (
        <>
            {list.error && <ProblemView error={list.error} onRetry={() => void list.refetch()} />}
            {list.isPending && <Skeleton lines={8} />}
            {list.data && rows.length === 0 && (
                <EmptyState title={isFiltered ? t('requests:emptyFilter') : t(`requests:emptyTitle.${side}`)}>
                    {isFiltered ? t('requests:emptyFilterHint') : t(`requests:empty.${side}`)}
                </EmptyState>
            )}
            {rows.length > 0 && (
                <WorkList label={t('requests:title')}>
                    {rows.map((request) => (
                        <Row key={request.id} request={request} />
                    ))}
                </WorkList>
            )}
            {list.hasNextPage && (
                <div>
                    <Button isPending={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()}>
                        {t('exchange:more')}
                    </Button>
                </div>
            )}
        </>
    );
}

function Row({ request }: { request: ImageRequest }) {
    const { t } = useTranslation('requests');
    const { day } = useFormat();
    const say = useSay();
    const word = useWord();
    const { id, side, patient, asker, holder, priority, wanted, needed_by, reminded_at, purpose } = request;
    return (
        <WorkRow
            href={`/requests/${id}`}
            title={
                <>
                    {patient.name || t('noName')} <span className="number-plain">{written(patient.id)}</span>
                </>
            }
            state={
                <>
                    <StateLight is={requestCondition(request)}>{say.request(request)}</StateLight>
                    {reminded_at && isWaiting(request) && (
                        <p className="small work-after">
                            <Badge>{t('reminded', { at: say.at(reminded_at) })}</Badge>
                        </p>
                    )}
                </>
            }
        >
            <span>
                {side === 'asked' ? t('to', { name: holder.name }) : t('from', { name: asker.name })}
                {priority !== 'ordinary' && (
                    <>
                        {' '}
                        <Badge accent>{word('priority', priority)}</Badge>
                    </>
                )}
            </span>
            <span className="wanted-line">{wanted}</span>
            <span className="muted small">
                {[
                    word('purpose', purpose),
                    needed_by && t('neededBy', { day: day(needed_by) }),
                    say.at(request.asked_at),
                ]
                    .filter(Boolean)
                    .join(' · ')}
            </span>
        </WorkRow>
    );
}
