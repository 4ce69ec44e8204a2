// Which care unit one acts for. With only one, nobody is asked.

import { useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { session } from '@/session/facade';
import { meQuery, useIdentityChange } from '@/session/queries';
import { Icon } from '@/ui/icons';
import { Notice } from '@/ui/Notice';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Badge } from '@/ui/State';
import './login.css';

const LAST = 'bildbro-unit';
const route = getRouteApi('/plain/assignment');

export function Assignment() {
    const { t } = useTranslation('login');
    const { back } = route.useSearch();
    const { data: me } = useSuspenseQuery(meQuery);
    const router = useRouter();
    const change = useIdentityChange(session.actAt);
    const units = me?.units ?? [];
    const last = localStorage.getItem(LAST);
    const choose = async (id: string) => {
        await change.mutateAsync(id);
        localStorage.setItem(LAST, id);
        router.history.push(back);
    };
    const only = units.length === 1 ? units[0] : undefined;
    const hasChosen = useRef(false);
    // biome-ignore lint/correctness/useExhaustiveDependencies: once, for the only unit there is
    useEffect(() => {
        if (!only || hasChosen.current) return;
        hasChosen.current = true;
        choose(only.id).catch(() => {});
    }, [only]);
    return (
        <div className="card">
            <PageHeader title={t('assignment.title')} lead={t('assignment.lead')} />
            <div className="stack">
                {units.length === 0 && (
                    <Notice kind="warning" title={t('assignment.none')}>
                        {t('assignment.noneHint')}
                    </Notice>
                )}
                {change.error && <ProblemView error={change.error} />}
                <ul className="units">
                    {units.map(({ id, name, role, organisation }) => (
                        <li key={id}>
                            <button
                                type="button"
                                className="unit"
                                disabled={change.isPending}
                                onClick={() => choose(id).catch(() => {})}
                            >
                                <span>
                                    <strong>{name}</strong>
                                    <span className="muted small">
                                        {organisation.name} · {role}
                                    </span>
                                </span>
                                {id === last && <Badge>{t('assignment.last')}</Badge>}
                                <Icon name="next" />
                            </button>
                        </li>
                    ))}
                </ul>
            </div>
        </div>
    );
}
