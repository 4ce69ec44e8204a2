// One's gateways: are they up, what waits in them, does the PACS answer?

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Gateway } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { Button } from '@/ui/Button';
import { ConfirmByName, Dialog } from '@/ui/Dialog';
import { EmptyState } from '@/ui/EmptyState';
import { Facts } from '@/ui/Facts';
import { LinkButton } from '@/ui/Link';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { gateways, useGateways } from './calls';
import { Enrol } from './Enrol';
import { GatewayState, NodeState } from './state';
import { TestRun } from './TestRun';

export function Gateways() {
    const { t } = useTranslation('gateways');
    const rows = useGateways();
    const [isEnrolling, setEnrolling] = useState(false);
    return (
        <>
            <PageHeader
                title={t('title')}
                lead={t('lead')}
                actions={
                    <Button icon="plus" onPress={() => setEnrolling(true)}>
                        {t('enrol.add')}
                    </Button>
                }
            />
            <Loaded query={rows} lines={6}>
                {({ items }) =>
                    items.length === 0 ? (
                        <EmptyState
                            title={t('emptyTitle')}
                            action={
                                <LinkButton href="/start" kind="primary">
                                    {t('emptyAction')}
                                </LinkButton>
                            }
                        >
                            {t('empty')}
                        </EmptyState>
                    ) : (
                        <div className="stack-wide">
                            {[...items]
                                .sort((a, b) => Number(b.active) - Number(a.active))
                                .map((gateway) => (
                                    <GatewayCard key={gateway.id} gateway={gateway} />
                                ))}
                        </div>
                    )
                }
            </Loaded>
            <Dialog isOpen={isEnrolling} onClose={() => setEnrolling(false)} title={t('enrol.title')} wide>
                <p className="prose">{t('enrol.lead')}</p>
                {isEnrolling && <Enrol />}
            </Dialog>
        </>
    );
}

function GatewayCard({ gateway }: { gateway: Gateway }) {
    const { t } = useTranslation('gateways');
    const { t: u } = useTranslation('ui');
    const { moment, number, bytes, day } = useFormat();
    const [isGoing, setGoing] = useState(false);
    const [isTesting, setTesting] = useState(false);
    const revoke = useAct(() => gateways.revoke(gateway), {
        renews: ['gateways'],
        says: t('revoke.done', { name: gateway.name }),
        after: () => setGoing(false),
    });
    const waiting =
        gateway.waiting_images === 0
            ? t('queueEmpty')
            : t('queue', {
                  count: gateway.waiting_images,
                  n: number(gateway.waiting_images),
                  size: bytes(gateway.waiting_bytes),
              });
    return (
        <section className="card stack" aria-labelledby={gateway.id}>
            <div className="row between">
                <h2 id={gateway.id}>{gateway.name}</h2>
                <GatewayState gateway={gateway} />
            </div>
            <Facts
                rows={[
                    [t('lastImage'), gateway.last_image_at ? moment(gateway.last_image_at) : t('noImage')],
                    [t('queueName'), gateway.active ? waiting : undefined],
                    [
                        t('nodes'),
                        gateway.active &&
                            (gateway.nodes.length === 0 ? (
                                t('noNodes')
                            ) : (
                                <ul className="plain-list">
                                    {gateway.nodes.map((node) => (
                                        <li key={node.name}>
                                            <NodeState node={node} />
                                        </li>
                                    ))}
                                </ul>
                            )),
                    ],
                    [t('version'), gateway.version],
                    [u('added'), day(gateway.created_at)],
                ]}
            />
            {gateway.active && (
                <div className="row">
                    <Button onPress={() => setTesting(true)}>{t('test.send')}</Button>
                    <Button kind="quiet" onPress={() => setGoing(true)}>
                        {t('revoke.action')}
                    </Button>
                </div>
            )}
            <Dialog
                isOpen={isTesting}
                onClose={() => setTesting(false)}
                title={t('test.title', { name: gateway.name })}
                wide
                actions={<Button onPress={() => setTesting(false)}>{u('close')}</Button>}
            >
                <p className="prose">{t('test.lead')}</p>
                <TestRun gateway={gateway.id} canStart={gateway.live} />
            </Dialog>
            <ConfirmByName
                isOpen={isGoing}
                onClose={() => setGoing(false)}
                title={t('revoke.title')}
                name={gateway.name}
                action={t('revoke.action')}
                isPending={revoke.isPending}
                onConfirm={() => revoke.mutate()}
            >
                <p>{t('revoke.body')}</p>
                {revoke.error && <ProblemView error={revoke.error} />}
            </ConfirmByName>
        </section>
    );
}
