// How a gateway and its nodes are, in words.

import { useTranslation } from 'react-i18next';
import type { Gateway, Node } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { StateLight } from '@/ui/State';

export function GatewayState({ gateway }: { gateway: Gateway }) {
    const { t } = useTranslation('gateways');
    const { since } = useFormat();
    if (!gateway.active) return <StateLight is="off">{t('state.revoked')}</StateLight>;
    if (gateway.live) return <StateLight is="good">{t('state.live')}</StateLight>;
    if (!gateway.last_seen) return <StateLight is="waiting">{t('state.never')}</StateLight>;
    return <StateLight is="act">{t('state.silent', { since: since(gateway.last_seen, new Date()) })}</StateLight>;
}

export function NodeState({ node }: { node: Node }) {
    const { t } = useTranslation('gateways');
    const word = useWord();
    const { since } = useFormat();
    if (node.ok) {
        return (
            <StateLight is="good">
                {t('node.ok', { name: node.name })}
                {node.checked_at && <span className="muted"> · {since(node.checked_at, new Date())}</span>}
            </StateLight>
        );
    }
    if (!node.checked_at && !node.failure) {
        return <StateLight is="waiting">{t('node.unknown', { name: node.name })}</StateLight>;
    }
    return (
        <StateLight is="act">
            {t('node.failed', { name: node.name, failure: word('nodeFailure', node.failure) || t('node.silent') })}
        </StateLight>
    );
}
