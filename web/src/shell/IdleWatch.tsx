// Warns before the session ends by itself, and says so when it has ended. The
// hub decides; this only follows the time that it gave.

import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '@/i18n/format';
import { meQuery, useMe } from '@/session/queries';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';

/** WCAG 2.2.1 asks for 20 seconds at least; one may be at the printer. */
const WARNING_MS = 120_000;

export function IdleWatch() {
    const { t } = useTranslation('shell');
    const { time } = useFormat();
    const { idle_until: idleEnd } = useMe();
    const client = useQueryClient();
    const navigate = useNavigate();
    const [isAsking, setAsking] = useState(false);
    useEffect(() => {
        setAsking(false);
        if (!idleEnd) return;
        const left = Date.parse(idleEnd) - Date.now();
        const warn = setTimeout(() => setAsking(true), Math.max(0, left - WARNING_MS));
        const end = setTimeout(
            () => {
                void navigate({ to: '/ended', search: { why: 'idle', back: location.pathname + location.search } });
            },
            Math.max(0, left),
        );
        return () => {
            clearTimeout(warn);
            clearTimeout(end);
        };
    }, [idleEnd, navigate]);
    const stay = async () => {
        // Asking who one is goes on with the session.
        await client.fetchQuery({ ...meQuery, staleTime: 0 });
        setAsking(false);
    };
    return (
        <Dialog
            isOpen={isAsking}
            onClose={stay}
            title={t('idle.title')}
            isAlert
            actions={
                <Button kind="primary" onPress={stay} autoFocus>
                    {t('idle.stay')}
                </Button>
            }
        >
            <p>{t('idle.body', { time: idleEnd ? time(idleEnd) : '' })}</p>
        </Dialog>
    );
}
