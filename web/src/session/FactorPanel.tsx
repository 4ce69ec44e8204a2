// The second factor: a passkey, a code from an app, or a recovery code. The same
// when logging in and when something sensitive asks again.

import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FactorKind } from '@/api/contract';
import { Button } from '@/ui/Button';
import { CodeInput, TextField } from '@/ui/Field';
import { ProblemView } from '@/ui/ProblemView';
import { Tabs } from '@/ui/Tabs';
import { type Occasion, session } from './session';

export interface FactorPanelProps {
    kinds: FactorKind[];
    at: Occasion;
    onDone(): void;
}

export function FactorPanel({ kinds, at, onDone }: FactorPanelProps) {
    const { t } = useTranslation('login');
    const [kind, setKind] = useState<FactorKind>(kinds[0] ?? 'totp');
    const attempt = useMutation({ mutationFn: (prove: () => Promise<unknown>) => prove(), onSuccess: onDone });
    const panels = {
        passkey: (
            <PasskeyPanel isPending={attempt.isPending} onUse={() => attempt.mutate(() => session.provePasskey(at))} />
        ),
        totp: (
            <TotpPanel
                isPending={attempt.isPending}
                onCode={(code) => attempt.mutate(() => session.proveTotp(at, code))}
            />
        ),
        recovery: (
            <RecoveryPanel
                isPending={attempt.isPending}
                onCode={(code) => attempt.mutate(() => session.proveRecovery(code))}
            />
        ),
    };
    return (
        <div className="stack">
            <Tabs
                label={t('factor.ways')}
                selected={kind}
                onSelect={(id) => {
                    attempt.reset();
                    setKind(id as FactorKind);
                }}
                tabs={kinds.map((id) => ({ id, name: t(`factor.${id}`), content: panels[id] }))}
            />
            {attempt.error && <ProblemView error={attempt.error} />}
        </div>
    );
}

interface PanelProps {
    isPending: boolean;
}

function PasskeyPanel({ isPending, onUse }: PanelProps & { onUse(): void }) {
    const { t } = useTranslation('login');
    return (
        <div className="stack">
            <p>{t('factor.passkeyHint')}</p>
            <Button kind="primary" icon="key" wide isPending={isPending} onPress={onUse}>
                {t('factor.passkeyUse')}
            </Button>
        </div>
    );
}

function TotpPanel({ isPending, onCode }: PanelProps & { onCode(code: string): void }) {
    const { t } = useTranslation('login');
    const [code, setCode] = useState('');
    return (
        <form
            className="form"
            onSubmit={(event) => {
                event.preventDefault();
                if (code.length === 6) onCode(code);
            }}
        >
            <CodeInput
                label={t('factor.totpLabel')}
                hint={t('factor.totpHint')}
                value={code}
                onChange={setCode}
                onFull={onCode}
            />
            <Button kind="primary" type="submit" wide isPending={isPending} isDisabled={code.length < 6}>
                {t('factor.confirm')}
            </Button>
        </form>
    );
}

function RecoveryPanel({ isPending, onCode }: PanelProps & { onCode(code: string): void }) {
    const { t } = useTranslation('login');
    const [code, setCode] = useState('');
    const [isMissing, setMissing] = useState(false);
    return (
        <form
            className="form"
            onSubmit={(event) => {
                event.preventDefault();
                setMissing(code.trim() === '');
                if (code.trim()) onCode(code.trim());
            }}
        >
            <TextField
                label={t('factor.recoveryLabel')}
                hint={t('factor.recoveryHint')}
                error={isMissing ? t('factor.recoveryMissing') : undefined}
                value={code}
                onChange={setCode}
                autoComplete="off"
            />
            <Button kind="primary" type="submit" wide isPending={isPending}>
                {t('factor.confirm')}
            </Button>
        </form>
    );
}
