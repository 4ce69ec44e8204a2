// The second factor for a new person. A passkey is the better one and is proposed first.

import { startRegistration } from '@simplewebauthn/browser';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemError } from '@/api/problem';
import { session } from '@/session/facade';
import { Button } from '@/ui/Button';
import { RadioGroup } from '@/ui/Choice';
import { CopyField } from '@/ui/CopyField';
import { CodeInput } from '@/ui/Field';
import { ProblemView } from '@/ui/ProblemView';
import { Qr } from '@/ui/Qr';
import { Skeleton } from '@/ui/Skeleton';

export function ChooseFactor({ onDone }: { onDone(codes: string[]): void }) {
    const { t } = useTranslation('login');
    const [kind, setKind] = useState('passkey');
    return (
        <div className="stack">
            <h2>{t('invitation.factorTitle')}</h2>
            <p className="muted prose">{t('invitation.factorLead')}</p>
            <RadioGroup
                label={t('invitation.factorLabel')}
                value={kind}
                onChange={setKind}
                options={[
                    { id: 'passkey', name: t('invitation.passkey'), hint: t('invitation.passkeyHint') },
                    { id: 'totp', name: t('invitation.totp'), hint: t('invitation.totpHint') },
                ]}
            />
            {kind === 'passkey' ? <MakePasskey onDone={onDone} /> : <MakeTotp onDone={onDone} />}
        </div>
    );
}

function MakePasskey({ onDone }: { onDone(codes: string[]): void }) {
    const { t } = useTranslation('login');
    const make = useMutation({ mutationFn: register, onSuccess: onDone });
    return (
        <div className="stack">
            <p>{t('invitation.makePasskeyLead')}</p>
            {make.error && <ProblemView error={make.error} />}
            <div>
                <Button kind="primary" icon="key" isPending={make.isPending} onPress={() => make.mutate()}>
                    {t('invitation.makePasskey')}
                </Button>
            </div>
        </div>
    );
}

async function register(): Promise<string[]> {
    const optionsJSON = await session.passkeyStart();
    const response = await startRegistration({ optionsJSON }).catch((cause: unknown) => {
        throw new ProblemError({ word: 'passkey-failed', status: 0, mayRetry: false }, { cause });
    });
    return session.passkeyFinish(response);
}

function MakeTotp({ onDone }: { onDone(codes: string[]): void }) {
    const { t } = useTranslation('login');
    const secret = useQuery({ queryKey: ['totp'], queryFn: session.totpStart, staleTime: Infinity, gcTime: 0 });
    const [code, setCode] = useState('');
    const prove = useMutation({ mutationFn: session.totpFinish, onSuccess: onDone });
    if (secret.isPending) return <Skeleton lines={5} />;
    if (secret.error) return <ProblemView error={secret.error} onRetry={secret.refetch} />;
    return (
        <form
            className="form"
            onSubmit={(event) => {
                event.preventDefault();
                if (code.length === 6) prove.mutate(code);
            }}
        >
            <div>
                <h3>{t('invitation.scanTitle')}</h3>
                <p>{t('invitation.scanLead')}</p>
            </div>
            <Qr text={secret.data.uri} label={t('invitation.qr')} />
            <CopyField label={t('invitation.secret')} value={secret.data.secret} />
            <CodeInput label={t('factor.totpLabel')} value={code} onChange={setCode} onFull={prove.mutate} />
            {prove.error && <ProblemView error={prove.error} />}
            <div>
                <Button kind="primary" type="submit" isPending={prove.isPending} isDisabled={code.length < 6}>
                    {t('factor.confirm')}
                </Button>
            </div>
        </form>
    );
}
