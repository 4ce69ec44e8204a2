// BankID: a code that changes each second, or the app on this device. The hub
// talks with BankID; here one asks the hub how it goes.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { session } from '@/session/facade';
import { meQuery } from '@/session/queries';
import { Button } from '@/ui/Button';
import { LinkButton } from '@/ui/Link';
import { Notice } from '@/ui/Notice';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Qr } from '@/ui/Qr';
import { Skeleton } from '@/ui/Skeleton';
import { StateLight } from '@/ui/State';
import './login.css';

/** The code of BankID is good for a second. */
const TICK_MS = 1000;
const route = getRouteApi('/plain/login/bankid');

export function BankIdLogin() {
    const { t } = useTranslation('login');
    const { back } = route.useSearch();
    const navigate = useNavigate();
    const client = useQueryClient();
    const start = useQuery({ queryKey: ['bankid'], queryFn: session.bankIdStart, staleTime: Infinity, gcTime: 0 });
    const asked = useQuery({
        queryKey: ['bankid', 'now'],
        queryFn: session.bankIdAsk,
        enabled: start.isSuccess,
        gcTime: 0,
        refetchInterval: ({ state }) => (state.data && state.data.state !== 'waiting' ? false : TICK_MS),
    });
    const order = asked.data ?? start.data;
    const error = start.error ?? asked.error;
    useEffect(() => {
        if (order?.state !== 'done') return;
        void client
            .fetchQuery({ ...meQuery, staleTime: 0 })
            .then(() => navigate({ to: '/assignment', search: { back } }));
    }, [order?.state, client, navigate, back]);
    const again = async () => {
        await client.resetQueries({ queryKey: ['bankid'] });
    };
    return (
        <div className="card">
            <PageHeader
                title={t('bankIdLogin.title')}
                up={{ href: `/login?back=${encodeURIComponent(back)}`, name: t('back') }}
            />
            {error && <ProblemView error={error} onRetry={again} />}
            {!error && !order && <Skeleton />}
            {!error && order?.state === 'failed' && (
                <Notice
                    kind="error"
                    title={t('bankIdLogin.failed')}
                    isNews
                    actions={<Button onPress={again}>{t('bankIdLogin.again')}</Button>}
                />
            )}
            {!error && order?.state === 'waiting' && (
                <div className="bankid">
                    <p>{t('bankIdLogin.scan')}</p>
                    {order.qr && <Qr text={order.qr} label={t('bankIdLogin.qr')} />}
                    <StateLight is="going">{t('bankIdLogin.waiting')}</StateLight>
                    {start.data?.link && (
                        <LinkButton href={start.data.link} wide>
                            {t('bankIdLogin.here')}
                        </LinkButton>
                    )}
                </div>
            )}
        </div>
    );
}
