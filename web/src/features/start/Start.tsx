import { useTranslation } from 'react-i18next';
import { useMe } from '@/session/queries';
import { EmptyState } from '@/ui/EmptyState';
import { PageHeader } from '@/ui/PageHeader';

/** What needs me. */
export function Start() {
    const { t } = useTranslation('shell');
    const { name, unit } = useMe();
    return (
        <>
            <PageHeader
                title={t('start.title', { name: name.split(' ')[0] })}
                lead={t('start.lead', { unit: unit.name, organisation: unit.organisation.name })}
            />
            <EmptyState title={t('start.calmTitle')}>{t('start.calm')}</EmptyState>
        </>
    );
}
