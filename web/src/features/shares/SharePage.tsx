// One share: what of it has come where, and when not, why and what to do.

import './shares.css';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Share } from '@/api/exchange';
import { exchange } from '@/exchange/calls';
import { ASK_MS, useSharesNews } from '@/exchange/news';
import { SeveralPatients } from '@/exchange/SeveralPatients';
import { Strip } from '@/exchange/Strip';
import { useSay } from '@/exchange/say';
import { CONDITIONS } from '@/exchange/states';
import { Timeline } from '@/exchange/Timeline';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { useMay } from '@/session/queries';
import { Button } from '@/ui/Button';
import { Facts } from '@/ui/Facts';
import { Link } from '@/ui/Link';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { StateLight } from '@/ui/State';
import { Contents } from './Contents';
import { DeliveryCard } from './DeliveryCard';
import { TakeBack } from './TakeBack';
import { UndoBar } from './UndoBar';

const route = getRouteApi('/shell/shares/$id');

export function SharePage() {
    const { id } = route.useParams();
    useSharesNews();
    const share = useQuery({
        queryKey: ['shares', 'one', id],
        queryFn: () => exchange.shareOf(id),
        refetchInterval: ASK_MS,
    });
    return (
        <Loaded query={share} lines={8}>
            {(data) => <One share={data} />}
        </Loaded>
    );
}

function One({ share }: { share: Share }) {
    const { t } = useTranslation(['shares', 'exchange']);
    const { moment, day } = useFormat();
    const word = useWord();
    const may = useMay();
    const say = useSay();
    const [isTaking, setTaking] = useState(false);
    const { recipients, patients, deliveries, made_at, made_by, taken_back_at, taken_back_why } = share;
    const isOver = Boolean(taken_back_at) || share.state === 'expired';
    return (
        <>
            <PageHeader
                title={t('shares:one.title', { names: recipients.map(({ name }) => name).join(', ') })}
                lead={<StateLight is={CONDITIONS[share.state]}>{say.shareState(share)}</StateLight>}
                up={{ href: '/shares', name: t('shares:one.up') }}
                actions={!isOver && <Button onPress={() => setTaking(true)}>{t('shares:takeBack.action')}</Button>}
            />
            <div className="stack-wide">
                <UndoBar share={share} />
                <div className="stack">
                    {patients.map((patient) => (
                        <Strip key={patient.key} patient={patient} />
                    ))}
                    <SeveralPatients patients={patients} />
                </div>
                <section className="stack" aria-labelledby="recipients">
                    <h2 id="recipients">{t('shares:one.recipients')}</h2>
                    {deliveries.map((delivery) => (
                        <DeliveryCard key={delivery.id} share={share} delivery={delivery} />
                    ))}
                </section>
                <Contents share={share} />
                <div className="side-by-side">
                    <section className="card stack" aria-labelledby="about">
                        <h2 id="about">{t('shares:one.about')}</h2>
                        <Facts
                            rows={[
                                [t('exchange:purpose'), word('purpose', share.purpose)],
                                [
                                    t('exchange:answers'),
                                    share.answers && may('find') && (
                                        <Link key="answers" href={`/requests/${share.answers}`}>
                                            {t('exchange:answersOne')}
                                        </Link>
                                    ),
                                ],
                                [t('exchange:priority'), word('priority', share.priority)],
                                [t('exchange:message'), share.message],
                                [
                                    t('shares:one.madeAt'),
                                    made_by
                                        ? t('shares:one.madeBy', { at: moment(made_at), name: made_by })
                                        : moment(made_at),
                                ],
                                [t('exchange:until'), share.expires_at ? day(share.expires_at) : t('exchange:forever')],
                                [t('shares:one.legal'), word('legalMode', share.legal_mode)],
                                [
                                    t('shares:one.takenBack'),
                                    taken_back_at &&
                                        [moment(taken_back_at), word('takeBackWhy', taken_back_why)]
                                            .filter(Boolean)
                                            .join(', '),
                                ],
                            ]}
                        />
                    </section>
                    <Timeline events={share.timeline} />
                </div>
            </div>
            {isTaking && <TakeBack share={share} onClose={() => setTaking(false)} />}
        </>
    );
}
