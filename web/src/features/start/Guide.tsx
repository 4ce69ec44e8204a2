// From nothing to a first image in the PACS, in the order that it must be done.
// Each step looks at what is true now, so that one can leave and come back.

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useGateways } from '@/features/gateways/calls';
import { Enrol } from '@/features/gateways/Enrol';
import { GatewayState, NodeState } from '@/features/gateways/state';
import { TestRun } from '@/features/gateways/TestRun';
import { useMe } from '@/session/queries';
import { LinkButton } from '@/ui/Link';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { PageHeader } from '@/ui/PageHeader';
import { StateLight } from '@/ui/State';
import { Stepper } from '@/ui/Stepper';

export function Guide() {
    const { t } = useTranslation('start');
    const { factors, member } = useMe();
    const rows = useGateways();
    const [hasArrived, setArrived] = useState(false);
    return (
        <>
            <PageHeader title={t('guide.title', { organisation: member.organisation.name })} lead={t('guide.lead')} />
            <Loaded query={rows} lines={6}>
                {({ items }) => {
                    const active = items.filter((gateway) => gateway.active);
                    const gateway = active.find(({ live }) => live) ?? active[0];
                    const isSeen = Boolean(gateway?.live);
                    const nodes = gateway?.nodes ?? [];
                    const answers = isSeen && nodes.some(({ ok }) => ok);
                    const now = hasArrived ? 4 : answers ? 3 : isSeen ? 2 : 1;
                    return (
                        <div className="stack-wide">
                            <Stepper
                                steps={[
                                    t('guide.steps.factor'),
                                    t('guide.steps.gateway'),
                                    t('guide.steps.pacs'),
                                    t('guide.steps.test'),
                                ]}
                                now={now}
                            />
                            <section className="card stack" aria-labelledby="factor">
                                <h2 id="factor">1. {t('guide.steps.factor')}</h2>
                                <StateLight is="good">{t('guide.factorDone')}</StateLight>
                                {factors.recovery_left === 0 && (
                                    <Notice
                                        kind="warning"
                                        title={t('guide.noCodes')}
                                        actions={
                                            <LinkButton href="/account/factors">{t('guide.makeCodes')}</LinkButton>
                                        }
                                    />
                                )}
                            </section>
                            <section className="card stack" aria-labelledby="gateway">
                                <h2 id="gateway">2. {t('guide.steps.gateway')}</h2>
                                {gateway ? (
                                    <div className="row" role="status">
                                        <strong>{gateway.name}</strong>
                                        <GatewayState gateway={gateway} />
                                    </div>
                                ) : (
                                    <>
                                        <p className="prose">{t('guide.gatewayLead')}</p>
                                        <Enrol />
                                        <div role="status">
                                            <StateLight is="going">{t('guide.waiting')}</StateLight>
                                        </div>
                                    </>
                                )}
                                {gateway && !isSeen && <p className="muted prose">{t('guide.silent')}</p>}
                            </section>
                            <section className="card stack" aria-labelledby="pacs">
                                <h2 id="pacs">3. {t('guide.steps.pacs')}</h2>
                                {!isSeen && <p className="muted">{t('guide.later')}</p>}
                                {isSeen && nodes.length === 0 && (
                                    <>
                                        <StateLight is="waiting">{t('guide.noNodes')}</StateLight>
                                        <p className="muted prose">{t('guide.noNodesHint')}</p>
                                    </>
                                )}
                                {isSeen && nodes.length > 0 && (
                                    <ul className="plain-list" aria-live="polite">
                                        {nodes.map((node) => (
                                            <li key={node.name}>
                                                <NodeState node={node} />
                                            </li>
                                        ))}
                                    </ul>
                                )}
                                {isSeen && nodes.length > 0 && !answers && (
                                    <p className="muted prose">{t('guide.pacsHint')}</p>
                                )}
                            </section>
                            <section className="card stack" aria-labelledby="test">
                                <h2 id="test">4. {t('guide.steps.test')}</h2>
                                <p className="prose">{t('guide.testLead')}</p>
                                {answers && gateway ? (
                                    <TestRun gateway={gateway.id} canStart onDone={() => setArrived(true)} />
                                ) : (
                                    <p className="muted">{t('guide.later')}</p>
                                )}
                            </section>
                            {hasArrived && (
                                <Notice
                                    kind="success"
                                    title={t('guide.doneTitle')}
                                    isNews
                                    actions={
                                        <>
                                            <LinkButton href="/members" kind="primary">
                                                {t('guide.invite')}
                                            </LinkButton>
                                            <LinkButton href="/organisation?tab=partners">
                                                {t('guide.partners')}
                                            </LinkButton>
                                        </>
                                    }
                                >
                                    {t('guide.done')}
                                </Notice>
                            )}
                        </div>
                    );
                }}
            </Loaded>
        </>
    );
}
