// The second factor: a passkey, a code from an app, or a recovery code. The same
// when logging in and when something sensitive asks again.

import { startAuthentication } from '@simplewebauthn/browser';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemError } from '@/api/problem';
import { Button } from '@/ui/Button';
import { CodeInput, TextField } from '@/ui/Field';
import { ProblemView } from '@/ui/ProblemView';
import { Tabs } from '@/ui/Tabs';
import { type FactorKind, type Proof, session } from './facade';

export interface FactorPanelProps {
    kinds: FactorKind[];
    confirm(proof: Proof): Promise<void>;
    onDone(): void;
}

export function FactorPanel({ kinds, confirm, onDone }: FactorPanelProps) {
    const { t } = useTranslation('login');
    const [kind, setKind] = useState<FactorKind>(kinds[0] ?? 'totp');
    const attempt = useMutation({
        mutationFn: async (proof: () => Promise<Proof>) => confirm(await proof()),
        onSuccess: onDone,
    });
    const send = (proof: () => Promise<Proof>) => attempt.mutate(proof);
    const panels = {
        passkey: <PasskeyPanel isPending={attempt.isPending} onUse={() => send(provePasskey)} />,
        totp: <TotpPanel isPending={attempt.isPending} onCode={(code) => send(async () => ({ kind: 'totp', code }))} />,
        recovery: (
            <RecoveryPanel
                isPending={attempt.isPending}
                onCode={(code) => send(async () => ({ kind: 'recovery', code }))}
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

/** The browser's own question. Whatever it refuses for, the advice is the same. */
async function provePasskey(): Promise<Proof> {
    const optionsJSON = await session.passkeyRequest();
    try {
        return { kind: 'passkey', response: await startAuthentication({ optionsJSON }) };
    } catch (cause) {
        throw new ProblemError({ word: 'passkey-failed', status: 0, mayRetry: false }, { cause });
    }
}
