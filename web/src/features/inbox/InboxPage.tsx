// One delivery to us: whose is it, is it surely that patient, and what now?

import './inbox.css';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { InboxDetail } from '@/api/exchange';
import { inbox } from '@/exchange/calls';
import { ASK_MS, useInboxNews } from '@/exchange/news';
import { SeveralPatients } from '@/exchange/SeveralPatients';
import { Strip } from '@/exchange/Strip';
import { useSay } from '@/exchange/say';
import { deliveryLine, NEXT_CONDITIONS, nextOf } from '@/exchange/states';
import { Timeline } from '@/exchange/Timeline';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { useMay } from '@/session/queries';
import { Button } from '@/ui/Button';
import { Facts } from '@/ui/Facts';
import { Link } from '@/ui/Link';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { StageLine } from '@/ui/StageLine';
import { StateLight } from '@/ui/State';
import { Assign } from './Assign';
import { Contents } from './Contents';
import { Decline } from './Decline';
import { MatchPanel } from './MatchPanel';
import { Recall } from './Recall';

const route = getRouteApi('/shell/inbox/$id');

export function InboxPage() {
    const { id } = route.useParams();
    useInboxNews();
    // Whoever has it before them has opened it; the sender sees that.
    useEffect(() => {
        inbox.open(id).catch(() => undefined);
    }, [id]);
    const item = useQuery({
        queryKey: ['inbox', 'one', id],
        queryFn: () => inbox.one(id),
        refetchInterval: ASK_MS,
    });
    return (
        <Loaded query={item} lines={8}>
            {(data) => <One item={data} />}
        </Loaded>
    );
}

function One({ item }: { item: InboxDetail }) {
    const { t } = useTranslation(['inbox', 'exchange']);
    const { moment, day } = useFormat();
    const word = useWord();
    const may = useMay();
    const say = useSay();
    const [isDeclining, setDeclining] = useState(false);
    const { sender, patients, message, recall, state, expires_at } = item;
    const isHeld = state === 'held' && !recall;
    const isMoving = ['waiting', 'under_way', 'retrying', 'stopped', 'delivered'].includes(state) && !recall;
    return (
        <>
            <PageHeader
                title={t('inbox:one.title', { name: sender.name })}
                lead={<StateLight is={NEXT_CONDITIONS[nextOf(item)]}>{say.next(item)}</StateLight>}
                up={{ href: '/inbox', name: t('inbox:one.up') }}
                actions={isHeld && <Button onPress={() => setDeclining(true)}>{t('inbox:decline.action')}</Button>}
            />
            <div className="stack-wide">
                <div className="stack">
                    {patients.map((patient) => (
                        <Strip key={patient.key} patient={patient} />
                    ))}
                    <SeveralPatients patients={patients} />
                </div>
                {recall && <Recall item={item} recall={recall} />}
                {message && (
                    <section className="card stack letter" aria-label={t('inbox:one.message', { name: sender.name })}>
                        <h2>{t('inbox:one.message', { name: sender.name })}</h2>
                        <p className="prose">{message}</p>
                    </section>
                )}
                {isHeld && <MatchPanel item={item} />}
                {isMoving && (
                    <section className="card">
                        <StageLine {...deliveryLine(item)} />
                    </section>
                )}
                <Contents item={item} />
                <div className="side-by-side">
                    <section className="card stack" aria-labelledby="about">
                        <h2 id="about">{t('inbox:one.about')}</h2>
                        <Assign item={item} />
                        <Facts
                            rows={[
                                [t('exchange:purpose'), word('purpose', item.purpose)],
                                [
                                    t('exchange:answers'),
                                    item.answers && may('find') && (
                                        <Link key="answers" href={`/requests/${item.answers}`}>
                                            {t('exchange:answersOne')}
                                        </Link>
                                    ),
                                ],
                                [t('exchange:priority'), word('priority', item.priority)],
                                [t('inbox:one.sent'), moment(item.made_at)],
                                [t('exchange:until'), expires_at ? day(expires_at) : t('exchange:forever')],
                                [t('inbox:one.images'), say.ofAll(item.images, item.expected)],
                            ]}
                        />
                    </section>
                    <Timeline events={item.timeline} />
                </div>
            </div>
            {isDeclining && <Decline item={item} onClose={() => setDeclining(false)} />}
        </>
    );
}
