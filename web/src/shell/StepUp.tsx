// Asks for a fresh second factor when the hub wants one, and lets the request
// that met it go on. See api/guard.ts.

import { useRouter } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { setGuards } from '@/api/request';

const StepUpDialog = lazy(async () => ({ default: (await import('./StepUpDialog')).StepUpDialog }));

export function StepUp() {
    const router = useRouter();
    const [settle, setSettle] = useState<(isProven: boolean) => void>();
    useEffect(() => {
        setGuards({
            stepUp: () => new Promise((resolve) => setSettle(() => resolve)),
            sessionEnded: () => {
                const { pathname, searchStr } = router.state.location;
                void router.navigate({ to: '/ended', search: { why: 'closed', back: pathname + searchStr } });
            },
        });
    }, [router]);
    const end = (isProven: boolean) => {
        settle?.(isProven);
        setSettle(undefined);
    };
    if (!settle) return null;
    return (
        <Suspense>
            <StepUpDialog onEnd={end} />
        </Suspense>
    );
}
