// What needs me: each line says what is so, and leads to where one can act.

import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { inbox as box, exchange, requests } from '@/exchange/calls';
import { gateways as ask } from '@/features/gateways/calls';
import { log } from '@/features/log/calls';
import { members } from '@/features/members/calls';
import { useFormat } from '@/i18n/format';
import { useMay, useMe } from '@/session/queries';
import { EmptyState } from '@/ui/EmptyState';
import { LinkButton } from '@/ui/Link';
import { Notice } from '@/ui/Notice';
import { PageHeader } from '@/ui/PageHeader';
import { Skeleton } from '@/ui/Skeleton';

/** How often it looks again while it is open. */
const ASK_MS = 30_000;

/** Asked only by those who may know; a question that fails leaves the others. */
function useSome<T>(key: string, ask: () => Promise<{ items: T[] }>, may: boolean) {
    return useQuery({ queryKey: [key, 'start'], queryFn: ask, enabled: may });
}

export function Start() {
    const { t } = useTranslation('start');
    const { number } = useFormat();
    const { member, unit } = useMe();
    const may = useMay();
    const gateways = useSome('gateways', ask.list, may('manage_gateways'));
    const approvals = useSome('approvals', members.approvals, may('manage_members'));
    const inbox = useQuery({
        queryKey: ['inbox', 'start'],
        queryFn: () => box.list('new'),
        enabled: may('receive'),
        refetchInterval: ASK_MS,
    });
    const shares = useQuery({
        queryKey: ['shares', 'start'],
        queryFn: () => exchange.shares('trouble'),
        enabled: may('share'),
        refetchInterval: ASK_MS,
    });
    const asked = useQuery({
        queryKey: ['requests', 'start'],
        queryFn: () => requests.list('received', 'waiting'),
        enabled: may('find') && may('share'),
        refetchInterval: ASK_MS,
    });
    const emergencies = useSome('emergencies', () => log.emergencies(false), may('review_audit'));
    const all = [inbox, asked, shares, gateways, approvals, emergencies];
    const live = gateways.data?.items.filter(({ active }) => active);
    const silent = live?.filter((gateway) => !gateway.live) ?? [];
    const waiting = approvals.data?.items.filter(
        ({ state, asked_by }) => state === 'waiting' && asked_by.id !== member.id,
    );
    const lines: ReactNode[] = [];
    const line = (
        key: string,
        kind: 'info' | 'warning' | 'error',
        title: string,
        href: string,
        action: string,
        hint?: string,
    ) =>
        lines.push(
            <Notice key={key} kind={kind} title={title} actions={<LinkButton href={href}>{action}</LinkButton>}>
                {hint}
            </Notice>,
        );
    const count = (items: unknown[]) => ({ count: items.length, n: number(items.length) });
    const troubled = shares.data?.items ?? [];
    if (troubled.length) {
        const href = '/shares?show=trouble';
        line('shares', 'error', t('todo.trouble', count(troubled)), href, t('todo.see'), t('todo.troubleHint'));
    }
    const arrived = inbox.data?.counts.new ?? 0;
    if (arrived > 0) {
        line('inbox', 'info', t('todo.inbox', { count: arrived, n: number(arrived) }), '/inbox', t('todo.see'));
    }
    const open = asked.data?.counts.received.open ?? 0;
    if (open > 0) {
        const href = '/requests?side=received';
        line('requests', 'info', t('todo.requests', { count: open, n: number(open) }), href, t('todo.see'));
    }
    if (live?.length === 0) line('guide', 'info', t('todo.guide'), '/start', t('todo.guideAction'));
    for (const { id, name } of silent) {
        line(id, 'error', t('todo.silent', { name }), '/gateways', t('todo.silentAction'));
    }
    if (waiting?.length) line('approvals', 'warning', t('todo.approvals', count(waiting)), '/approvals', t('todo.see'));
    if (emergencies.data?.items.length) {
        line(
            'emergencies',
            'warning',
            t('todo.emergencies', count(emergencies.data.items)),
            '/emergencies',
            t('todo.see'),
        );
    }
    return (
        <>
            <PageHeader
                title={t('title', { name: member.name.split(' ')[0] })}
                lead={
                    unit
                        ? t('lead', { unit: unit.name, organisation: member.organisation.name })
                        : t('leadWhole', { organisation: member.organisation.name })
                }
                actions={
                    may('find') && (
                        <LinkButton href="/find" kind="primary" icon="search">
                            {t('todo.find')}
                        </LinkButton>
                    )
                }
            />
            {all.some(({ isLoading }) => isLoading) ? (
                <Skeleton lines={4} />
            ) : lines.length > 0 ? (
                <div className="stack">{lines}</div>
            ) : (
                <EmptyState title={t('calmTitle')}>{t('calm')}</EmptyState>
            )}
        </>
    );
}
