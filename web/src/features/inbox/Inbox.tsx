// What has come to us, whose is it, and what is to be done with it?

import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Box, InboxItem } from '@/api/exchange';
import { inbox } from '@/exchange/calls';
import { ASK_MS, useInboxNews } from '@/exchange/news';
import { useSay } from '@/exchange/say';
import { NEXT_CONDITIONS, nextOf } from '@/exchange/states';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { EmptyState } from '@/ui/EmptyState';
import { PageHeader } from '@/ui/PageHeader';
import { written } from '@/ui/PatientStrip';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';
import { Badge, StateLight } from '@/ui/State';
import { Tabs } from '@/ui/Tabs';
import { WorkList, WorkRow } from '@/ui/WorkList';

const route = getRouteApi('/shell/inbox');
const BOXES: Box[] = ['new', 'under_way', 'done'];

function useBox(box: Box) {
    return useInfiniteQuery({
        queryKey: ['inbox', 'list', box],
        queryFn: ({ pageParam }) => inbox.list(box, pageParam),
        initialPageParam: undefined as string | undefined,
        getNextPageParam: ({ next }) => next ?? undefined,
        refetchInterval: ASK_MS,
    });
}

export function Inbox() {
    const { t } = useTranslation('inbox');
    const { number } = useFormat();
    const { box } = route.useSearch();
    const navigate = useNavigate();
    useInboxNews();
    const items = useBox(box);
    const counts = items.data?.pages[0]?.counts;
    return (
        <>
            <PageHeader title={t('title')} lead={t('lead')} />
            <Tabs
                label={t('title')}
                selected={box}
                onSelect={(id) => void navigate({ to: '/inbox', search: { box: id as Box }, replace: true })}
                tabs={BOXES.map((id) => ({
                    id,
                    name: t(`box.${id}`, { n: counts ? number(counts[id]) : '…' }),
                    content: id === box && <Items box={box} items={items} />,
                }))}
            />
        </>
    );
}

function Items({ box, items }: { box: Box; items: ReturnType<typeof useBox> }) {
    const { t } = useTranslation(['inbox', 'exchange']);
    const rows = items.data?.pages.flatMap((page) => page.items) ?? [];
    return (
        <div className="stack">
            {items.error && <ProblemView error={items.error} onRetry={() => void items.refetch()} />}
            {items.isPending && <Skeleton lines={8} />}
            {items.data && rows.length === 0 && (
                <EmptyState title={t(`inbox:emptyTitle.${box}`)}>{t(`inbox:empty.${box}`)}</EmptyState>
            )}
            {rows.length > 0 && (
                <WorkList label={t('inbox:title')}>
                    {rows.map((item) => (
                        <InboxRow key={item.id} item={item} />
                    ))}
                </WorkList>
            )}
            {items.hasNextPage && (
                <div>
                    <Button isPending={items.isFetchingNextPage} onPress={() => void items.fetchNextPage()}>
                        {t('exchange:more')}
                    </Button>
                </div>
            )}
        </div>
    );
}

function InboxRow({ item }: { item: InboxItem }) {
    const { t } = useTranslation('inbox');
    const say = useSay();
    const word = useWord();
    const { id, patients, sender, studies, modalities, purpose, priority, made_at, assigned_to } = item;
    return (
        <WorkRow
            href={`/inbox/${id}`}
            title={patients.map(({ key, name, id: number }, index) => (
                <span key={key}>
                    {index > 0 && ', '}
                    {name} <span className="number-plain">{written(number)}</span>
                </span>
            ))}
            state={
                <>
                    <StateLight is={NEXT_CONDITIONS[nextOf(item)]}>{say.next(item)}</StateLight>
                    <p className="muted small work-after">
                        {assigned_to ? t('assigned', { name: assigned_to.name }) : t('nobody')}
                    </p>
                </>
            }
        >
            <span>
                {t('from', { name: sender.name })}
                {priority !== 'ordinary' && (
                    <>
                        {' '}
                        <Badge accent>{word('priority', priority)}</Badge>
                    </>
                )}
            </span>
            <span className="muted small">
                {[say.studies(studies), say.modalities(modalities), word('purpose', purpose), say.at(made_at)].join(
                    ' · ',
                )}
            </span>
        </WorkRow>
    );
}
