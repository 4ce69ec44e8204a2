// Says which permission is missing, where, and who can give it.

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { session } from '@/session/facade';
import { useMe } from '@/session/queries';
import { LinkButton } from '@/ui/Link';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';

export function NoPermission({ permission }: { permission: string }) {
    const { t, i18n } = useTranslation('shell');
    const { unit, units } = useMe();
    const givers = useQuery({ queryKey: ['givers', permission], queryFn: () => session.givers(permission) });
    const lookUp = t as unknown as (key: string) => string;
    const key = `permission.${permission.replaceAll(/[^a-z]/g, '-')}`;
    const inWords = i18n.exists(key, { ns: 'shell' }) ? `”${lookUp(key)}”` : permission;
    return (
        <>
            <PageHeader
                title={t('noPermission.title')}
                lead={t('noPermission.lead', { permission: inWords, unit: unit.name })}
            />
            <div className="card stack">
                <h2>{t('noPermission.whoTitle')}</h2>
                {givers.isPending && <Skeleton lines={2} />}
                {givers.error && <ProblemView error={givers.error} onRetry={givers.refetch} />}
                {givers.data?.length === 0 && (
                    <p>{t('noPermission.nobody', { organisation: unit.organisation.name })}</p>
                )}
                {givers.data && givers.data.length > 0 && (
                    <>
                        <p className="prose">{t('noPermission.who')}</p>
                        <ul className="stack">
                            {givers.data.map(({ name, email }) => (
                                <li key={email}>
                                    <strong>{name}</strong>
                                    <br />
                                    <a href={`mailto:${email}`}>{email}</a>
                                </li>
                            ))}
                        </ul>
                    </>
                )}
                {units.length > 1 && (
                    <div>
                        <LinkButton href="/assignment">{t('noPermission.otherUnit')}</LinkButton>
                    </div>
                )}
            </div>
        </>
    );
}
