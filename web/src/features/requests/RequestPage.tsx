// One request: whose images, which, how far it has come, and whose turn it is.

import './requests.css';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { ImageRequest } from '@/api/exchange';
import { requests } from '@/exchange/calls';
import { ASK_MS, useRequestsNews } from '@/exchange/news';
import { Strip } from '@/exchange/Strip';
import { useSay } from '@/exchange/say';
import { isWaiting, requestCondition } from '@/exchange/states';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { useMay, useMe } from '@/session/queries';
import { Button } from '@/ui/Button';
import { Facts } from '@/ui/Facts';
import { LinkButton } from '@/ui/Link';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { StateLight } from '@/ui/State';
import { Stepper } from '@/ui/Stepper';
import { useAnswer } from './answer';
import { Decline } from './Decline';
import { Withdraw } from './Withdraw';

const route = getRouteApi('/shell/requests/$id');

export function RequestPage() {
    const { id } = route.useParams();
    useRequestsNews();
    const request = useQuery({
        queryKey: ['requests', 'one', id],
        queryFn: () => requests.one(id),
        refetchInterval: ASK_MS,
    });
    return (
        <Loaded query={request} lines={8}>
            {(data) => <One request={data} />}
        </Loaded>
    );
}

function One({ request }: { request: ImageRequest }) {
    const { t } = useTranslation(['requests', 'exchange']);
    const { moment, day } = useFormat();
    const word = useWord();
    const say = useSay();
    const [asking, setAsking] = useState<'decline' | 'withdraw'>();
    const { side, asker, holder, patient, wanted, from, until, state, asked_by, asked_at } = request;
    const isOurs = side === 'asked';
    const other = isOurs ? holder : asker;
    const isLive = isWaiting(request);
    const close = () => setAsking(undefined);
    const period =
        from && until
            ? t('requests:one.periodBoth', { from: day(from), until: day(until) })
            : from
              ? t('requests:one.periodFrom', { from: day(from) })
              : until && t('requests:one.periodUntil', { until: day(until) });
    return (
        <>
            <PageHeader
                title={t(`requests:one.${side}`, { name: other.name })}
                lead={<StateLight is={requestCondition(request)}>{say.request(request)}</StateLight>}
                up={{ href: '/requests', name: t('requests:one.up') }}
                actions={
                    isLive &&
                    (isOurs ? (
                        <AskerActs request={request} onWithdraw={() => setAsking('withdraw')} />
                    ) : (
                        <HolderActs request={request} onDecline={() => setAsking('decline')} />
                    ))
                }
            />
            <div className="stack-wide">
                <Way request={request} />
                <Strip patient={{ ...patient, name: patient.name || t('requests:noName') }} />
                <News request={request} />
                <section className="card stack" aria-labelledby="wanted">
                    <h2 id="wanted">{t('requests:one.wanted')}</h2>
                    <p className="prose wanted">{wanted}</p>
                    <Facts
                        rows={[
                            [t('requests:one.period'), period],
                            [t('requests:one.modality'), word('modality', request.modality)],
                            [t('exchange:purpose'), word('purpose', request.purpose)],
                            [t('exchange:priority'), word('priority', request.priority)],
                            [t('requests:one.neededBy'), request.needed_by && day(request.needed_by)],
                        ]}
                    />
                </section>
                <section className="card stack" aria-labelledby="about">
                    <h2 id="about">{t('requests:one.about')}</h2>
                    <Facts
                        rows={[
                            [
                                t('requests:one.askedAt'),
                                asked_by
                                    ? t('requests:one.askedBy', { at: moment(asked_at), name: asked_by })
                                    : moment(asked_at),
                            ],
                            [t('requests:one.unit'), request.unit],
                            [t('requests:one.expires'), isLive && day(request.expires_at.slice(0, 10))],
                        ]}
                    />
                </section>
            </div>
            {asking === 'decline' && state !== 'declined' && <Decline request={request} onClose={close} />}
            {asking === 'withdraw' && state !== 'withdrawn' && <Withdraw request={request} onClose={close} />}
        </>
    );
}

/** Asked, taken, and its end; what nobody took has passed that by. */
function Way({ request }: { request: ImageRequest }) {
    const { t } = useTranslation('requests');
    const { state, handled_at } = request;
    const taken = state === 'open' || handled_at ? [t('one.steps.handled')] : [];
    const end = state === 'open' || state === 'being_handled' ? t('one.end') : t(`one.ends.${state}`);
    const steps = [t('one.steps.asked'), ...taken, end];
    const now = state === 'open' ? 0 : state === 'being_handled' ? 1 : steps.length;
    return <Stepper steps={steps} now={now} />;
}

/** What each side should know first. */
function News({ request }: { request: ImageRequest }) {
    const { t } = useTranslation('requests');
    const { moment } = useFormat();
    const may = useMay();
    const { side, state, holder, asker, reason, share, reminded_at, remind_from } = request;
    const isOurs = side === 'asked';
    if (state === 'declined') {
        return (
            <Notice
                kind={isOurs ? 'warning' : 'info'}
                title={isOurs ? t('one.declined', { name: holder.name }) : t('one.declinedOur')}
            >
                <p className="wanted">{reason}</p>
            </Notice>
        );
    }
    if (state === 'answered' && share) {
        const mayLook = may(isOurs ? 'receive' : 'share');
        return (
            <Notice
                kind="success"
                title={t(isOurs ? 'one.answeredOur' : 'one.answered')}
                actions={
                    mayLook && (
                        <LinkButton href={`/${isOurs ? 'inbox' : 'shares'}/${share}`}>
                            {t(isOurs ? 'one.toInbox' : 'one.toShare')}
                        </LinkButton>
                    )
                }
            />
        );
    }
    if (!reminded_at || !isWaiting(request)) return null;
    if (!isOurs) {
        return (
            <Notice kind="warning" title={t('one.reminded', { name: asker.name })}>
                {t('one.remindedAt', { at: moment(reminded_at) })}
            </Notice>
        );
    }
    return (
        remind_from && (
            <p className="muted small">
                {t('one.remindedOur', { at: moment(reminded_at), from: moment(remind_from) })}
            </p>
        )
    );
}

function AskerActs({ request, onWithdraw }: { request: ImageRequest; onWithdraw(): void }) {
    const { t } = useTranslation('requests');
    const may = useMay();
    const remind = useAct(() => requests.remind(request.id), {
        renews: ['requests'],
        says: t('remindDone', { name: request.holder.name }),
    });
    if (!may('receive')) return null;
    return (
        <>
            {Boolean(remind.error) && <ProblemView error={remind.error} />}
            <Button
                isPending={remind.isPending}
                isDisabled={request.remind_from !== null}
                onPress={() => remind.mutate()}
            >
                {t('remind')}
            </Button>
            <Button onPress={onWithdraw}>{t('withdraw.action')}</Button>
        </>
    );
}

function HolderActs({ request, onDecline }: { request: ImageRequest; onDecline(): void }) {
    const { t } = useTranslation('requests');
    const may = useMay();
    const { member } = useMe();
    const answer = useAnswer(request);
    const handle = useAct(() => requests.handle(request.id), {
        renews: ['requests'],
        says: t('handled', { name: request.asker.name }),
    });
    if (!may('share')) return null;
    return (
        <>
            {Boolean(handle.error) && <ProblemView error={handle.error} />}
            <Button onPress={onDecline}>{t('decline.action')}</Button>
            {request.handled_by !== member.name && (
                <Button isPending={handle.isPending} onPress={() => handle.mutate()}>
                    {t('handle')}
                </Button>
            )}
            {may('find') && (
                <Button kind="primary" icon="search" onPress={answer}>
                    {t('find')}
                </Button>
            )}
        </>
    );
}
