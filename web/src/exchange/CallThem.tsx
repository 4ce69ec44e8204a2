// An emergency to those who have not said who is on call: nobody is e-mailed.

import { useTranslation } from 'react-i18next';
import { Notice } from '@/ui/Notice';

export function CallThem({ name, isNews }: { name: string; isNews?: boolean }) {
    const { t } = useTranslation('exchange');
    return (
        <Notice kind="warning" title={t('recipient.callThem', { name })} isNews={isNews}>
            {t('recipient.callThemHint')}
        </Notice>
    );
}
