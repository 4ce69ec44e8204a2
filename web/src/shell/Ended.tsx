import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { LinkButton } from '@/ui/Link';
import { PageHeader } from '@/ui/PageHeader';

const route = getRouteApi('/plain/ended');

/** The session is over: why, and the way back to where one was. */
export function Ended() {
    const { t } = useTranslation('shell');
    const { why, back } = route.useSearch();
    return (
        <div className="card">
            <PageHeader title={t('ended.title')} lead={t(`ended.${why}`)} />
            <div className="stack">
                <LinkButton href={`/login?back=${encodeURIComponent(back)}`} kind="primary" wide>
                    {t('ended.again')}
                </LinkButton>
                {back !== '/' && <p className="muted small">{t('ended.kept')}</p>}
            </div>
        </div>
    );
}
