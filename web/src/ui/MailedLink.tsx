// An invitation: whether it went by mail, and the link for when it did not.

import { useTranslation } from 'react-i18next';
import type { InvitationLink } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { CopyField } from './CopyField';
import { Notice } from './Notice';

export function MailedLink({ invitation, email }: { invitation: InvitationLink; email: string }) {
    const { t } = useTranslation('ui');
    const { moment } = useFormat();
    const { mailed, url, expires_at } = invitation;
    return (
        <div className="stack">
            <Notice kind={mailed ? 'success' : 'warning'} title={t(mailed ? 'mailed' : 'notMailed', { email })} isNews>
                {t(mailed ? 'mailedHint' : 'notMailedHint')}
            </Notice>
            {url && <CopyField label={t('invitationLink')} value={url} />}
            <p className="muted small">{t('until', { at: moment(expires_at) })}</p>
        </div>
    );
}
