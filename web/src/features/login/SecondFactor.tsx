import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { FactorPanel } from '@/session/FactorPanel';
import { type FactorKind, session } from '@/session/facade';
import { meQuery } from '@/session/queries';
import { PageHeader } from '@/ui/PageHeader';

const KINDS: FactorKind[] = ['passkey', 'totp', 'recovery'];
const route = getRouteApi('/plain/login/confirm');

/** The second step. Which factors there are came with the first step's answer. */
export function SecondFactor() {
    const { t } = useTranslation('login');
    const { back, factors } = route.useSearch();
    const navigate = useNavigate();
    const client = useQueryClient();
    const given = KINDS.filter((kind) => factors.split(' ').includes(kind));
    const done = async () => {
        await client.fetchQuery({ ...meQuery, staleTime: 0 });
        await navigate({ to: '/assignment', search: { back } });
    };
    return (
        <div className="card">
            <PageHeader
                title={t('factor.title')}
                lead={t('factor.lead')}
                up={{ href: `/login?back=${encodeURIComponent(back)}`, name: t('back') }}
            />
            <FactorPanel kinds={given.length > 0 ? given : KINDS} confirm={session.confirm} onDone={done} />
        </div>
    );
}
