// How a gateway and its nodes are, in words.

import { useTranslation } from 'react-i18next';
import type { Gateway, Node } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { StateLight } from '@/ui/State';

export function GatewayState({ gateway }: { gateway: Gateway }) {
    const { t } = useTranslation('gateways');
    const { since } = useFormat();
    if (!gateway.active) return <StateLight is="off">{t('state.revoked')}</StateLight>;
    if (gateway.live) return <StateLight is="good">{t('state.live')}</StateLight>;
    if (!gateway.last_seen) return <StateLight is="waiting">{t('state.never')}</StateLight>;
    return <StateLight is="act">{t('state.silent', { since: since(gateway.last_seen, new Date()) })}</StateLight>;
}

/** What the gateway said of it when it was heard from last. */
export function NodeState({ node }: { node: Node }) {
    const { t } = useTranslation('gateways');
    const { number } = useFormat();
    const { name, ok, direct_waiting: waiting, direct_failed: failed } = node;
    const is = ok ? 'good' : ok === false ? 'act' : 'waiting';
    return (
        <StateLight is={is}>
            {t(ok ? 'node.ok' : ok === false ? 'node.failed' : 'node.unknown', { name })}
            {waiting > 0 && (
                <span className="muted"> · {t('node.direct', { count: waiting, n: number(waiting) })}</span>
            )}
            {failed > 0 && (
                <span className="muted"> · {t('node.directFailed', { count: failed, n: number(failed) })}</span>
            )}
        </StateLight>
    );
}
