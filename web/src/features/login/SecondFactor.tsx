import { useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { FactorKind } from '@/api/contract';
import { FactorPanel } from '@/session/FactorPanel';
import { meQuery, useArrive } from '@/session/queries';
import { kindsOf } from '@/session/session';
import { PageHeader } from '@/ui/PageHeader';

const KINDS: FactorKind[] = ['passkey', 'totp', 'recovery'];
const route = getRouteApi('/plain/login/confirm');

/** The second step. Which factors there are came with the first step's answer. */
export function SecondFactor() {
    const { t } = useTranslation('login');
    const { back, factors } = route.useSearch();
    const { data: now } = useSuspenseQuery(meQuery);
    const arrive = useArrive();
    const said = KINDS.filter((kind) => factors.split(' ').includes(kind));
    const known = said.length > 0 ? said : kindsOf(now);
    return (
        <div className="card">
            <PageHeader
                title={t('factor.title')}
                lead={t('factor.lead')}
                up={{ href: `/login?back=${encodeURIComponent(back)}`, name: t('back') }}
            />
            <FactorPanel kinds={known.length > 0 ? known : KINDS} at="login" onDone={() => void arrive(back)} />
        </div>
    );
}
