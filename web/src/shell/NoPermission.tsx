// Says which permission is missing, where, and who can give it.

import { useTranslation } from 'react-i18next';
import { useWord } from '@/i18n/word';
import { useMe } from '@/session/queries';
import { rolesGiving } from '@/session/roles';
import { LinkButton } from '@/ui/Link';
import { PageHeader } from '@/ui/PageHeader';

export function NoPermission({ permission }: { permission: string }) {
    const { t } = useTranslation('shell');
    const word = useWord();
    const { unit, units, member } = useMe();
    const roles = rolesGiving(permission).map((role) => word('role', role));
    return (
        <>
            <PageHeader
                title={t('noPermission.title')}
                lead={t('noPermission.lead', {
                    permission: `”${word('permission', permission)}”`,
                    unit: unit?.name ?? member.organisation.name,
                })}
            />
            <div className="card stack">
                <h2>{t('noPermission.whoTitle')}</h2>
                <p className="prose">
                    {t('noPermission.roles', { roles: roles.join(', '), organisation: member.organisation.name })}
                </p>
                {units.length > 1 && (
                    <div>
                        <LinkButton href="/assignment">{t('noPermission.otherUnit')}</LinkButton>
                    </div>
                )}
            </div>
        </>
    );
}
