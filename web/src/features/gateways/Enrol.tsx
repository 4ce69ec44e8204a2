// A code with which a new gateway makes itself known, and the command that does it.

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useFormat } from '@/i18n/format';
import { CopyField } from '@/ui/CopyField';
import { Loaded } from '@/ui/Loaded';
import { gateways } from './calls';

export function Enrol() {
    const { t } = useTranslation('gateways');
    const { time } = useFormat();
    // One code for as long as it is shown; leaving the page forgets it.
    const code = useQuery({
        queryKey: ['enrol-code'],
        queryFn: gateways.code,
        staleTime: Infinity,
        gcTime: 0,
        retry: false,
    });
    return (
        <Loaded query={code} lines={4}>
            {({ code, command, expires_at }) => (
                <div className="stack">
                    <CopyField label={t('enrol.command')} value={command} />
                    <CopyField label={t('enrol.code')} value={code} />
                    <p className="muted small">{t('enrol.until', { time: time(expires_at) })}</p>
                </div>
            )}
        </Loaded>
    );
}
