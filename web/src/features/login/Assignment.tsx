// Which care unit one acts for. With only one, nobody is asked.

import { useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { meQuery, useIdentityChange } from '@/session/queries';
import { session } from '@/session/session';
import { Icon } from '@/ui/icons';
import { Notice } from '@/ui/Notice';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Badge } from '@/ui/State';
import './login.css';

const LAST = 'bildbro-unit';
const WHOLE = 'whole';
const route = getRouteApi('/plain/assignment');

export function Assignment() {
    const { t } = useTranslation(['login', 'shell']);
    const { back } = route.useSearch();
    const { data: me } = useSuspenseQuery(meQuery);
    const router = useRouter();
    const change = useIdentityChange(session.actAt);
    const organisation = me.member?.organisation.name ?? '';
    const choices = [
        ...(me.whole_organisation ? [{ id: WHOLE, name: t('shell:wholeOrganisation'), hint: organisation }] : []),
        ...me.units.map(({ id, name, hsa_id }) => ({
            id,
            name,
            hint: [organisation, hsa_id].filter(Boolean).join(' · '),
        })),
    ];
    const last = localStorage.getItem(LAST);
    const choose = async (id: string) => {
        await change.mutateAsync(id === WHOLE ? null : id);
        localStorage.setItem(LAST, id);
        router.history.push(back);
    };
    const only = choices.length === 1 ? choices[0] : undefined;
    const hasChosen = useRef(false);
    // biome-ignore lint/correctness/useExhaustiveDependencies: once, for the only place there is
    useEffect(() => {
        if (!only || hasChosen.current) return;
        hasChosen.current = true;
        choose(only.id).catch(() => {});
    }, [only?.id]);
    return (
        <div className="card">
            <PageHeader title={t('login:assignment.title')} lead={t('login:assignment.lead')} />
            <div className="stack">
                {choices.length === 0 && (
                    <Notice kind="warning" title={t('login:assignment.none')}>
                        {t('login:assignment.noneHint')}
                    </Notice>
                )}
                {change.error && <ProblemView error={change.error} />}
                <ul className="units">
                    {choices.map(({ id, name, hint }) => (
                        <li key={id}>
                            <button
                                type="button"
                                className="unit"
                                disabled={change.isPending}
                                onClick={() => choose(id).catch(() => {})}
                            >
                                <span>
                                    <strong>{name}</strong>
                                    <span className="muted small">{hint}</span>
                                </span>
                                {id === last && <Badge>{t('login:assignment.last')}</Badge>}
                                <Icon name="next" />
                            </button>
                        </li>
                    ))}
                </ul>
            </div>
        </div>
    );
}
