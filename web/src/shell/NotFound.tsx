import { useTranslation } from 'react-i18next';
import { LinkButton } from '@/ui/Link';
import { PageHeader } from '@/ui/PageHeader';

export function NotFound() {
    const { t } = useTranslation('shell');
    return (
        <>
            <PageHeader title={t('notFound.title')} lead={t('notFound.lead')} />
            <LinkButton href="/" kind="primary">
                {t('notFound.home')}
            </LinkButton>
        </>
    );
}
