// BankID: a picture that changes each second, or the app on this device. The hub
// talks with BankID; here one asks the hub how it goes.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Spoken } from '@/api/contract';
import { useArrive } from '@/session/queries';
import { session } from '@/session/session';
import { Button } from '@/ui/Button';
import { LinkButton } from '@/ui/Link';
import { Notice } from '@/ui/Notice';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';
import { StateLight } from '@/ui/State';
import './login.css';

/** A picture of BankID is good for a second; how it goes is asked every other. */
const PICTURE_MS = 1000;
const ASK_MS = 2000;
const route = getRouteApi('/plain/login/bankid');

export function BankIdLogin() {
    const { t, i18n } = useTranslation('login');
    const { back } = route.useSearch();
    const arrive = useArrive();
    const client = useQueryClient();
    const [isHere, setHere] = useState(false);
    const start = useQuery({
        queryKey: ['bankid', isHere],
        queryFn: () => session.bankIdBegin(back, isHere),
        staleTime: Infinity,
        gcTime: 0,
        retry: false,
    });
    const ceremony = start.data?.ceremony ?? '';
    const asked = useQuery({
        queryKey: ['bankid', 'progress', ceremony],
        queryFn: () => session.bankIdCollect(ceremony),
        enabled: start.isSuccess,
        gcTime: 0,
        refetchInterval: ({ state }) => (state.data && state.data.status !== 'pending' ? false : ASK_MS),
    });
    const status = asked.data?.status ?? 'pending';
    const picture = useQuery({
        queryKey: ['bankid', 'picture', ceremony],
        queryFn: () => session.bankIdPicture(ceremony),
        enabled: start.isSuccess && !isHere && status === 'pending',
        gcTime: 0,
        refetchInterval: PICTURE_MS,
    });
    // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is complete
    useEffect(() => {
        if (status === 'complete') void arrive(back);
    }, [status]);
    const choose = useMutation({
        mutationFn: (member: string) => session.bankIdChoose(asked.data?.ceremony ?? '', member),
        onSuccess: () => arrive(back),
    });
    useEffect(() => {
        const url = start.data?.start_url;
        if (isHere && url) location.assign(url);
    }, [isHere, start.data?.start_url]);
    const again = () => {
        setHere(false);
        return client.resetQueries({ queryKey: ['bankid'] });
    };
    const leave = () => {
        if (ceremony) session.bankIdCancel(ceremony).catch(() => {});
    };
    const error = start.error ?? asked.error ?? choose.error;
    const words = asked.data?.message?.[i18n.language as Spoken];
    return (
        <div className="card">
            <PageHeader
                title={t('bankIdLogin.title')}
                up={{ href: `/login?back=${encodeURIComponent(back)}`, name: t('back') }}
            />
            {error && <ProblemView error={error} onRetry={again} />}
            {!error && !start.data && <Skeleton />}
            {!error && status === 'failed' && (
                <Notice
                    kind="error"
                    title={words ?? t('bankIdLogin.failed')}
                    isNews
                    actions={<Button onPress={() => void again()}>{t('bankIdLogin.again')}</Button>}
                />
            )}
            {!error && status === 'choose' && (
                <div className="stack">
                    <p role="status">{t('bankIdLogin.choose')}</p>
                    {asked.data?.accounts?.map(({ member, organisation }) => (
                        <Button
                            key={member}
                            icon="building"
                            wide
                            isDisabled={choose.isPending}
                            onPress={() => choose.mutate(member)}
                        >
                            {organisation}
                        </Button>
                    ))}
                </div>
            )}
            {!error && start.data && status === 'pending' && (
                <div className="bankid">
                    {!isHere && <p>{t('bankIdLogin.scan')}</p>}
                    {!isHere && picture.data && (
                        <div className="qr">
                            <img
                                src={`data:image/svg+xml,${encodeURIComponent(picture.data)}`}
                                alt={t('bankIdLogin.qr')}
                            />
                        </div>
                    )}
                    <div role="status">
                        <StateLight is="going">{words ?? t('bankIdLogin.waiting')}</StateLight>
                    </div>
                    {isHere ? (
                        <Button wide onPress={() => void again()}>
                            {t('bankIdLogin.elsewhere')}
                        </Button>
                    ) : (
                        <Button
                            wide
                            onPress={() => {
                                leave();
                                setHere(true);
                            }}
                        >
                            {t('bankIdLogin.here')}
                        </Button>
                    )}
                    <LinkButton href={`/login?back=${encodeURIComponent(back)}`} kind="quiet">
                        {t('bankIdLogin.cancel')}
                    </LinkButton>
                </div>
            )}
        </div>
    );
}
