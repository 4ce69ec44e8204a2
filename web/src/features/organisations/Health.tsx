// Whether the hub works, for the one who runs it. Numbers and names of machines only.

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Health as HealthState } from '@/api/contract';
import { request } from '@/api/request';
import { useFormat } from '@/i18n/format';
import { Facts } from '@/ui/Facts';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { StateLight } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';

type Row = HealthState['gateways'][number];

export function Health() {
    const { t } = useTranslation('organisation');
    const { t: u } = useTranslation('ui');
    const { number, moment, since } = useFormat();
    const health = useQuery({
        queryKey: ['health'],
        queryFn: () => request('GET', '/api/health'),
        refetchInterval: 15_000,
    });
    const columns: Column<Row>[] = [
        { id: 'name', name: u('name'), value: ({ name }) => name, cell: ({ name }) => <strong>{name}</strong> },
        {
            id: 'organisation',
            name: t('health.organisation'),
            value: (row) => row.organisation,
            cell: (row) => row.organisation,
        },
        {
            id: 'state',
            name: u('state'),
            cell: ({ live, last_seen }) =>
                live ? (
                    <StateLight is="good">{t('health.live')}</StateLight>
                ) : (
                    <StateLight is="act">
                        {last_seen ? t('health.silent', { since: since(last_seen, new Date()) }) : t('health.never')}
                    </StateLight>
                ),
        },
        { id: 'version', name: t('health.version'), cell: ({ version }) => version || '–' },
    ];
    return (
        <>
            <PageHeader title={t('health.title')} lead={t('health.lead')} />
            <Loaded query={health} lines={6}>
                {({ database, storage, gateways, deliveries, audit }) => (
                    <div className="stack-wide">
                        <section className="card stack" aria-labelledby="hub">
                            <h2 id="hub">{t('health.hub')}</h2>
                            <Facts
                                rows={[
                                    [t('health.database'), <Answers key="database" said={database} />],
                                    [t('health.storage'), <Answers key="storage" said={storage} />],
                                    [t('health.entries'), number(audit.entries)],
                                    [
                                        t('health.checkpoint'),
                                        audit.checkpoint_at ? moment(audit.checkpoint_at) : u('never'),
                                    ],
                                    [t('health.pending'), number(deliveries.pending_images)],
                                ]}
                            />
                        </section>
                        <section className="stack" aria-labelledby="gateways">
                            <h2 id="gateways">{t('all.gateways')}</h2>
                            {gateways.length === 0 ? (
                                <p className="muted">{t('health.noGateways')}</p>
                            ) : (
                                <Table
                                    label={t('all.gateways')}
                                    columns={columns}
                                    rows={gateways}
                                    rowId={({ id }) => id}
                                />
                            )}
                        </section>
                    </div>
                )}
            </Loaded>
        </>
    );
}

function Answers({ said }: { said: string }) {
    const { t } = useTranslation('organisation');
    return <StateLight is={said === 'ok' ? 'good' : 'act'}>{said === 'ok' ? t('health.answers') : said}</StateLight>;
}
