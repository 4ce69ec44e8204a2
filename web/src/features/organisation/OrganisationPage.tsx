import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '@/session/queries';
import { PageHeader } from '@/ui/PageHeader';
import { Tabs } from '@/ui/Tabs';
import { Approving } from './Approving';
import { Particulars } from './Particulars';
import { PartnerList } from './PartnerList';
import { Provider } from './Provider';
import { Units } from './Units';

const route = getRouteApi('/shell/organisation');

/** One's own organisation, in views that each hold one question. */
export function OrganisationPage() {
    const { t } = useTranslation('organisation');
    const { tab } = route.useSearch();
    const navigate = useNavigate();
    const may = useMay();
    return (
        <>
            <PageHeader title={t('title')} lead={t('lead')} />
            <Tabs
                label={t('title')}
                selected={tab}
                onSelect={(id) =>
                    void navigate({ to: '/organisation', search: { tab: id as typeof tab }, replace: true })
                }
                tabs={[
                    { id: 'particulars', name: t('tabs.particulars'), content: <Particulars /> },
                    { id: 'units', name: t('tabs.units'), content: <Units /> },
                    { id: 'partners', name: t('tabs.partners'), content: <PartnerList /> },
                    { id: 'approval', name: t('tabs.approval'), content: <Approving /> },
                    // Who can log in is a matter of members; others would be refused.
                    ...(may('manage_members') ? [{ id: 'login', name: t('tabs.login'), content: <Provider /> }] : []),
                ]}
            />
        </>
    );
}
